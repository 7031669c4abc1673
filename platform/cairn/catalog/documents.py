"""What a page of each kind is made from: its files, their hash, and the body and secrets made of them.

A hash covers what a learner's result depends on, so that results are pinned to it. Rendering is left for
later (``Draft.make``), because a document that is stored already need not be made again.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

from cairn.catalog import content, datasets, render
from cairn.catalog.authored_tests import AuthoredTests
from cairn.catalog.datasets import LOADERS, Dataset, loader_texts
from cairn.catalog.questions import AnyQuestion, SeededQuestion, variants_of
from cairn.catalog.render import Rendered, stylesheet
from cairn.catalog.source import Source, digest

TAG = re.compile("<[^>]*>")
REFERENCE = "reference.json"
TRUSTED_SUFFIXES = (".py", ".csv", ".json", ".txt")  # what tests may import or read
Made = tuple[dict[str, Any], dict[str, Any]]  # body, private


@dataclass(frozen=True)
class Draft:
    """A document as the files have it. ``make`` renders it and notes mistakes in the source."""

    kind: str
    slug: str
    content_hash: str
    make: Callable[[], Made]

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes it the same as a stored one."""
        return self.kind, self.slug, self.content_hash


def lesson(source: Source, folder: Path, text: str) -> Draft:
    """A topic's ``lesson.md``."""
    file = folder / "lesson.md"

    def make() -> Made:
        page = source.render(text, file)
        outline = [{"anchor": anchor, "title": title} for anchor, title in page.outline]
        return {"html": page.html, "styles": page.styles, "outline": outline, "words": page.words}, {}

    return Draft("topic", folder.name, digest(text, *_figures(source, folder)), make)


def quiz(source: Source, folder: Path, model: content.Quiz) -> Draft:
    """A topic's ``quiz.yaml``. The body never says what is right; see ``_question``."""
    file, figures = folder / "quiz.yaml", _figures(source, folder)
    make = _questions(source, file, "questions", model.questions, {"pass_score": model.pass_score})
    return Draft("quiz", folder.name, digest(_json(model), *figures), make)


def bank(source: Source, file: Path, model: content.Assessment) -> Draft:
    """The questions that an assessment brings along, as a quiz under the assessment's name."""
    make = _questions(source, file, "bank", model.bank, {"pass_score": model.pass_score})
    return Draft("quiz", file.stem, digest(model.model_dump_json(include={"bank"})), make)


def _questions(
    source: Source, file: Path, key: str, questions: Sequence[AnyQuestion], more: dict[str, Any]
) -> Callable[[], Made]:
    def make() -> Made:
        parts: dict[tuple[str, bool], Rendered] = {}  # what variants share is rendered once

        def html(text: str, *location: int | str, inline: bool = True) -> str:
            if (text, inline) not in parts:
                parts[text, inline] = source.render_at(text, file, (key, *location), inline=inline)
            return parts[text, inline].html

        made = [_any_question(question, i, html) for i, question in enumerate(questions)]
        body = {**more, "questions": [public for public, _ in made], "styles": stylesheet(parts.values())}
        return body, {"questions": {public["id"]: secret for public, secret in made}}

    return make


def exercise(source: Source, folder: Path, model: content.Exercise, tests: AuthoredTests) -> Draft:
    """An exercise's folder."""
    names = ("prompt.md", "starter.py", "solution.py", "hints.md")
    texts = {name: source.text(folder / name, needed=name != "hints.md") for name in names}
    trusted = _trusted(source, folder, "tests.py")

    def make() -> Made:
        prompt = source.render(texts["prompt.md"], folder / "prompt.md")
        hints = _hints(source, folder / "hints.md", texts["hints.md"])
        body = {
            "title": model.title,
            "prompt": prompt.html,
            "styles": stylesheet([prompt, *(hint for _, hint in hints)]),
            "hints": [{"title": title, "html": hint.html} for title, hint in hints],
            "entry": model.entry,
            "starter": texts["starter.py"],
            "limits": model.limits.model_dump(),
            "minutes": model.minutes,
            "points": model.points,
            "examples": _examples(tests),
        }
        return body, {"tests": trusted, "solution": texts["solution.py"]}

    parts = (*texts.values(), *_flat(trusted), *_figures(source, folder))
    return Draft("exercise", folder.name, digest(_json(model, exclude={"covers", "changes"}), *parts), make)


def project(
    source: Source, folder: Path, model: content.Project, tests: AuthoredTests, used: Mapping[str, Dataset]
) -> Draft:
    """A project's folder. ``used`` are the data sets that it trains with."""
    brief, trusted = source.text(folder / "brief.md"), _trusted(source, folder, "evaluate.py")
    files = handed_in(model)
    starters = {file.name: source.text(folder / "starter" / file.name, not file.optional) for file in files}
    training = _training(source, used) if model.training else {}

    def make() -> Made:
        page = source.render(brief, folder / "brief.md")
        body: dict[str, Any] = {
            "title": model.title,
            "brief": page.html,
            "styles": page.styles,
            "outline": [{"anchor": anchor, "title": title} for anchor, title in page.outline],
            "files": [file.model_dump() | {"starter": starters[file.name]} for file in files],
            "entry": model.entry,
            "limits": model.limits.model_dump(),
            "hours": model.hours,
            "skills": list(model.skills),
            "data": model.data,
            "examples": _examples(tests),
        }
        if model.training:
            body["reference"] = _reference(source, folder)
        tests_of = {"tests.py" if name == "evaluate.py" else name: text for name, text in trusted.items()}
        return body, {"tests": tests_of} | training

    shape = _json(model, exclude={"covers", "resources", "changes"})
    said = [json.dumps(training, sort_keys=True), json.dumps(_reference(source, folder))] if training else []
    parts = (brief, *_flat(trusted), *starters.values(), *_figures(source, folder), *said)
    return Draft("project", folder.name, digest(shape, *parts), make)


def _training(source: Source, used: Mapping[str, Dataset]) -> dict[str, Any]:
    """What a job that trains is told of its data: each data set's use, and the loaders' texts."""
    texts = {slug: loader_texts(source.root / LOADERS, one.loader) for slug, one in used.items()}
    uses = [datasets.use(slug, one, texts[slug]).model_dump(mode="json") for slug, one in used.items()]
    return {"datasets": uses, "loaders": {name: text for one in texts.values() for name, text in one.items()}}


def _reference(source: Source, folder: Path) -> dict[str, Any]:
    """The curves of ``reference.json``, which ``manage.py curriculum reference`` writes; none before that."""
    text = source.text(folder / REFERENCE, needed=False)
    try:
        curves: dict[str, Any] = json.loads(text)["curves"] if text else {}
    except (ValueError, KeyError, TypeError):
        source.complain(
            folder / REFERENCE, 0, "This holds no curves.", "Make it with `curriculum reference`."
        )
        return {}
    return curves


def dataset(source: Source, file: Path, slug: str, model: Dataset) -> Draft:
    """A data set's page: its entry in the registry, and its card."""
    found = datasets.card(source.root, slug)

    def make() -> Made:
        about = source.render_at(model.about, file, (slug, "about"), inline=False)
        return {"about": about.html, "styles": about.styles} | found, {}

    return Draft("dataset", slug, digest(_json(model), json.dumps(found, sort_keys=True)), make)


def handed_in(model: content.Project) -> tuple[content.ProjectFile, ...]:
    """The files a project asks for; its entry file is one of them, named or not."""
    if any(file.name == model.entry for file in model.files):
        return model.files
    return (content.ProjectFile(name=model.entry), *model.files)


def _trusted(source: Source, folder: Path, main: str) -> dict[str, str]:
    """The author's tests and what lies beside them for them to import or read, by file name."""
    beside = sorted(file for file in folder.glob("*") if file.suffix in TRUSTED_SUFFIXES)
    not_tests = (main, "starter.py", "solution.py", REFERENCE)
    names = [main, *(file.name for file in beside if file.name not in not_tests)]
    return {name: source.text(folder / name) for name in names}


def _flat(texts: dict[str, str]) -> list[str]:
    return [part for item in texts.items() for part in item]


def _figures(source: Source, folder: Path) -> list[str]:
    return [source.text(file) for file in sorted((folder / "figures").glob("*.svg"))]


def _json(model: content.Content, exclude: set[str] | None = None) -> str:
    return model.model_dump_json(exclude=exclude)


def _examples(tests: AuthoredTests) -> list[dict[str, str]]:
    return [vars(example) | {"html": render.code(example.source)} for example in tests.examples]


def _hints(source: Source, file: Path, text: str) -> list[tuple[str, Rendered]]:
    hints = []
    for title, part, line in render.iter_hints(text):
        if title:
            hints.append((title, source.render(part, file, line)))
        elif part.strip():
            remedy = "Begin each hint with `## What it is about`."
            source.complain(file, line, "A hint has no heading.", remedy)
    return hints


def _any_question(question: AnyQuestion, i: int, html: Callable[..., str]) -> Made:
    """A question, or all variants of a seeded one; what they share stands outside, as for any other."""
    made = [_question(one, i, html) for one in variants_of(question)]
    if not isinstance(question, SeededQuestion):
        return made[0]
    first = made[0][0]
    public = {key: first[key] for key in ("id", "type", "section", "prompt")}
    return public | {"variants": [one for one, _ in made]}, {"variants": [one for _, one in made]}


def _question(question: content.Question, i: int, html: Callable[..., str]) -> Made:
    """One question as the page shows it, and what marks it.

    The items of an order question, and the right sides of a match, are shown sorted by hash; ``order`` of the
    private half says, for the author's k-th one, where in the shown list it is.
    """
    public: dict[str, Any] = {
        "id": question.id,
        "type": question.type,
        "prompt": html(question.prompt, i, "prompt", inline=False),
        "hint": html(question.hint, i, "hint") if question.hint else "",
        "section": question.section,
    }
    if question.hint_cost:
        public["hint_cost"] = question.hint_cost
    private = question.model_dump() | {"explain": html(question.explain, i, "explain", inline=False)}
    match question:
        case content.ChoiceQuestion():
            public["multiple"] = question.type == "multiple"
            chosen = question.choices
            public["choices"] = [html(c.text, i, "choices", j, "text") for j, c in enumerate(chosen)]
            private["choice_explains"] = [
                html(c.explain, i, "choices", j, "explain") if c.explain else "" for j, c in enumerate(chosen)
            ]
        case content.NumericQuestion():
            public["unit"] = "" if question.unit_required else question.unit
        case content.OrderQuestion():
            items = [html(item, i, "items", j) for j, item in enumerate(question.items)]
            public["items"], private["order"] = _sorted_by_hash(question.id, question.items, items)
        case content.MatchQuestion():
            public["lefts"] = [html(p.left, i, "pairs", j, "left") for j, p in enumerate(question.pairs)]
            rights = [html(text, i, "pairs") for text in question.rights]
            public["rights"], private["order"] = _sorted_by_hash(question.id, question.rights, rights)
            public["right_texts"], _ = _sorted_by_hash(question.id, question.rights, _plain(rights))
        case content.PredictQuestion():
            public["code"] = html(_fenced(question.code, question.language), i, "code", inline=False)
            public["lines"] = len(question.code.splitlines())
        case content.FillQuestion():
            public["code"] = _with_gaps(question)
    return public, private


def _sorted_by_hash(salt: str, texts: Sequence[str], htmls: Sequence[str]) -> tuple[list[str], list[int]]:
    """The rendered texts in an order that says nothing, and where in it each of the author's is."""
    shown = shuffled(salt, texts)
    return [htmls[right] for right in shown], [shown.index(right) for right in range(len(texts))]


def _plain(htmls: Sequence[str]) -> list[str]:
    """What rendered texts say, for the options of a select, which hold no markup; "" for formulas."""
    return ["" if "katex" in html else unescape(TAG.sub("", html)).strip() for html in htmls]


def _fenced(code: str, language: str) -> str:
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", code)), default=0))
    return f"{fence}{language}\n{code.rstrip()}\n{fence}"


def _with_gaps(question: content.FillQuestion) -> list[str]:
    """The code highlighted, cut at its gaps: one piece more than there are gaps."""
    code = question.code.rstrip()
    for place, name in enumerate(question.names):
        code = code.replace(f"{{{{{name}}}}}", f"gapz{place}zgap")
    return re.split(r"gapz\d+zgap", render.code(code, question.language))


def shuffled(salt: str, items: Sequence[str]) -> list[int]:
    """An order of the items that depends on nothing but their text: indices into ``items``."""
    return sorted(range(len(items)), key=lambda i: digest(salt, items[i]))
