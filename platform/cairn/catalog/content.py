"""The content formats: what an author may write in ``curriculum/``, as types.

Each YAML file there is one of these models; ``manage.py curriculum schema`` publishes their JSON Schemas
for editors. Unknown keys are errors: a misspelt key must not be a silently missing one. Reading files,
collecting their errors and rendering them is ``loader.py``; here is only the shape.
"""

import re
from datetime import date
from enum import StrEnum
from typing import Annotated, Literal, Self, get_args

from pydantic import Field, model_validator

from cairn.catalog.format import Content, Markdown, RowId, Slug, is_slug, unset
from cairn.catalog.questions import (
    AnyQuestion,
    Choice,
    ChoiceQuestion,
    FillQuestion,
    MatchQuestion,
    NumericQuestion,
    OrderQuestion,
    PredictQuestion,
    Question,
    SeededQuestion,
    TextQuestion,
)

# The types of questions have a file of their own and are part of the formats like everything here.
__all__ = [
    "Choice",
    "ChoiceQuestion",
    "Content",
    "FillQuestion",
    "MatchQuestion",
    "NumericQuestion",
    "OrderQuestion",
    "PredictQuestion",
    "Question",
    "SeededQuestion",
    "TextQuestion",
    "is_slug",
]


class Edition(Content):
    """One time that something takes place: its first and last day, and where."""

    starts: date
    ends: date
    place: str = ""

    @model_validator(mode="after")
    def ends_after_it_starts(self) -> Self:
        """The last day is not before the first."""
        if self.ends < self.starts:
            raise ValueError("an edition ends before it starts")
        return self


class Resource(Content):
    """A book, course, paper or page that a roadmap or an author recommends.

    What takes place (a conference, a community's meeting) may say when: ``editions`` are announced dates;
    ``month`` and ``years`` say when it usually is, until its dates are known.
    """

    title: str
    kind: Literal[
        "book", "course", "paper", "article", "video", "documentation", "code", "community", "conference"
    ]
    by: str = ""
    url: str = ""
    note: str = ""
    covers: tuple[RowId, ...] = ()
    editions: tuple[Edition, ...] = ()
    month: int | None = Field(None, ge=1, le=12)
    years: Literal["every", "odd", "even"] = "every"

    @property
    def key(self) -> str:
        """What it is known by, wherever it is recommended."""
        return re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-")[:80] or "resource"


class Topic(Content):
    """``topics/<area>/<slug>/topic.yaml``. Without a ``lesson.md`` beside it, the topic is being written."""

    title: str
    summary: str
    minutes: int = Field(gt=0, le=600)  # reading, quiz and exercises together
    prerequisites: tuple[Slug, ...] = ()
    exercises: tuple[Slug, ...] = ()  # in teaching order; each a folder in ``exercises/``
    covers: tuple[RowId, ...] = ()
    resources: tuple[Resource, ...] = ()
    optional: bool = False


def _told_apart(questions: tuple[AnyQuestion, ...]) -> None:
    ids = [question.id for question in questions]
    if twice := {i for i in ids if ids.count(i) > 1}:
        raise ValueError(f"question id used twice: {', '.join(sorted(twice))}")


class Quiz(Content):
    """``quiz.yaml``: the questions of a topic, and the share of points that passes."""

    pass_score: float = Field(0.7, gt=0, le=1)
    questions: tuple[AnyQuestion, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def ids_are_unique(self) -> Self:
        """No two questions share an id."""
        _told_apart(self.questions)
        return self


class Exam(Content):
    """What makes an assessment an exam: timed, one attempt, no marks before they are released.

    ``late``: who starts late ends when the exam closes, or has the full time. ``release``: when results are
    shown. Without a window that a mentor set there is no close and nobody to wait for: it is at hand-in.
    """

    minutes: int = Field(gt=0, le=600)
    late: Literal["until-close", "full-time"] = "until-close"
    release: Literal["at-hand-in", "at-close", "by-hand"] = "at-close"
    rules: tuple[str, ...] = ()  # what may be used and what not, a sentence each


class Assessment(Content):
    """``assessments/<slug>.yaml``: questions drawn per learner and attempt, spread over their sources.

    The sources are the quizzes of ``topics`` and the file's own ``bank``. While one of the topics is being
    written, it cannot be taken.
    """

    title: str
    summary: str
    topics: tuple[Slug, ...] = ()
    bank: tuple[AnyQuestion, ...] = ()
    draw: int = Field(gt=0, le=60)
    pass_score: float = Field(0.7, gt=0, le=1)
    exam: Exam | None = None
    covers: tuple[RowId, ...] = ()

    @model_validator(mode="after")
    def ids_are_unique(self) -> Self:
        """No two questions of the bank share an id."""
        _told_apart(self.bank)
        return self


class Change(Content):
    """What changed on a day, for those who passed before. A ``minor`` one is told to nobody."""

    day: date  # not `on`, which YAML reads as a yes
    what: str = Field(min_length=1, max_length=200)
    minor: bool = False


class ExerciseLimits(Content):
    """What a submission to this exercise may use, in an author's units."""

    seconds: float = Field(10, gt=0, le=600)
    memory_mb: int = Field(512, ge=32, le=8192)
    output_kb: int = Field(64, ge=1, le=4096)


class Exercise(Content):
    """``exercises/<slug>/exercise.yaml``. The slug, the folder's name, is unique in the whole library.

    Beside it: ``prompt.md``, ``starter.py``, ``solution.py``, ``tests.py``, ``hints.md`` (one hint under
    each ``##`` heading), ``wrong/<verdict>_<what>.py``.
    """

    title: str
    entry: str = Field("solution.py", pattern=r"^[a-z_][a-z0-9_]*\.py$")  # the file the learner edits
    minutes: int = Field(20, gt=0, le=600)
    points: int = Field(10, gt=0, le=100)
    limits: ExerciseLimits = ExerciseLimits()
    covers: tuple[RowId, ...] = ()
    changes: tuple[Change, ...] = Field((), exclude_if=unset)


class CriterionKind(StrEnum):
    """How a criterion is met, which is also how its stone is drawn."""

    EXERCISE = "exercise"  # exercises passed, or named tests of the project passed
    QUIZ = "quiz"
    METRIC = "metric"
    DOCUMENT = "document"
    RUBRIC = "rubric"  # one line, judged by a mentor
    REVIEW = "review"  # the whole submission, approved by a mentor
    MAP = "map"  # a skill map, drawn
    ACTIVITY = "activity"  # something done elsewhere, which the learner says


class CriterionBase(Content):
    """What every criterion has. ``quote`` is the roadmap's own wording.

    An ``optional`` one gets a stone when it is met, and no cairn waits for it.
    """

    id: Slug
    title: str
    quote: str = ""
    optional: bool = Field(False, exclude_if=unset)
    covers: tuple[RowId, ...] = ()


class ExerciseCriterion(CriterionBase):
    """All of ``exercises`` passed and, on the project's submission, all of ``tests`` passed."""

    kind: Literal[CriterionKind.EXERCISE]
    exercises: tuple[Slug, ...] = ()
    tests: tuple[str, ...] = ()  # function names in the project's evaluate.py

    @model_validator(mode="after")
    def asks_for_something(self) -> Self:
        """Names at least one exercise or test."""
        if not (self.exercises or self.tests):
            raise ValueError("an exercise criterion names `exercises` or `tests`")
        return self


class QuizCriterion(CriterionBase):
    """A score of ``at_least`` on the quiz of each topic in ``topics`` and on each of ``assessments``."""

    kind: Literal[CriterionKind.QUIZ]
    topics: tuple[Slug, ...] = ()
    assessments: tuple[Slug, ...] = Field((), exclude_if=unset)
    at_least: float = Field(0.7, gt=0, le=1)

    @property
    def quizzes(self) -> tuple[str, ...]:
        """What is to be taken, by slug: topics and assessments share no slugs."""
        return (*self.topics, *self.assessments)

    @model_validator(mode="after")
    def asks_for_something(self) -> Self:
        """Names at least one topic or assessment."""
        if not self.quizzes:
            raise ValueError("a quiz criterion names `topics` or `assessments`")
        return self


class MetricCriterion(CriterionBase):
    """A number that the project's evaluation measures, against a bound. Set one of the bounds."""

    kind: Literal[CriterionKind.METRIC]
    metric: str
    at_least: float | None = None
    at_most: float | None = None
    above: float | None = None  # strictly more, as in "over 90 %"
    unit: Literal["", "percent", "seconds", "times"] = ""  # percent: the metric is a share from 0 to 1

    @model_validator(mode="after")
    def one_bound(self) -> Self:
        """Exactly one of ``at_least``, ``at_most``, ``above``."""
        if sum(bound is not None for bound in (self.at_least, self.at_most, self.above)) != 1:
            raise ValueError("set exactly one of `at_least`, `at_most` and `above`")
        return self


class DocumentCriterion(CriterionBase):
    """A Markdown file handed in with the project, long enough and with the headings asked for."""

    kind: Literal[CriterionKind.DOCUMENT]
    file: str = Field("report.md", pattern=r"^[a-z_][a-z0-9_]*\.md$")
    min_words: int = Field(150, ge=0)
    headings: tuple[str, ...] = ()


class RubricCriterion(CriterionBase):
    """A line that a mentor judges; ``guide`` says what counts as met."""

    kind: Literal[CriterionKind.RUBRIC]
    guide: str


class ReviewCriterion(CriterionBase):
    """A mentor has read the project's submission and approves it."""

    kind: Literal[CriterionKind.REVIEW]
    guide: str = "Met when a mentor has read your submission and approves it as a whole."


class MapCriterion(CriterionBase):
    """A score of ``at_least`` on the skill map ``map``."""

    kind: Literal[CriterionKind.MAP]
    map: Slug
    at_least: float = Field(0.8, gt=0, le=1)


class ActivityCriterion(CriterionBase):
    """Something to do away from this site, such as a talk. The learner says that it is done, and how it went.

    ``activity`` is its name in the whole library: done once, it is done on every path that names it.
    ``do`` says what to do, ``asks`` what the note should say.
    """

    kind: Literal[CriterionKind.ACTIVITY]
    activity: Slug
    do: str
    minutes: int = Field(30, gt=0, le=600)
    asks: str = "What did you do, and what did you learn from it?"
    min_words: int = Field(5, ge=0, le=500)  # of the note


Criterion = Annotated[
    ExerciseCriterion
    | QuizCriterion
    | MetricCriterion
    | DocumentCriterion
    | RubricCriterion
    | ReviewCriterion
    | MapCriterion
    | ActivityCriterion,
    Field(discriminator="kind"),
]


class MapNode(Content):
    """One thing on a skill map: an idea, or a place where ideas are used. Plain text."""

    id: Slug
    text: str = Field(min_length=1, max_length=60)
    topic: Slug | None = None  # where it is taught


class MapLine(Content):
    """A line from an idea to a use, and the reason for it."""

    idea: Slug
    use: Slug
    why: Markdown
    optional: bool = False  # also right, and not asked for


class MapMistake(Content):
    """A line that many draw, and why it is none."""

    idea: Slug
    use: Slug
    why: Markdown


class SkillMap(Content):
    """``skill-maps/<slug>.yaml``: ideas on one side, uses on the other, and the lines between them."""

    title: str
    summary: str
    minutes: int = Field(15, gt=0, le=600)
    pass_score: float = Field(0.8, gt=0, le=1)
    ideas: tuple[MapNode, ...] = Field(min_length=2, max_length=10)
    uses: tuple[MapNode, ...] = Field(min_length=2, max_length=10)
    lines: tuple[MapLine, ...] = Field(min_length=1)
    mistakes: tuple[MapMistake, ...] = ()
    covers: tuple[RowId, ...] = ()

    @model_validator(mode="after")
    def lines_join_what_there_is(self) -> Self:
        """Ids are unique, every line and mistake joins two nodes, once, and every node has a line."""
        for nodes in (self.ideas, self.uses):
            if len({node.id for node in nodes}) < len(nodes):
                raise ValueError("two ideas, or two uses, share an id")
        pairs = [(line.idea, line.use) for line in self.lines]
        pairs += [(mistake.idea, mistake.use) for mistake in self.mistakes]
        ideas, uses = {node.id for node in self.ideas}, {node.id for node in self.uses}
        for idea, use in pairs:
            if idea not in ideas or use not in uses:
                raise ValueError(f"the line from `{idea}` to `{use}` joins what is not on the map")
            if pairs.count((idea, use)) > 1:
                raise ValueError(f"the line from `{idea}` to `{use}` is written twice")
        needed = [(one.idea, one.use) for one in self.lines if not one.optional]
        if alone := sorted((ideas | uses) - {node for pair in needed for node in pair}):
            raise ValueError(f"no line that is asked for ends at `{alone[0]}`")
        return self


class ProjectFile(Content):
    """A file the learner hands in. Its first content is ``starter/<name>``."""

    name: str = Field(pattern=r"^[a-z_][a-z0-9_]*\.(py|md)$")
    title: str = ""
    optional: bool = False


class NumberParameter(Content):
    """A hyper-parameter that is a number; ``whole`` for counts. ``log`` where factors matter, not steps."""

    type: Literal["number"]
    name: str = Field(pattern=r"^[a-z_][a-z0-9_]*$")
    title: str
    default: float
    at_least: float
    at_most: float
    whole: bool = False
    log: bool = False
    help: str = ""

    @model_validator(mode="after")
    def default_within(self) -> Self:
        """The default lies within the bounds."""
        if not self.at_least <= self.default <= self.at_most:
            raise ValueError(f"the default of `{self.name}` is outside its bounds")
        return self


class ChoiceParameter(Content):
    """A hyper-parameter that is one of a few words."""

    type: Literal["choice"]
    name: str = Field(pattern=r"^[a-z_][a-z0-9_]*$")
    title: str
    choices: tuple[str, ...] = Field(min_length=2)
    default: str
    help: str = ""

    @model_validator(mode="after")
    def default_among(self) -> Self:
        """The default is one of the choices."""
        if self.default not in self.choices:
            raise ValueError(f"the default of `{self.name}` is none of its choices")
        return self


class SwitchParameter(Content):
    """A hyper-parameter that is on or off."""

    type: Literal["switch"]
    name: str = Field(pattern=r"^[a-z_][a-z0-9_]*$")
    title: str
    default: bool
    help: str = ""


HyperParameter = Annotated[NumberParameter | ChoiceParameter | SwitchParameter, Field(discriminator="type")]


class TrainingLimits(Content):
    """What one training run may use, by project."""

    minutes: float = Field(10, gt=0, le=7 * 24 * 60)
    memory_mb: int = Field(4096, ge=64, le=2**20)
    disk_mb: int = Field(1024, ge=16, le=2**20)
    artifact_mb: int = Field(256, ge=1, le=2**16)


class StartsFrom(Content):
    """An earlier artifact of the learner that the code may start from, as ``cairn.input(name)``."""

    name: Slug
    project: Slug
    artifact: str = "model"  # the artifact's name in that project's runs
    optional: bool = True


class TrainingSpec(Content):
    """How a project trains. ``entry`` is the program; the evaluation imports ``Project.entry``.

    ``reference.json`` beside the project holds the solution's curves over a few seeds (mean, low, high by
    step); ``manage.py curriculum reference SLUG`` makes it.
    """

    entry: str = Field("train.py", pattern=r"^[a-z_][a-z0-9_]*\.py$")
    queues: tuple[Literal["cpu", "gpu"], ...] = ("cpu", "gpu")
    datasets: tuple[Slug, ...] = ()
    parameters: tuple[HyperParameter, ...] = ()
    limits: TrainingLimits = TrainingLimits()
    processes: int = Field(1, ge=1, le=64)  # on each node
    nodes: int = Field(1, ge=1, le=16, exclude_if=lambda count: count == 1)  # that train together
    shares_device: bool = False
    curves: tuple[str, ...] = ("loss",)  # shown first, and with the reference band
    starts_from: tuple[StartsFrom, ...] = ()
    leaderboard: str = ""  # the hidden metric that runs are ranked by; empty for none
    leaderboard_lowest: bool = False  # whether less is better


class Project(Content):
    """``projects/<slug>/project.yaml``. Without a ``brief.md`` beside it, the project is being written.

    Beside it: ``brief.md``, ``starter/``, ``solution/`` (meets every metric), ``baseline/`` (does not),
    ``evaluate.py`` (tests and metrics, on the trusted side).
    """

    title: str
    summary: str
    hours: float = Field(gt=0, le=2000)
    entry: str = Field("solution.py", pattern=r"^[a-z_][a-z0-9_]*\.py$")
    files: tuple[ProjectFile, ...] = ()
    skills: tuple[str, ...] = ()
    data: str = ""
    limits: ExerciseLimits = ExerciseLimits()
    training: TrainingSpec | None = Field(
        None, exclude_if=unset
    )  # where the project trains a model on a node
    prerequisites: tuple[Slug, ...] = ()  # topics
    criteria: tuple[Criterion, ...] = ()
    covers: tuple[RowId, ...] = ()
    changes: tuple[Change, ...] = Field((), exclude_if=unset)
    resources: tuple[Resource, ...] = ()


Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEK: tuple[Weekday, ...] = get_args(Weekday)
ReviewMinutes = Annotated[int, Field(ge=5, le=240)]


class WeeklyReview(Content):
    """Looking back on each week, on the last of ``days`` that has time, else on the last day that has."""

    minutes: ReviewMinutes
    days: tuple[Weekday, ...] = Field(WEEK, min_length=1)


class MilestoneReview(Content):
    """Looking back before a milestone is begun. ``title`` says on what: "Days 1 to 5"."""

    title: str = Field(min_length=1, max_length=80)
    minutes: ReviewMinutes


class Schedule(Content):
    """How a roadmap lays out its time, for the plan. What is left out is left to the order of the path.

    ``week`` says what each day prefers and ``shares`` how much of the week's hours it gets, Monday first.
    ``day_minutes`` is what one of the path's days holds, where milestones say on which ``day`` they begin.
    """

    week: tuple[Literal["theory", "practice", "project", "any"], ...] = ()
    shares: tuple[Annotated[int, Field(ge=0, le=100)], ...] = ()
    review: WeeklyReview | None = None
    day_minutes: int = Field(0, ge=0, le=960)

    @model_validator(mode="after")
    def weeks_have_seven_days(self) -> Self:
        """``week`` and ``shares`` hold seven each, where they are there; some day has a share."""
        for name, days in (("week", self.week), ("shares", self.shares)):
            if days and len(days) != len(WEEK):
                raise ValueError(f"`{name}` has {len(days)} days; write seven, Monday first")
        if self.shares and not any(self.shares):
            raise ValueError("no day of `shares` has any of the week's hours; give one of them at least 1")
        return self


class Milestone(Content):
    """A cairn: topics that lead to it, projects, and criteria (theirs and its own), one stone each.

    ``day`` is the day of the path on which it begins, and ``review`` what is looked back on first.
    """

    slug: Slug  # unique within the path
    number: str = ""  # as the roadmap numbers it: "0.1", "Week 3-4", "Day 15"
    title: str
    summary: str = ""
    duration: str = ""  # as the roadmap says it: "1 to 2 weeks"
    day: int = Field(0, ge=0, le=1000, exclude_if=unset)
    review: MilestoneReview | None = Field(None, exclude_if=unset)
    hours: float = Field(0, ge=0)
    topics: tuple[Slug, ...] = ()
    projects: tuple[Slug, ...] = ()
    criteria: tuple[Criterion, ...] = ()
    optional: bool = False
    covers: tuple[RowId, ...] = ()


class Stage(Content):
    """A phase, part, span or week of a path."""

    slug: Slug
    label: str  # "Phase 0", "Part 3", "Week 1 to 2", "Day 1 to 7"
    title: str
    summary: str = ""
    duration: str = ""
    difficulty: int = Field(1, ge=1, le=5)  # the height of the path's elevation profile
    milestones: tuple[Milestone, ...] = Field(min_length=1)
    optional: bool = False
    covers: tuple[RowId, ...] = ()


class Path(Content):
    """``paths/<slug>.yaml``: one roadmap as a walk through the library."""

    title: str
    summary: str
    roadmap: int = Field(ge=1, le=5)
    order: int  # place in the catalogue
    duration: str  # "8 weeks", "18 to 24 months", "at your pace"
    hours: float = Field(gt=0)
    hours_per_week: float = Field(gt=0, le=60)
    pattern: str = ""  # how the roadmap lays out a week, in words
    schedule: Schedule | None = Field(None, exclude_if=unset)  # the same for the plan
    needs: tuple[str, ...] = ()
    stages: tuple[Stage, ...] = Field(min_length=1)
    covers: tuple[RowId, ...] = ()
    resources: tuple[Resource, ...] = ()

    @property
    def milestones(self) -> tuple[Milestone, ...]:
        """All milestones in walking order."""
        return tuple(milestone for stage in self.stages for milestone in stage.milestones)
