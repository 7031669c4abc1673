"""What a page of each kind is made from: its files, their hash, and the body and secrets made of them.

A hash covers what a learner's result depends on, so that results are pinned to it. Rendering is left for
later (``Draft.make``), because a document that is stored already need not be made again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cairn.catalog import content, render
from cairn.catalog.authored_tests import AuthoredTests
from cairn.catalog.render import Rendered, stylesheet
from cairn.catalog.source import Source, digest

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
    file = folder / "quiz.yaml"

    def make() -> Made:
        parts: list[Rendered] = []

        def html(text: str, *location: int | str, inline: bool = True) -> str:
            parts.append(source.render_at(text, file, ("questions", *location), inline=inline))
            return parts[-1].html

        made = [_question(question, i, html) for i, question in enumerate(model.questions)]
        body = {"pass_score": model.pass_score, "questions": [public for public, _ in made]}
        private = {"questions": {public["id"]: secret for public, secret in made}}
        return body | {"styles": stylesheet(parts)}, private

    return Draft("quiz", folder.name, digest(_json(model), *_figures(source, folder)), make)


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
    return Draft("exercise", folder.name, digest(_json(model, exclude={"covers"}), *parts), make)


def project(source: Source, folder: Path, model: content.Project, tests: AuthoredTests) -> Draft:
    """A project's folder."""
    brief, trusted = source.text(folder / "brief.md"), _trusted(source, folder, "evaluate.py")
    files = handed_in(model)
    starters = {file.name: source.text(folder / "starter" / file.name, not file.optional) for file in files}

    def make() -> Made:
        page = source.render(brief, folder / "brief.md")
        body = {
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
        return body, {
            "tests": {"tests.py" if name == "evaluate.py" else name: t for name, t in trusted.items()}
        }

    shape = _json(model, exclude={"covers", "resources"})
    parts = (brief, *_flat(trusted), *starters.values(), *_figures(source, folder))
    return Draft("project", folder.name, digest(shape, *parts), make)


def handed_in(model: content.Project) -> tuple[content.ProjectFile, ...]:
    """The files a project asks for; its entry file is one of them, named or not."""
    if any(file.name == model.entry for file in model.files):
        return model.files
    return (content.ProjectFile(name=model.entry), *model.files)


def _trusted(source: Source, folder: Path, main: str) -> dict[str, str]:
    """The author's tests and what lies beside them for them to import or read, by file name."""
    beside = sorted(file for file in folder.glob("*") if file.suffix in TRUSTED_SUFFIXES)
    names = [main, *(file.name for file in beside if file.name not in (main, "starter.py", "solution.py"))]
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


def _question(question: content.Question, i: int, html: Callable[..., str]) -> Made:
    """One question as the page shows it, and what marks it.

    The items of an order question are shown sorted by hash; ``order`` of the private half lists, from first
    to last, where in the shown list the right item is.
    """
    public: dict[str, Any] = {
        "id": question.id,
        "type": question.type,
        "prompt": html(question.prompt, i, "prompt", inline=False),
        "hint": html(question.hint, i, "hint") if question.hint else "",
        "section": question.section,
    }
    private = question.model_dump() | {"explain": html(question.explain, i, "explain", inline=False)}
    if isinstance(question, content.ChoiceQuestion):
        public["multiple"] = question.type == "multiple"
        public["choices"] = [html(c.text, i, "choices", j, "text") for j, c in enumerate(question.choices)]
        private["choice_explains"] = [
            html(c.explain, i, "choices", j, "explain") if c.explain else ""
            for j, c in enumerate(question.choices)
        ]
    elif isinstance(question, content.NumericQuestion):
        public["unit"] = question.unit
    elif isinstance(question, content.OrderQuestion):
        shown = shuffled(question.id, question.items)
        items = [html(item, i, "items", j) for j, item in enumerate(question.items)]
        public["items"] = [items[right] for right in shown]
        private["order"] = [shown.index(right) for right in range(len(items))]
    return public, private


def shuffled(salt: str, items: Sequence[str]) -> list[int]:
    """An order of the items that depends on nothing but their text: indices into ``items``."""
    return sorted(range(len(items)), key=lambda i: digest(salt, items[i]))
