"""The structure of one release: everything but the page bodies, as immutable objects."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, NamedTuple, TypeVar

from cairn.catalog import content
from cairn.catalog.content import Milestone
from cairn.catalog.datasets import Dataset
from cairn.ui.errors import NotFound

Entry = TypeVar("Entry")
AREAS = {"hugging-face": "Hugging Face", "multi-modal": "Multi-modal", "responsible-ai": "Responsible AI"}


@dataclass(frozen=True)
class PlacedCriterion:
    """A milestone's criterion, and the slug of the project that it belongs to (None: the milestone's own)."""

    criterion: content.Criterion
    project: str | None = None


@dataclass(frozen=True)
class PathEntry:
    """A path of the library."""

    slug: str
    content: content.Path

    def milestone(self, slug: str) -> Milestone:
        """The milestone of that slug. Raises NotFound."""
        return _find({milestone.slug: milestone for milestone in self.content.milestones}, slug)


@dataclass(frozen=True)
class TopicEntry:
    """A topic of the library. One that is not ``written`` has no lesson yet."""

    slug: str
    content: content.Topic
    area: str
    written: bool = False
    lesson_hash: str = ""
    quiz_hash: str = ""
    question_count: int = 0
    pass_score: float = 0.7  # of its quiz
    outline: tuple[tuple[str, str], ...] = ()  # (anchor, title) of the lesson's sections
    words: int = 0
    paths: tuple[str, ...] = ()  # slugs of the paths that it is on

    def __post_init__(self) -> None:
        # JSON knows no tuples, and an entry must be immutable however it was made.
        object.__setattr__(self, "outline", tuple((anchor, title) for anchor, title in self.outline))
        object.__setattr__(self, "paths", tuple(self.paths))

    @property
    def area_name(self) -> str:
        """The area's folder as a person writes it."""
        return AREAS.get(self.area, self.area.replace("-", " ").capitalize())


@dataclass(frozen=True)
class ExerciseEntry:
    """An exercise, and the slug of its topic."""

    slug: str
    content: content.Exercise
    topic: str
    content_hash: str
    example_count: int = 0
    test_count: int = 0


@dataclass(frozen=True)
class ProjectEntry:
    """A project of the library. One that is not ``written`` has no brief yet."""

    slug: str
    content: content.Project
    written: bool = False
    content_hash: str = ""


@dataclass(frozen=True)
class AssessmentEntry:
    """An assessment without its own bank, of which it knows the hash (empty: it has none) and the size.

    ``content_hash`` covers all that a result depends on: every question that may be drawn, and how many.
    """

    slug: str
    content: content.Assessment
    content_hash: str = ""
    bank_hash: str = ""
    bank_count: int = 0


@dataclass(frozen=True)
class SkillMapEntry:
    """A skill map, known by the hash of what it asks."""

    slug: str
    content: content.SkillMap
    content_hash: str


@dataclass(frozen=True)
class DatasetEntry:
    """A data set of the registry, and the hash of its page."""

    slug: str
    content: Dataset
    content_hash: str


class Recommender(NamedTuple):
    """Who recommends a resource: a path, or the lesson of a topic, or a project."""

    kind: str
    slug: str
    title: str


@dataclass(frozen=True, eq=False)  # known by identity, so that what is made from one can be cached by it
class Library:
    """All of one release, by slug. ``release_id`` is 0 for a library that was never published."""

    paths: Mapping[str, PathEntry]  # in the order of the catalogue
    topics: Mapping[str, TopicEntry]
    exercises: Mapping[str, ExerciseEntry]
    projects: Mapping[str, ProjectEntry]
    release_id: int = 0
    assessments: Mapping[str, AssessmentEntry] = field(default_factory=dict)
    maps: Mapping[str, SkillMapEntry] = field(default_factory=dict)
    datasets: Mapping[str, DatasetEntry] = field(default_factory=dict)

    def path(self, slug: str) -> PathEntry:
        """The path of that slug. Raises NotFound."""
        return _find(self.paths, slug)

    def topic(self, slug: str) -> TopicEntry:
        """The topic of that slug. Raises NotFound."""
        return _find(self.topics, slug)

    def exercise(self, slug: str) -> ExerciseEntry:
        """The exercise of that slug. Raises NotFound."""
        return _find(self.exercises, slug)

    def project(self, slug: str) -> ProjectEntry:
        """The project of that slug. Raises NotFound."""
        return _find(self.projects, slug)

    def assessment(self, slug: str) -> AssessmentEntry:
        """The assessment of that slug. Raises NotFound."""
        return _find(self.assessments, slug)

    def unwritten(self, assessment: AssessmentEntry) -> tuple[TopicEntry, ...]:
        """The assessment's topics that have no quiz yet: until they do, it cannot be taken."""
        topics = (self.topics[slug] for slug in assessment.content.topics)
        return tuple(topic for topic in topics if not (topic.written and topic.quiz_hash))

    def skill_map(self, slug: str) -> SkillMapEntry:
        """The skill map of that slug. Raises NotFound."""
        return _find(self.maps, slug)

    def dataset(self, slug: str) -> DatasetEntry:
        """The data set of that slug. Raises NotFound."""
        return _find(self.datasets, slug)

    def activity(self, slug: str) -> content.ActivityCriterion:
        """What the activity of that name asks for. Raises NotFound."""
        return _find(self.activities, slug)

    @cached_property
    def activities(self) -> Mapping[str, content.ActivityCriterion]:
        """Every activity that a criterion asks for, by name."""
        of_paths = (
            one for path in self.paths.values() for place in path.content.milestones for one in place.criteria
        )
        of_projects = (one for project in self.projects.values() for one in project.content.criteria)
        found = (one for one in (*of_paths, *of_projects) if isinstance(one, content.ActivityCriterion))
        return {one.activity: one for one in found}

    def resources(self, path: PathEntry) -> Iterator[tuple[content.Resource, Recommender]]:
        """What a path, its topics and its projects recommend, in walking order, once for each that does."""
        for milestone in path.content.milestones:
            for slug in milestone.topics:
                yield from _recommended("lesson", slug, self.topics[slug].content)
            for slug in milestone.projects:
                yield from _recommended("project", slug, self.projects[slug].content)
        yield from _recommended("path", path.slug, path.content)

    def criteria(self, milestone: content.Milestone) -> tuple[PlacedCriterion, ...]:
        """The milestone's criteria as stones: those of its projects, then its own."""
        placed = [
            PlacedCriterion(criterion, slug)
            for slug in milestone.projects
            for criterion in self.projects[slug].content.criteria
        ]
        return (*placed, *(PlacedCriterion(criterion) for criterion in milestone.criteria))

    def is_open(self, milestone: content.Milestone) -> bool:
        """Whether all that the milestone asks for is written, so that a learner can complete it."""
        written = [self.topics[slug].written for slug in milestone.topics]
        written += [self.projects[slug].written for slug in milestone.projects]
        return bool(written) and all(written)

    @cached_property
    def structure(self) -> dict[str, Any]:
        """As JSON: what a Release stores, and what ``from_structure`` reads."""
        return {
            kind: {slug: _dump(entry) for slug, entry in entries.items()} for kind, entries in self._kinds()
        }

    @classmethod
    def from_structure(cls, structure: dict[str, Any], release_id: int) -> "Library":
        """The library that a Release stores. Its content was validated before it was published."""
        paths = _restore(structure["paths"], PathEntry, content.Path).values()
        return cls(
            # The database may keep the keys of JSON in an order of its own.
            paths=in_order(paths),
            topics=_restore(structure["topics"], TopicEntry, content.Topic),
            exercises=_restore(structure["exercises"], ExerciseEntry, content.Exercise),
            projects=_restore(structure["projects"], ProjectEntry, content.Project),
            assessments=_restore(structure.get("assessments", {}), AssessmentEntry, content.Assessment),
            release_id=release_id,
            maps=_restore(structure.get("maps", {}), SkillMapEntry, content.SkillMap),
            datasets=_restore(structure.get("datasets", {}), DatasetEntry, Dataset),
        )

    def _kinds(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        for kind in ("paths", "topics", "exercises", "projects", "assessments", "maps", "datasets"):
            yield kind, getattr(self, kind)


def in_order(paths: Iterable[PathEntry]) -> dict[str, PathEntry]:
    """The paths by slug, as the catalogue lists them."""
    return {path.slug: path for path in sorted(paths, key=lambda path: (path.content.order, path.slug))}


def _recommended(
    kind: str, slug: str, by: content.Topic | content.Project | content.Path
) -> Iterator[tuple[content.Resource, Recommender]]:
    return ((one, Recommender(kind, slug, by.title)) for one in by.resources)


def _find(entries: Mapping[str, Entry], slug: str) -> Entry:
    if slug not in entries:
        raise NotFound
    return entries[slug]


def _dump(entry: Any) -> dict[str, Any]:
    fields = {name: value for name, value in vars(entry).items() if name not in ("slug", "content")}
    return {**fields, "content": entry.content.model_dump(mode="json", exclude_defaults=True)}


def _restore(stored: dict[str, Any], kind: Any, model: type[content.Content]) -> dict[str, Any]:
    return {slug: _entry(kind, model, slug, json.dumps(fields)) for slug, fields in stored.items()}


@lru_cache(maxsize=8192)
def _entry(kind: Any, model: type[content.Content], slug: str, stored: str) -> Any:
    """One entry. Releases share those that did not change, so that a process can hold many of them."""
    fields = json.loads(stored)
    return kind(slug=slug, **{**fields, "content": model.model_validate(fields["content"])})
