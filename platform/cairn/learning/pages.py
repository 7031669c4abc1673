"""What pages show of progress: rows with their words and addresses, made from pure state for templates."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import cast

from django.urls import reverse

from cairn.catalog.content import (
    ActivityCriterion,
    Criterion,
    CriterionKind,
    DocumentCriterion,
    ExerciseCriterion,
    MapCriterion,
    MetricCriterion,
    Milestone,
    QuizCriterion,
    Stage,
)
from cairn.catalog.library import Library, TopicEntry
from cairn.learning.progress import (
    Activity,
    MilestoneState,
    PathProgress,
    PlacedMilestone,
    Record,
    State,
    StoneState,
    topic_activities,
)
from cairn.learning.wording import metric, plural, share
from cairn.ui.cairn import Kind, Stone

VERBS = {
    "lesson": "Read",
    "quiz": "Answer",
    "exercise": "Write",
    "project": "Build",
    "assessment": "Take",
    "map": "Draw",
    "activity": "Do",
    "review": "Look back",
}
# The visual language has five kinds of stones; what came later looks like its nearest relative.
DRAWN_AS: dict[str, Kind] = {"review": "rubric", "map": "quiz", "activity": "document"}


@dataclass(frozen=True)
class Cairn:
    """What ``{% cairn %}`` draws."""

    slug: str
    title: str
    stones: tuple[Stone, ...]


def cairn_of(milestone: Milestone, state: MilestoneState) -> Cairn:
    """The drawing's data: stones with their rank among those laid, which is their order from the ground.

    An optional stone is drawn once it is laid: until then nothing waits for it.
    """
    laid = sorted({stone.met_at for stone in state.stones if stone.met_at})
    stones = tuple(
        Stone(
            stone.criterion.id,
            DRAWN_AS.get(stone.criterion.kind.value, cast(Kind, stone.criterion.kind.value)),
            stone.state.value,
            laid.index(stone.met_at) if stone.met_at else 0,
        )
        for stone in state.stones
        if stone.state == State.MET or not stone.criterion.optional
    )
    return Cairn(milestone.slug, milestone.title, stones)


@dataclass(frozen=True)
class Step:
    """One place where a stone can be worked at. ``note`` says how far the learner got there."""

    title: str
    url: str
    done: bool = False
    note: str = ""


@dataclass(frozen=True)
class StoneRow:
    """A criterion with its state. ``steps`` are where it can be worked at, ``remains`` what is missing."""

    criterion: Criterion
    project: str | None
    state: str
    kind: str
    detail: str
    since: datetime | None
    met_at: datetime | None
    steps: tuple[Step, ...]
    remains: str = ""


@dataclass(frozen=True)
class TopicRow:
    """A topic that leads to a milestone. ``state`` is done, now, started, open or unwritten."""

    topic: TopicEntry
    url: str
    state: str
    done: int
    total: int
    minutes: int  # what is left


@dataclass(frozen=True)
class TrailRow:
    """A milestone on the trail. ``state`` is done, now, next or unwritten; a bridge gets a signpost."""

    placed: PlacedMilestone
    url: str
    state: str
    is_bridge: bool
    walked: bool
    index: int  # along the whole path
    topics: tuple[TopicRow, ...] = ()  # of the milestone to work at only
    stones: tuple[StoneRow, ...] = ()

    @property
    def milestone(self) -> Milestone:
        """The milestone itself."""
        return self.placed.milestone

    @property
    def cairn(self) -> Cairn:
        """What is drawn on the trail."""
        return cairn_of(self.placed.milestone, self.placed.state)


@dataclass(frozen=True)
class StageRow:
    """A stage with its part of the trail. ``met_at`` once all its cairns stand."""

    stage: Stage
    rows: tuple[TrailRow, ...]
    here: bool
    met_at: datetime | None
    hours: float


def stone_row(stone: StoneState, library: Library, record: Record | None = None) -> StoneRow:
    """One criterion as a list shows it. With the learner's ``record``, what remains is told step by step."""
    met = stone.state == State.MET
    return StoneRow(
        criterion=stone.criterion,
        project=stone.project,
        state=stone.state.value,
        kind=kind_words(stone.criterion),
        detail=stone.detail,
        since=stone.since,
        met_at=stone.met_at,
        steps=tuple(_steps(stone, library, record or Record())),
        remains="" if met or record is None else _remains(stone, record),
    )


KIND_WORDS = {
    CriterionKind.RUBRIC: "Judged by a mentor",
    CriterionKind.REVIEW: "Approved by a mentor",
    CriterionKind.ACTIVITY: "Your own activity",
}


def kind_words(criterion: Criterion) -> str:
    """How the criterion is met, with its bound: ``Quiz, 80 %``, ``Metric, over 98.00 %``."""
    match criterion:
        case QuizCriterion():
            return f"Quiz, {share(criterion.at_least)}"
        case MetricCriterion():
            return f"Metric, {bound_words(criterion)}"
        case DocumentCriterion() if criterion.min_words:
            return f"Document, {criterion.min_words} words"
        case MapCriterion():
            return f"Skill map, {share(criterion.at_least)}"
        case _:
            return KIND_WORDS.get(criterion.kind, criterion.kind.capitalize())


def bound_words(criterion: MetricCriterion) -> str:
    """The bound of a metric: ``over 98.00 %``, ``at most 2 s``."""
    for word, bound in (
        ("at least", criterion.at_least),
        ("at most", criterion.at_most),
        ("over", criterion.above),
    ):
        if bound is not None:
            return f"{word} {metric(bound, criterion.unit)}"
    return ""


def _steps(stone: StoneState, library: Library, record: Record) -> Iterator[Step]:
    """Where to go for this stone, leaving out what is still being written."""
    if stone.project and stone.state != State.MET and library.project(stone.project).written:
        yield Step(
            library.project(stone.project).content.title, reverse("learning:project", args=[stone.project])
        )
    match stone.criterion:
        case ExerciseCriterion(exercises=exercises):
            yield from (_exercise_step(slug, library, record) for slug in exercises)
        case QuizCriterion() as criterion:
            yield from _quiz_steps(criterion, library, record)
        case MapCriterion(map=slug):
            title, met = f"Skill map: {library.skill_map(slug).content.title}", stone.state == State.MET
            yield Step(title, reverse("learning:skill-map", args=[slug]), met)
        case ActivityCriterion(activity=slug):
            done = stone.state == State.MET
            title = "See your note" if done else "Say that it is done"
            yield Step(title, reverse("learning:activity", args=[slug]), done)


def _exercise_step(slug: str, library: Library, record: Record) -> Step:
    outcome = record.results.exercises.get(slug)
    done = bool(outcome and outcome.passed_at)
    note = f"{outcome.passed_tests} of {plural(outcome.total_tests, 'test')}" if outcome and not done else ""
    return Step(library.exercise(slug).content.title, reverse("learning:exercise", args=[slug]), done, note)


def _quiz_steps(criterion: QuizCriterion, library: Library, record: Record) -> Iterator[Step]:
    for slug in criterion.quizzes:
        outcome = record.results.quizzes.get(slug)
        done = outcome is not None and outcome.best_score >= criterion.at_least - 1e-9
        note = f"best so far {share(outcome.best_score)}" if outcome and not done else ""
        if slug in library.assessments:
            entry = library.assessment(slug)
            if not library.unwritten(entry):
                yield Step(entry.content.title, reverse("learning:assessment", args=[slug]), done, note)
        elif library.topic(slug).quiz_hash:
            title = f"Quiz: {library.topic(slug).content.title}"
            yield Step(title, reverse("learning:quiz", args=[slug]), done, note)


def _remains(stone: StoneState, record: Record) -> str:
    """What is still missing where the detail does not say it all."""
    project = record.results.projects.get(stone.project or "")
    match stone.criterion:
        case ExerciseCriterion(tests=tests) if project and tests:
            left = [name for name in tests if project.tests.get(name) != "passed"]
            return f"Still to pass: {', '.join(map(_test_words, left))}." if left else ""
        case MetricCriterion() as criterion if project and criterion.metric in project.metrics:
            return f"It needs {bound_words(criterion)}."
        case DocumentCriterion() as criterion if project and (info := project.files.get(criterion.file)):
            have = {heading.casefold().strip() for heading in info.headings}
            missing = [one for one in criterion.headings if one.casefold().strip() not in have]
            return f"Headings still missing: {', '.join(missing)}." if missing else ""
        case _:
            return ""


def _test_words(name: str) -> str:
    return name.removeprefix("test_").replace("_", " ")


def activity_url(activity: Activity) -> str:
    """The page where it is done."""
    return _activity_url(activity.kind, activity.slug)


@lru_cache(maxsize=4096)
def _activity_url(kind: str, slug: str) -> str:
    name = {"map": "skill-map", "review": "look-back"}.get(kind, kind)
    return reverse(f"learning:{name}", args=[slug])


def topic_row(slug: str, library: Library, record: Record, following: Activity | None) -> TopicRow:
    """A topic with how much of it is done; ``now`` if what comes next belongs to it."""
    topic = library.topic(slug)
    activities = topic_activities(topic, library, record)
    done = sum(activity.done for activity in activities)
    left = sum(activity.minutes for activity in activities if not activity.done)
    url = reverse("learning:lesson", args=[slug])
    return TopicRow(topic, url, _topic_state(topic, activities, following), done, len(activities), left)


def _topic_state(topic: TopicEntry, activities: tuple[Activity, ...], following: Activity | None) -> str:
    if not topic.written:
        return "unwritten"
    if all(activity.done for activity in activities):
        return "done"
    if following and following.topic == topic.slug:
        return "now"
    return "started" if any(activity.state != "open" for activity in activities) else "open"


def is_bridge(milestone: Milestone, progress: PathProgress) -> bool:
    """A transition between stages: on a path that numbers its milestones, one without number or topics."""
    numbered = any(placed.milestone.number for placed in progress.milestones)
    return numbered and not milestone.number and not milestone.topics


def trail(progress: PathProgress, library: Library, record: Record) -> tuple[StageRow, ...]:
    """The whole path as stages of rows; only the milestone to work at is opened."""
    rows = [
        _trail_row(index, placed, progress, library, record)
        for index, placed in enumerate(progress.milestones)
    ]
    return tuple(
        _stage_row(stage, tuple(row for row in rows if row.placed.stage is stage))
        for stage in progress.path.content.stages
    )


def _trail_row(
    index: int, placed: PlacedMilestone, progress: PathProgress, library: Library, record: Record
) -> TrailRow:
    now = placed is progress.current
    current = progress.milestones.index(progress.current) if progress.current else len(progress.milestones)
    return TrailRow(
        placed=placed,
        url=reverse("learning:milestone", args=[progress.path.slug, placed.milestone.slug]),
        state=_trail_state(placed, now),
        is_bridge=is_bridge(placed.milestone, progress),
        walked=placed.state.complete or (index < current and placed.state.begun),
        index=index,
        topics=topic_rows(placed.milestone, library, record, progress.next) if now else (),
        stones=tuple(stone_row(stone, library) for stone in placed.state.stones) if now else (),
    )


def _trail_state(placed: PlacedMilestone, now: bool) -> str:
    if placed.state.complete:
        return "done"
    if now:
        return "now"
    return "next" if placed.is_open else "unwritten"


def topic_rows(
    milestone: Milestone, library: Library, record: Record, following: Activity | None
) -> tuple[TopicRow, ...]:
    """The topics that lead to a milestone."""
    return tuple(topic_row(slug, library, record, following) for slug in milestone.topics)


def _stage_row(stage: Stage, rows: tuple[TrailRow, ...]) -> StageRow:
    times = [row.placed.state.met_at for row in rows]
    done = [at for at in times if at]
    return StageRow(
        stage=stage,
        rows=rows,
        here=any(row.state == "now" for row in rows),
        met_at=max(done) if len(done) == len(rows) else None,
        hours=sum(row.milestone.hours for row in rows),
    )
