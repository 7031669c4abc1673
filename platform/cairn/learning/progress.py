"""Progress: which stones are laid, which cairns stand, what comes next.

Pure functions of the curriculum and a learner's Record, which is all that is stored about their work.
Nothing here is saved anywhere, so it can be computed again at any time and is never out of date.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Literal

from cairn.catalog.content import (
    ActivityCriterion,
    Criterion,
    DocumentCriterion,
    ExerciseCriterion,
    MapCriterion,
    MetricCriterion,
    Milestone,
    Path,
    QuizCriterion,
    ReviewCriterion,
    RubricCriterion,
    Stage,
)
from cairn.catalog.library import AssessmentEntry, Library, PathEntry, PlacedCriterion, TopicEntry
from cairn.learning.wording import metric, plural, share
from cairn.review.queries import Decision
from cairn.submissions.results import ProjectOutcome, Results

ActivityKind = Literal["lesson", "quiz", "exercise", "project", "assessment", "map", "activity", "review"]


class State(StrEnum):
    """How a stone is drawn: laid, with a mentor, begun, or not yet."""

    MET = "met"
    REVIEW = "review"
    STARTED = "started"
    OPEN = "open"


@dataclass(frozen=True)
class Read:
    """How far a lesson was read: the heading's anchor, and whether its end was reached."""

    section: str = ""
    finished: bool = False


@dataclass(frozen=True)
class Drawn:
    """A skill map: the best share of its lines so far, and when that was first reached."""

    best_score: float
    at: datetime


@dataclass(frozen=True)
class Record:
    """All that is stored about one learner's work. An empty one is a newcomer's."""

    results: Results = field(default_factory=Results)
    decisions: Mapping[tuple[str, str], Decision] = field(default_factory=dict)  # (project, criterion id)
    read: Mapping[str, Read] = field(default_factory=dict)  # by topic
    maps: Mapping[str, Drawn] = field(default_factory=dict)
    activities: Mapping[str, datetime] = field(default_factory=dict)  # those done, reviews too, and when
    exams: Mapping[str, datetime] = field(default_factory=dict)  # those handed in, and when


@dataclass(frozen=True)
class StoneState:
    """One criterion and how far the learner is. ``detail`` is the number that matters, in words.

    ``since`` dates a detail that needs it: "with a mentor" since then.
    """

    criterion: Criterion
    project: str | None
    state: State
    detail: str
    met_at: datetime | None = None
    since: datetime | None = None


@dataclass(frozen=True)
class MilestoneState:
    """All stones of a milestone in the author's order. Without criteria it can't be complete.

    Optional ones are neither counted nor waited for.
    """

    stones: tuple[StoneState, ...]

    @cached_property
    def asked(self) -> tuple[StoneState, ...]:
        """The stones that the cairn needs."""
        return tuple(stone for stone in self.stones if not stone.criterion.optional)

    @property
    def laid(self) -> int:
        """How many of the stones asked for are laid."""
        return sum(stone.state == State.MET for stone in self.asked)

    @property
    def total(self) -> int:
        """How many stones are asked for."""
        return len(self.asked)

    @property
    def complete(self) -> bool:
        """Whether the cairn stands."""
        return self.total > 0 and self.laid == self.total

    @property
    def met_at(self) -> datetime | None:
        """When the last stone was laid, once the cairn stands."""
        times = [stone.met_at for stone in self.asked if stone.met_at]
        return max(times) if self.complete and times else None

    @property
    def begun(self) -> bool:
        """Whether anything was done for it."""
        return any(stone.state != State.OPEN for stone in self.stones)


@dataclass(frozen=True)
class Activity:
    """Something a learner can complete. ``why`` says where they stopped, ``minutes`` what is left."""

    kind: ActivityKind
    slug: str
    title: str
    minutes: int
    state: Literal["done", "started", "open"]
    why: str = ""
    topic: str = ""  # slug of the topic it belongs to; empty for what belongs to none

    @property
    def done(self) -> bool:
        """Whether nothing remains to do."""
        return self.state == "done"


@dataclass(frozen=True)
class PlacedMilestone:
    """A milestone on a path with the learner's state. ``is_open``: all that it asks for is written."""

    stage: Stage
    milestone: Milestone
    state: MilestoneState
    is_open: bool

    @property
    def asked(self) -> bool:
        """Whether the path asks for it: neither it nor its stage is optional."""
        return not (self.milestone.optional or self.stage.optional)


@dataclass(frozen=True)
class PathProgress:
    """A learner's place on a path. ``current`` is the milestone to work at: None once all stand."""

    path: PathEntry
    milestones: tuple[PlacedMilestone, ...]
    current: PlacedMilestone | None
    next: Activity | None
    upcoming: tuple[Activity, ...]  # next and what follows it

    @property
    def asked(self) -> tuple[PlacedMilestone, ...]:
        """The milestones that are not optional."""
        return tuple(placed for placed in self.milestones if placed.asked)

    @property
    def laid(self) -> int:
        """Stones laid on the whole path, of those asked for."""
        return sum(placed.state.laid for placed in self.asked)

    @property
    def total(self) -> int:
        """Stones that the whole path asks for."""
        return sum(placed.state.total for placed in self.asked)

    @property
    def standing(self) -> int:
        """Cairns that stand, of those asked for."""
        return sum(placed.state.complete for placed in self.asked)

    @property
    def complete(self) -> bool:
        """Whether every cairn that the path asks for stands."""
        return bool(self.asked) and self.standing == len(self.asked)


# --- stones


def milestone_state(criteria: tuple[PlacedCriterion, ...], record: Record) -> MilestoneState:
    """The state of a milestone's criteria, in the author's order."""
    return MilestoneState(tuple(_stone(placed, criteria, record) for placed in criteria))


def _stone(placed: PlacedCriterion, criteria: tuple[PlacedCriterion, ...], record: Record) -> StoneState:
    project = record.results.projects.get(placed.project) if placed.project else None
    match placed.criterion:
        case ExerciseCriterion() as criterion:
            return _exercises(criterion, placed.project, project, record)
        case QuizCriterion() as criterion:
            return _quizzes(criterion, placed.project, record)
        case MetricCriterion() as criterion:
            return _metric(criterion, placed.project, project)
        case DocumentCriterion() as criterion:
            return _document(criterion, placed.project, project)
        case RubricCriterion() | ReviewCriterion() as criterion:
            return _judged(criterion, placed.project, project, criteria, record)
        case MapCriterion() as criterion:
            return _map(criterion, placed.project, record)
        case ActivityCriterion() as criterion:
            at = record.activities.get(criterion.activity)
            return _state(criterion, placed.project, at is not None, False, "done" if at else "not yet", at)


def _exercises(
    criterion: ExerciseCriterion, slug: str | None, project: ProjectOutcome | None, record: Record
) -> StoneState:
    """Met when every exercise, and every named test of the project, was passed."""
    tried = [record.results.exercises[e] for e in criterion.exercises if e in record.results.exercises]
    passed = [outcome.passed_at for outcome in tried if outcome.passed_at]
    tests = project.tests if project else {}
    tests_passed = sum(tests.get(name) == "passed" for name in criterion.tests)
    met = len(passed) == len(criterion.exercises) and tests_passed == len(criterion.tests)
    times = passed + ([project.at] if project and criterion.tests else [])
    if len(criterion.exercises) == 1 and not criterion.tests and tried:
        detail = f"{tried[0].passed_tests} of {plural(tried[0].total_tests, 'test')}"
    else:
        detail = _counted(len(passed), len(criterion.exercises), tests_passed, len(criterion.tests))
    begun = bool(tried) or (project is not None and bool(criterion.tests))
    return _state(criterion, slug, met, begun, detail if begun else "not yet", max(times) if times else None)


def _counted(exercises: int, of_exercises: int, tests: int, of_tests: int) -> str:
    parts = []
    if of_exercises:
        parts.append(f"{exercises} of {plural(of_exercises, 'exercise')}")
    if of_tests:
        parts.append(f"{tests} of {plural(of_tests, 'test')}")
    return ", ".join(parts)


def _quizzes(criterion: QuizCriterion, slug: str | None, record: Record) -> StoneState:
    """Met when the best score of each quiz reaches the share asked for."""
    taken = [record.results.quizzes[t] for t in criterion.quizzes if t in record.results.quizzes]
    enough = [quiz for quiz in taken if quiz.best_score >= criterion.at_least - 1e-9]
    met = len(enough) == len(criterion.quizzes)
    if not taken:
        detail = "not yet"
    elif len(criterion.quizzes) == 1:
        detail = share(taken[0].best_score) if met else f"best so far {share(taken[0].best_score)}"
    else:
        detail = f"{len(enough)} of {plural(len(criterion.quizzes), 'quiz')}"
    times = [quiz.finished_at for quiz in enough if quiz.finished_at]
    return _state(criterion, slug, met, bool(taken), detail, max(times) if times else None)


def _metric(criterion: MetricCriterion, slug: str | None, project: ProjectOutcome | None) -> StoneState:
    """Met when the measured number is within the bound. A number that is no number (NaN) never is."""
    value = _best(criterion, project) if project else None
    if project is None or value is None:
        return _state(criterion, slug, False, False, "not yet", None)
    met = reaches(criterion, value)
    written = metric(value, criterion.unit)
    return _state(criterion, slug, met, True, written if met else f"best so far {written}", project.at)


def _best(criterion: MetricCriterion, project: ProjectOutcome) -> float | None:
    """The best value of any graded submission: a bar that was once met stays met."""
    value = project.metrics.get(criterion.metric)
    low, high = project.ranges.get(criterion.metric, (value, value))
    return low if criterion.at_most is not None else high


def reaches(criterion: MetricCriterion, value: float) -> bool:
    """Whether a measured value is within the criterion's bound."""
    if criterion.at_least is not None:
        return value >= criterion.at_least
    if criterion.above is not None:
        return value > criterion.above
    return criterion.at_most is not None and value <= criterion.at_most


def _document(criterion: DocumentCriterion, slug: str | None, project: ProjectOutcome | None) -> StoneState:
    """Met when the file of the latest submission is long enough and has the headings asked for."""
    info = project.files.get(criterion.file) if project else None
    if project is None or info is None:
        return _state(criterion, slug, False, False, "not yet", None)
    have = {heading.casefold().strip() for heading in info.headings}
    missing = [heading for heading in criterion.headings if heading.casefold().strip() not in have]
    met = info.words >= criterion.min_words and not missing
    if info.words < criterion.min_words:
        detail = f"{info.words} of {criterion.min_words} words"
    else:
        detail = f"heading “{missing[0]}” is missing" if missing else plural(info.words, "word")
    return _state(criterion, slug, met, info.words > 0, detail, project.at)


def _map(criterion: MapCriterion, slug: str | None, record: Record) -> StoneState:
    """Met when the best drawing has the share of lines asked for."""
    drawn = record.maps.get(criterion.map)
    if drawn is None:
        return _state(criterion, slug, False, False, "not yet", None)
    met = drawn.best_score >= criterion.at_least - 1e-9
    written = share(drawn.best_score)
    return _state(criterion, slug, met, True, written if met else f"best so far {written}", drawn.at)


def _judged(
    criterion: RubricCriterion | ReviewCriterion,
    slug: str | None,
    project: ProjectOutcome | None,
    criteria: tuple[PlacedCriterion, ...],
    record: Record,
) -> StoneState:
    """Met when a mentor says so; with a mentor once the project is in and its own checks are met."""
    decision = record.decisions.get((slug or "", criterion.id))
    if decision and decision.met:
        return StoneState(criterion, slug, State.MET, f"{decision.mentor} agrees", decision.at)
    if decision and project and project.at <= decision.at:
        return StoneState(
            criterion, slug, State.STARTED, f"not yet, says {decision.mentor}", since=decision.at
        )
    if project is None:
        return StoneState(criterion, slug, State.OPEN, "judged once you hand in")
    checks = tuple(one for one in criteria if one.project == slug and not is_judged(one.criterion))
    if checks and not milestone_state(checks, record).complete:
        return StoneState(criterion, slug, State.OPEN, "judged after the checks")
    return StoneState(criterion, slug, State.REVIEW, "with a mentor", since=project.at)


def is_judged(criterion: Criterion) -> bool:
    """Whether a mentor's word meets it, for which progress never waits."""
    return isinstance(criterion, RubricCriterion | ReviewCriterion)


def _state(
    criterion: Criterion, slug: str | None, met: bool, begun: bool, detail: str, at: datetime | None
) -> StoneState:
    state = State.MET if met else State.STARTED if begun else State.OPEN
    return StoneState(criterion, slug, state, detail, met_at=at if met else None)


# --- activities


def topic_activities(topic: TopicEntry, library: Library, record: Record) -> tuple[Activity, ...]:
    """The topic's lesson, quiz and exercises in teaching order; none while it is being written."""
    if not topic.written:
        return ()
    exercises = tuple(_exercise(slug, library, record) for slug in topic.content.exercises)
    quiz = _quiz(topic, record) if topic.quiz_hash else None
    return (_lesson(topic, library, quiz, record), *([quiz] if quiz else []), *exercises)


def _lesson(topic: TopicEntry, library: Library, quiz: Activity | None, record: Record) -> Activity:
    read = record.read.get(topic.slug)
    minutes = lesson_minutes(topic, library)
    anchors = [anchor for anchor, _ in topic.outline]
    place = {"slug": topic.slug, "topic": topic.slug, "title": topic.content.title}
    if (read and read.finished) or (quiz and quiz.done):  # who passes the quiz need not read
        return Activity("lesson", **place, minutes=minutes, state="done", why="read")
    if not read or read.section not in anchors:
        return Activity("lesson", **place, minutes=minutes, state="open")
    behind = anchors.index(read.section) / len(anchors)
    left = max(1, round(minutes * (1 - behind)))
    stopped = f"You stopped at “{dict(topic.outline)[read.section]}”"
    return Activity("lesson", **place, minutes=left, state="started", why=stopped)


def lesson_minutes(topic: TopicEntry, library: Library) -> int:
    """What the topic's minutes leave for reading once quiz and exercises are taken off."""
    exercises = sum(library.exercise(slug).content.minutes for slug in topic.content.exercises)
    return max(5, topic.content.minutes - exercises - _quiz_minutes(topic))


def _quiz_minutes(topic: TopicEntry) -> int:
    return topic.question_count  # a minute a question


def _quiz(topic: TopicEntry, record: Record) -> Activity:
    place = {"slug": topic.slug, "topic": topic.slug, "title": topic.content.title}
    outcome = record.results.quizzes.get(topic.slug)
    if outcome is None:
        why = plural(topic.question_count, "question")
        return Activity("quiz", **place, minutes=_quiz_minutes(topic), state="open", why=why)
    done = outcome.best_score >= topic.pass_score - 1e-9
    why = share(outcome.best_score) if done else f"Best so far {share(outcome.best_score)}"
    return Activity(
        "quiz", **place, minutes=_quiz_minutes(topic), state="done" if done else "started", why=why
    )


def _exercise(slug: str, library: Library, record: Record) -> Activity:
    entry = library.exercise(slug)
    outcome = record.results.exercises.get(slug)
    place = {"slug": slug, "topic": entry.topic, "title": entry.content.title}
    minutes = entry.content.minutes
    if outcome is None:
        return Activity("exercise", **place, minutes=minutes, state="open")
    tests = f"{outcome.passed_tests} of {plural(outcome.total_tests, 'test')}"
    if outcome.passed_at:
        return Activity("exercise", **place, minutes=minutes, state="done", why=tests)
    return Activity(
        "exercise", **place, minutes=minutes, state="started", why=f"{tests} pass in your best attempt"
    )


def project_activity(slug: str, library: Library, record: Record) -> Activity:
    """A project: done once everything but a mentor's word is met, because progress never waits."""
    entry = library.project(slug)
    title, minutes = entry.content.title, project_minutes(slug, library)
    checks = tuple(PlacedCriterion(one, slug) for one in entry.content.criteria if not is_judged(one))
    if slug not in record.results.projects:
        return Activity("project", slug, title, minutes, "open")
    state = milestone_state(checks, record)
    if state.laid == state.total:
        return Activity("project", slug, title, minutes, "done", "handed in")
    why = f"{state.laid} of {plural(state.total, 'check')} met"
    return Activity("project", slug, title, minutes, "started", why)


def project_minutes(slug: str, library: Library) -> int:
    """A project's hours without those of its assessments, which are taken on their own."""
    content = library.project(slug).content
    apart = sum(
        assessment_minutes(library.assessment(one))
        for criterion in content.criteria
        if isinstance(criterion, QuizCriterion)
        for one in criterion.assessments
    )
    return max(5, round(content.hours * 60) - apart)


def assessment_minutes(entry: AssessmentEntry) -> int:
    """An exam's own time; without a clock, a minute a question."""
    exam = entry.content.exam
    return exam.minutes if exam else entry.content.draw


def assessment_activity(slug: str, library: Library, record: Record, at_least: float = 0) -> Activity:
    """A drawn quiz: done once its best score is what is asked for. An exam: done once it is handed in."""
    entry = library.assessment(slug)
    outcome, minutes = record.results.quizzes.get(slug), assessment_minutes(entry)
    title, enough = entry.content.title, at_least or entry.content.pass_score
    if slug in record.exams:
        return Activity("assessment", slug, title, minutes, "done", "handed in")
    if outcome is None:
        what = "One attempt" if entry.content.exam else plural(entry.content.draw, "question")
        return Activity("assessment", slug, title, minutes, "open", what)
    if outcome.best_score >= enough - 1e-9:
        return Activity("assessment", slug, title, minutes, "done", share(outcome.best_score))
    why = f"Best so far {share(outcome.best_score)}"
    return Activity("assessment", slug, title, minutes, "started", why)


def stretch_before(milestone: Milestone, path: Path) -> tuple[Milestone, ...]:
    """What a milestone's review looks back on: from the milestone with the review before, up to this one."""
    stretch: list[Milestone] = []
    for one in path.milestones:
        if one is milestone:
            break
        stretch = [one] if one.review else [*stretch, one]
    return tuple(stretch)


def has_review(milestone: Milestone, path: Path, library: Library) -> bool:
    """Whether a milestone has a review, and something written to look back on."""
    stretch = stretch_before(milestone, path) if milestone.review else ()
    written = (library.topic(slug).written for one in stretch for slug in one.topics)
    return any(written) or any(library.project(slug).written for one in stretch for slug in one.projects)


def milestone_activities(
    milestone: Milestone, library: Library, record: Record, path: str
) -> Iterator[Activity]:
    """All that is written towards a milestone: looking back, topics' activities, projects, the rest."""
    if has_review(milestone, library.path(path).content, library):
        yield review_activity(milestone, path, library, record)
    for slug in milestone.topics:
        if not library.topic(slug).content.optional:
            yield from topic_activities(library.topic(slug), library, record)
    for slug in milestone.projects:
        if library.project(slug).written:
            for criterion in library.project(slug).content.criteria:
                yield from other_activities(criterion, library, record)
            yield project_activity(slug, library, record)
    for criterion in milestone.criteria:
        yield from other_activities(criterion, library, record)


def other_activities(criterion: Criterion, library: Library, record: Record) -> Iterator[Activity]:
    """The skill map, the assessments or the learner's own activity that a criterion asks of everybody."""
    if criterion.optional:
        return
    match criterion:
        case MapCriterion():
            yield map_activity(criterion.map, library, record, criterion.at_least)
        case ActivityCriterion(activity=slug, title=title, minutes=minutes):
            state: Literal["done", "open"] = "done" if slug in record.activities else "open"
            yield Activity("activity", slug, title, minutes, state)
        case QuizCriterion(assessments=slugs, at_least=at_least):
            for slug in slugs:
                if not library.unwritten(library.assessment(slug)):
                    yield assessment_activity(slug, library, record, at_least)


def review_slug(path: str, milestone: str) -> str:
    """The name of looking back before a milestone. Paths and activities have no underscore in theirs."""
    return f"{path}_{milestone}"


def review_activity(milestone: Milestone, path: str, library: Library, record: Record) -> Activity:
    """Looking back before a milestone. Who has met all of it needs no more looking back.

    The milestone has a review.
    """
    assert milestone.review is not None  # noqa: S101 - the caller looked
    done = looked_back_at(milestone, path, library, record) is not None
    slug, title = review_slug(path, milestone.slug), milestone.review.title
    return Activity("review", slug, title, milestone.review.minutes, "done" if done else "open")


def looked_back_at(milestone: Milestone, path: str, library: Library, record: Record) -> datetime | None:
    """When the learner said that they looked back, or else met everything but a mentor's word after it."""
    if said := record.activities.get(review_slug(path, milestone.slug)):
        return said
    checks = tuple(one for one in library.criteria(milestone) if not is_judged(one.criterion))
    return milestone_state(checks, record).met_at


def map_activity(slug: str, library: Library, record: Record, at_least: float | None = None) -> Activity:
    """A skill map: done once its best drawing has the share of lines that is asked for, else its own."""
    skill_map, drawn = library.skill_map(slug).content, record.maps.get(slug)
    title, minutes = skill_map.title, skill_map.minutes
    if drawn is None:
        return Activity("map", slug, title, minutes, "open")
    enough = at_least if at_least is not None else skill_map.pass_score
    if drawn.best_score >= enough - 1e-9:
        return Activity("map", slug, title, minutes, "done", share(drawn.best_score))
    return Activity("map", slug, title, minutes, "started", f"Best so far {share(drawn.best_score)}")


# --- paths


def path_progress(path: PathEntry, library: Library, record: Record, ahead: int = 4) -> PathProgress:
    """Every milestone's state, where the learner is, and the next ``ahead`` activities."""
    placed = tuple(
        PlacedMilestone(
            stage, milestone, milestone_state(library.criteria(milestone), record), library.is_open(milestone)
        )
        for stage in path.content.stages
        for milestone in stage.milestones
    )
    upcoming = tuple(_first(_remaining(path, library, record), ahead))
    return PathProgress(
        path,
        placed,
        _current(placed, upcoming, path.slug, library, record),
        upcoming[0] if upcoming else None,
        upcoming,
    )


def next_activity(path: PathEntry, library: Library, record: Record) -> Activity | None:
    """The first thing on the path that is written, asked of everybody and not done; None if there is none."""
    return next(_remaining(path, library, record), None)


def _remaining(path: PathEntry, library: Library, record: Record) -> Iterator[Activity]:
    seen = set()
    for stage in path.content.stages:
        for milestone in () if stage.optional else stage.milestones:
            if milestone.optional:
                continue
            for activity in milestone_activities(milestone, library, record, path.slug):
                key = (activity.kind, activity.slug)
                if not activity.done and key not in seen:
                    seen.add(key)
                    yield activity


def _current(
    placed: tuple[PlacedMilestone, ...],
    upcoming: tuple[Activity, ...],
    path: str,
    library: Library,
    record: Record,
) -> PlacedMilestone | None:
    """The milestone that the next activity leads to; with nothing to do, the first that does not stand."""
    for one in placed:
        if upcoming and not one.state.complete and upcoming[0] in _open_ones(one, path, library, record):
            return one
    return next((one for one in placed if not one.state.complete), None)


def _open_ones(placed: PlacedMilestone, path: str, library: Library, record: Record) -> list[Activity]:
    return [one for one in milestone_activities(placed.milestone, library, record, path) if not one.done]


def _first(activities: Iterator[Activity], count: int) -> Iterator[Activity]:
    for _ in range(count):
        if (activity := next(activities, None)) is None:
            return
        yield activity
