"""When a learner first completed each thing, from stored results alone. Pure.

The results are replayed in the order in which they came, each against the library that was published then.
What is complete at some moment stays completed: that a milestone asks for more today takes nothing away.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple

from cairn.catalog.content import (
    ActivityCriterion,
    Criterion,
    ExerciseCriterion,
    MapCriterion,
    Milestone,
    QuizCriterion,
)
from cairn.catalog.library import Library, PlacedCriterion
from cairn.learning.progress import (
    Drawn,
    Read,
    Record,
    State,
    map_activity,
    milestone_state,
    project_activity,
    topic_activities,
)
from cairn.review.queries import Decision
from cairn.submissions.results import (
    Outcome,
    ProjectOutcome,
    QuizOutcome,
    QuizRow,
    Results,
    Row,
    exercises_of,
    projects_of,
    quizzes_of,
)


class Item(NamedTuple):
    """What can be completed. ``path`` is empty for what counts on every path."""

    kind: str
    slug: str
    path: str = ""


@dataclass(frozen=True)
class Done:
    """When it was first complete, and the hash of what was asked then."""

    at: datetime
    content_hash: str


@dataclass(frozen=True)
class Event:
    """A stored result at the moment from which it counts, and what it is a result of."""

    at: datetime
    kind: str  # exercise, project, quiz, lesson, decision, map, activity
    slug: str
    content_hash: str = ""
    result: Row | QuizRow | Mapping[str, Decision] | float | None = None

    @property
    def order(self) -> tuple[datetime, str, str]:
        """Results of one moment are taken in an order of their own, the same each time."""
        return self.at, self.kind, self.slug


LibraryAt = Callable[[datetime], Library]


def completed(events: Iterable[Event], library_at: LibraryAt) -> dict[Item, Done]:
    """Everything that was complete after some event, with the first such moment."""
    found: dict[Item, Done] = {}
    replay = _Replay()
    for event in sorted(events, key=lambda one: one.order):
        replay.take(event)
        for item, content_hash in _complete(event, library_at(event.at), replay.record, found):
            found.setdefault(item, Done(event.at, content_hash))
    return found


# --- the record as it was


@dataclass
class _Replay:
    """What was stored up to an event, as progress reads it."""

    rows: dict[tuple[str, str], list[Row]] = field(default_factory=dict)
    attempts: dict[str, list[QuizRow]] = field(default_factory=dict)
    exercises: dict[str, Outcome] = field(default_factory=dict)
    projects: dict[str, ProjectOutcome] = field(default_factory=dict)
    quizzes: dict[str, QuizOutcome] = field(default_factory=dict)
    decisions: dict[tuple[str, str], Decision] = field(default_factory=dict)
    read: dict[str, Read] = field(default_factory=dict)
    maps: dict[str, Drawn] = field(default_factory=dict)
    activities: dict[str, datetime] = field(default_factory=dict)

    def __post_init__(self) -> None:
        results = Results(exercises=self.exercises, projects=self.projects, quizzes=self.quizzes)
        self.record = Record(results, self.decisions, self.read, self.maps, self.activities)

    def take(self, event: Event) -> None:
        """Add one result."""
        match event.result:
            case Row() as row:
                self._hand_in(row)
            case QuizRow() as row:
                self.attempts.setdefault(row.topic, []).append(row)
                self.quizzes |= quizzes_of(self.attempts[row.topic], {})
            case Mapping() as lines:
                self.decisions |= {(event.slug, line): decision for line, decision in lines.items()}
            case float() as score:
                so_far = self.maps.get(event.slug)
                if so_far is None or score > so_far.best_score:
                    self.maps[event.slug] = Drawn(score, event.at)
            case _ if event.kind == "lesson":
                self.read[event.slug] = Read(finished=True)
            case _:
                self.activities[event.slug] = event.at

    def _hand_in(self, row: Row) -> None:
        mine = self.rows.setdefault((row.work, row.slug), [])
        mine.append(row)
        mine.sort(key=lambda one: one.created_at)
        if row.work == "exercise":
            self.exercises |= exercises_of(mine, {})
        else:
            self.projects |= projects_of(mine, {})


# --- what an event may have completed


@lru_cache(maxsize=64)
def _leads_to(library: Library) -> dict[tuple[str, str], tuple[tuple[str, Milestone], ...]]:
    """The milestones, with their paths, that a result of (kind, slug) may complete."""
    found: dict[tuple[str, str], dict[tuple[str, str], tuple[str, Milestone]]] = {}
    for path in library.paths.values():
        for milestone in path.content.milestones:
            for placed in library.criteria(milestone):
                for source in _sources(placed):
                    found.setdefault(source, {})[path.slug, milestone.slug] = path.slug, milestone
    return {source: tuple(places.values()) for source, places in found.items()}


def _sources(placed: PlacedCriterion) -> Iterator[tuple[str, str]]:
    """What a criterion is computed from."""
    if placed.project:
        yield "project", placed.project
    match placed.criterion:
        case ExerciseCriterion(exercises=exercises):
            yield from (("exercise", slug) for slug in exercises)
        case QuizCriterion(quizzes=quizzes):
            yield from (("quiz", slug) for slug in quizzes)
        case MapCriterion(map=slug):
            yield "map", slug
        case ActivityCriterion(activity=slug):
            yield "activity", slug


def _complete(
    event: Event, library: Library, record: Record, found: Mapping[Item, Done]
) -> Iterator[tuple[Item, str]]:
    """What is complete of all that the event may have completed, with the hash of what it asks."""
    yield from _work(event, library, record)
    source = "project" if event.kind == "decision" else event.kind
    for path, milestone in _leads_to(library).get((source, event.slug), ()):
        criteria = library.criteria(milestone)
        state = milestone_state(criteria, record)
        for placed, stone in zip(criteria, state.stones, strict=True):
            if stone.state == State.MET:
                yield _stone(placed, path, milestone), asked_hash(placed.criterion)
        if state.complete:
            whole = asked_hash(*(placed.criterion for placed in criteria))
            yield Item("milestone", milestone.slug, path), whole
        if all(Item("milestone", one.slug, path) in found for one in _asked(library, path)):
            yield Item("path", path, path), _path_hash(library, path)


def _work(event: Event, library: Library, record: Record) -> Iterator[tuple[Item, str]]:
    """The lesson, quiz, exercise, project, map or activity itself."""
    if event.kind in ("lesson", "quiz"):
        yield from _reading_and_quiz(event, library, record)
    elif _is_done(event, library, record):
        yield Item(event.kind, event.slug), event.content_hash


def _is_done(event: Event, library: Library, record: Record) -> bool:
    match event.kind:
        case "exercise":
            return record.results.exercises[event.slug].passed_at is not None
        case "project" if event.slug in library.projects:
            return project_activity(event.slug, library, record).done
        case "map" if event.slug in library.maps:
            return map_activity(event.slug, library, record).done
        case _:
            return event.kind == "activity"


def _reading_and_quiz(event: Event, library: Library, record: Record) -> Iterator[tuple[Item, str]]:
    """A topic's lesson and quiz; who passes the quiz need not read. Or an assessment."""
    if event.slug in library.assessments:
        enough = library.assessment(event.slug).content.pass_score
        if record.results.quizzes[event.slug].best_score >= enough - 1e-9:
            yield Item("quiz", event.slug), event.content_hash
    elif event.slug in library.topics:
        topic = library.topics[event.slug]
        done = {one.kind for one in topic_activities(topic, library, record) if one.done}
        if "lesson" in done:
            yield Item("lesson", event.slug), topic.lesson_hash
        if "quiz" in done and event.kind == "quiz":
            yield Item("quiz", event.slug), event.content_hash


def _stone(placed: PlacedCriterion, path: str, milestone: Milestone) -> Item:
    """A project's stone is one stone on every path; a milestone's own belongs to its path."""
    if placed.project:
        return Item("stone", f"{placed.project}/{placed.criterion.id}")
    return Item("stone", f"{milestone.slug}/{placed.criterion.id}", path)


def _asked(library: Library, path: str) -> list[Milestone]:
    stages = (stage for stage in library.path(path).content.stages if not stage.optional)
    return [one for stage in stages for one in stage.milestones if not one.optional]


def _path_hash(library: Library, path: str) -> str:
    return asked_hash(*(p.criterion for one in _asked(library, path) for p in library.criteria(one)))


def asked_hash(*criteria: Criterion) -> str:
    """The hash of what some criteria ask."""
    return sha256("\n".join(one.model_dump_json() for one in criteria).encode()).hexdigest()
