"""Reads ``curriculum/`` into a Library and the documents to publish, every error with file and line."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cairn.catalog import content, datasets, documents, references
from cairn.catalog.authored_tests import AuthoredTests
from cairn.catalog.datasets import LOADERS, REGISTRY, Dataset
from cairn.catalog.documents import Draft
from cairn.catalog.errors import ContentError
from cairn.catalog.library import (
    AssessmentEntry,
    DatasetEntry,
    ExerciseEntry,
    Library,
    PathEntry,
    ProjectEntry,
    SkillMapEntry,
    TopicEntry,
    in_order,
)
from cairn.catalog.render import headings
from cairn.catalog.source import Source, digest
from grader.contract import Verdict

PAGES = (
    "paths",
    "topics",
    "exercises",
    "projects",
    "assessments",
    "datasets",
)  # kinds of the library, and how addresses begin
NO_TESTS = AuthoredTests((), (), 0, frozenset())


@dataclass
class Loaded:
    """What was read. With ``errors``, the rest is what could be made of it."""

    library: Library
    drafts: list[Draft]
    source: Source

    @property
    def errors(self) -> list[ContentError]:
        """Everything that is wrong, in order. Grows when drafts are made."""
        return sorted({*self.source.errors, *self._dead_links()})

    def _dead_links(self) -> Iterator[ContentError]:
        """Links in rendered texts to pages of this site that do not exist."""
        for file, line, address in self.source.links:
            kind, _, rest = address.strip("/").partition("/")
            slug = re.split("[/#?]", rest)[0]
            if kind in PAGES and slug not in getattr(self.library, kind):
                message = f"The link to `{address}` leads nowhere."
                yield ContentError(self.source.name(file), line, message, "Correct its last part.")


@dataclass
class Parts:
    """What the loader gathers, and where each part came from."""

    source: Source
    paths: dict[str, PathEntry] = field(default_factory=dict)
    topics: dict[str, TopicEntry] = field(default_factory=dict)
    exercises: dict[str, ExerciseEntry] = field(default_factory=dict)
    projects: dict[str, ProjectEntry] = field(default_factory=dict)
    maps: dict[str, SkillMapEntry] = field(default_factory=dict)
    assessments: dict[str, AssessmentEntry] = field(default_factory=dict)
    datasets: dict[str, DatasetEntry] = field(default_factory=dict)
    drafts: list[Draft] = field(default_factory=list)
    files: dict[tuple[str, str], Path] = field(default_factory=dict)  # (kind, slug) to its YAML file
    quizzes: dict[str, content.Quiz] = field(default_factory=dict)
    anchors: dict[str, frozenset[str]] = field(default_factory=dict)  # of lessons, by topic
    evaluations: dict[str, AuthoredTests] = field(default_factory=dict)  # of projects that are written
    activities: dict[str, tuple[str, str, int]] = field(default_factory=dict)  # what each asks for
    broken: set[str] = field(default_factory=set)  # slugs of files that are there and cannot be read


def load(root: Path) -> Loaded:
    """Read the curriculum under ``root``. Nothing is rendered yet: see ``Draft.make``."""
    parts = Parts(Source(root))
    for file in _yaml_files(parts, "topics/*/*", "topic.yaml"):
        _topic(parts, file)
    _datasets(parts)
    for file in _yaml_files(parts, "projects/*", "project.yaml"):
        _project(parts, file)
    for file in sorted(root.glob("skill-maps/*.yaml")):
        _skill_map(parts, file)
    for file in sorted(root.glob("paths/*.yaml")):
        _path(parts, file)
    for file in sorted(root.glob("assessments/*.yaml")):
        _assessment(parts, file)
    if not parts.paths and not parts.topics:
        parts.source.complain(root, 0, "There is no curriculum here.", "Set CAIRN_CURRICULUM to its folder.")
    references.check(parts)
    return Loaded(_library(parts), parts.drafts, parts.source)


def _library(parts: Parts) -> Library:
    return Library(
        in_order(parts.paths.values()),
        parts.topics,
        parts.exercises,
        parts.projects,
        assessments=parts.assessments,
        maps=parts.maps,
        datasets=parts.datasets,
    )


def _yaml_files(parts: Parts, folders: str, name: str) -> Iterator[Path]:
    for folder in sorted(parts.source.root.glob(folders)):
        if folder.is_dir() and not folder.name.startswith((".", "_")):
            yield folder / name


def _remember(parts: Parts, kind: str, slug: str, file: Path, entries: dict[str, Any], entry: Any) -> None:
    """Add an entry; a slug that is taken, or is none, is an error."""
    if slug in entries:
        other = parts.source.name(parts.files[kind, slug].parent)
        message = f"The name `{slug}` is taken by {other}."
        parts.source.complain(file, 0, message, "Rename one of the folders.")
        return
    if not content.is_slug(slug):
        remedy = "Use lower-case letters, digits and single hyphens."
        parts.source.complain(file, 0, f"`{slug}` cannot be an address.", remedy)
    entries[slug] = entry
    parts.files[kind, slug] = file


def _topic(parts: Parts, file: Path) -> None:
    source, folder, slug = parts.source, file.parent, file.parent.name
    topic = source.yaml(file, content.Topic)
    for exercise in _yaml_files(parts, f"{source.name(folder)}/exercises/*", "exercise.yaml"):
        _exercise(parts, exercise, slug)
    extras = _lesson(parts, folder) | _quiz(parts, folder)
    if topic is None:
        parts.broken.add(slug)
        return
    _remember(parts, "topic", slug, file, parts.topics, TopicEntry(slug, topic, folder.parent.name, **extras))


def _lesson(parts: Parts, folder: Path) -> dict[str, Any]:
    text = parts.source.text(folder / "lesson.md", needed=False)
    if not text.strip():
        return {}
    found = headings(text)
    draft = documents.lesson(parts.source, folder, text)
    parts.drafts.append(draft)
    parts.anchors[folder.name] = found.anchors
    hashed = {"written": True, "lesson_hash": draft.content_hash}
    return hashed | {"outline": found.outline, "words": found.words}


def _quiz(parts: Parts, folder: Path) -> dict[str, Any]:
    file = folder / "quiz.yaml"
    quiz = parts.source.yaml(file, content.Quiz) if file.exists() else None
    if quiz is None:
        return {}
    draft = documents.quiz(parts.source, folder, quiz)
    parts.drafts.append(draft)
    parts.quizzes[folder.name] = quiz
    parts.files["quiz", folder.name] = file
    return {
        "quiz_hash": draft.content_hash,
        "question_count": len(quiz.questions),
        "pass_score": quiz.pass_score,
    }


def _exercise(parts: Parts, file: Path, topic: str) -> None:
    source, folder, slug = parts.source, file.parent, file.parent.name
    exercise = source.yaml(file, content.Exercise)
    if exercise is None:
        parts.broken.add(slug)
        return
    tests = source.tests(folder / "tests.py", source.text(folder / "tests.py", needed=False)) or NO_TESTS
    _wrong_ones(source, folder)
    if tests.names and not tests.examples:
        remedy = "Put `@example` on the test that a learner may see."
        source.complain(folder / "tests.py", 1, "No test is an example.", remedy)
    draft = documents.exercise(source, folder, exercise, tests)
    parts.drafts.append(draft)
    entry = ExerciseEntry(slug, exercise, topic, draft.content_hash, len(tests.examples), tests.rows)
    _remember(parts, "exercise", slug, file, parts.exercises, entry)


def _wrong_ones(source: Source, folder: Path) -> None:
    verdicts = {verdict.value for verdict in Verdict} - {Verdict.PASSED, Verdict.INTERNAL}
    for wrong in sorted(folder.glob("wrong/*.py")):
        if wrong.stem.split("_")[0] not in verdicts:
            remedy = f"Begin it with one of {', '.join(sorted(verdicts))}, then `_` and what is wrong."
            source.complain(wrong, 0, "The name does not say which verdict this must get.", remedy)


def _project(parts: Parts, file: Path) -> None:
    source, folder, slug = parts.source, file.parent, file.parent.name
    project = source.yaml(file, content.Project)
    if project is None:
        parts.broken.add(slug)
        return
    extras: dict[str, Any] = {}
    if (folder / "brief.md").exists():
        evaluate = folder / "evaluate.py"
        tests = source.tests(evaluate, source.text(evaluate, needed=False)) or NO_TESTS
        draft = documents.project(source, folder, project, tests, _used(parts, file, project))
        source.text(folder / "solution" / project.entry)
        parts.drafts.append(draft)
        parts.evaluations[slug] = tests
        extras = {"written": True, "content_hash": draft.content_hash}
    _remember(parts, "project", slug, file, parts.projects, ProjectEntry(slug, project, **extras))


def _datasets(parts: Parts) -> None:
    """The registry of data sets. A curriculum where nothing trains has none."""
    file = parts.source.root / REGISTRY
    for slug, dataset in datasets.registry(parts.source).items():
        loader = parts.source.root / LOADERS / dataset.loader
        if not loader.is_file():
            parts.source.complain_at(file, (slug, "loader"), f"There is no {parts.source.name(loader)}.")
            continue
        draft = documents.dataset(parts.source, file, slug, dataset)
        parts.drafts.append(draft)
        _remember(
            parts, "dataset", slug, file, parts.datasets, DatasetEntry(slug, dataset, draft.content_hash)
        )


def _used(parts: Parts, file: Path, project: content.Project) -> dict[str, Dataset]:
    """The data sets that a project trains with."""
    named = project.training.datasets if project.training else ()
    for slug in (slug for slug in named if slug not in parts.datasets):
        remedy = f"Name one of {', '.join(parts.datasets) or REGISTRY + ', which is missing'}."
        parts.source.complain_at(file, ("training", "datasets"), f"There is no data set `{slug}`.", remedy)
    return {slug: parts.datasets[slug].content for slug in named if slug in parts.datasets}


def _skill_map(parts: Parts, file: Path) -> None:
    skill_map = parts.source.yaml(file, content.SkillMap)
    if skill_map is None:
        parts.broken.add(file.stem)
        return
    entry = SkillMapEntry(file.stem, skill_map, digest(skill_map.model_dump_json(exclude={"covers"})))
    _remember(parts, "map", file.stem, file, parts.maps, entry)


def _path(parts: Parts, file: Path) -> None:
    path = parts.source.yaml(file, content.Path)
    if path is not None:
        _remember(parts, "path", file.stem, file, parts.paths, PathEntry(file.stem, path))


def _assessment(parts: Parts, file: Path) -> None:
    model, slug = parts.source.yaml(file, content.Assessment), file.stem
    if model is None:
        parts.broken.add(slug)
        return
    shape, bank_hash = model.model_copy(update={"bank": ()}), ""
    if model.bank:
        draft = documents.bank(parts.source, file, model)
        parts.drafts.append(draft)
        bank_hash = draft.content_hash
    known = {name: parts.topics[name].quiz_hash for name in model.topics if name in parts.topics}
    sources = (part for source in sorted(known.items()) for part in source)
    whole = digest(str(model.draw), bank_hash, *sources)
    entry = AssessmentEntry(slug, shape, whole, bank_hash, len(model.bank))
    _remember(parts, "assessment", slug, file, parts.assessments, entry)
