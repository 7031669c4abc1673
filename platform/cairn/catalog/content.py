"""The content formats: what an author may write in ``curriculum/``, as types.

Each YAML file there is one of these models; ``manage.py curriculum schema`` publishes their JSON Schemas
for editors. Unknown keys are errors: a misspelt key must not be a silently missing one. Reading files,
collecting their errors and rendering them is ``loader.py``; here is only the shape.
"""

import re
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

SLUG = r"^[a-z0-9]+(-[a-z0-9]+)*$"
Slug = Annotated[str, Field(pattern=SLUG, max_length=80)]
RowId = Annotated[str, Field(pattern=r"^[1-5]\.\d{3}$")]
Markdown = Annotated[str, Field(min_length=1)]


def is_slug(name: str) -> bool:
    """Whether a folder of that name can be an address."""
    return len(name) <= 80 and re.match(SLUG, name) is not None


class Content(BaseModel):
    """Base of all content: immutable and strict about unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Resource(Content):
    """A book, course, paper or page that a roadmap or an author recommends."""

    title: str
    kind: Literal["book", "course", "paper", "article", "video", "documentation", "code", "community"]
    by: str = ""
    url: str = ""
    note: str = ""
    covers: tuple[RowId, ...] = ()


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


class Choice(Content):
    """One answer of a choice question. ``explain`` answers the person who picked it."""

    text: Markdown
    correct: bool = False
    explain: str = ""


class Asked(Content):
    """What every question has. ``id`` never changes; ``section`` is the anchor of a lesson's heading."""

    id: Slug
    prompt: Markdown
    explain: Markdown
    hint: str = ""
    section: str = ""


class ChoiceQuestion(Asked):
    """``single``: pick the one that is right. ``multiple``: pick all that are right."""

    type: Literal["single", "multiple"]
    choices: tuple[Choice, ...] = Field(min_length=2, max_length=10)

    @model_validator(mode="after")
    def right_number_correct(self) -> Self:
        """Exactly one correct choice for ``single``, at least one for ``multiple``."""
        correct = sum(choice.correct for choice in self.choices)
        if self.type == "single" and correct != 1:
            raise ValueError(f"a single question has exactly one correct choice, this one has {correct}")
        if correct == 0:
            raise ValueError("mark at least one choice with `correct: true`")
        return self


class NumericQuestion(Asked):
    """A number, right within ``tolerance`` (absolute). ``unit`` is shown beside the field."""

    type: Literal["numeric"]
    answer: float
    tolerance: float = Field(1e-9, ge=0)
    unit: str = ""


class TextQuestion(Asked):
    """A short text, right if a pattern in ``accept`` matches all of it, ignoring case and outer space.

    Also serves "what does this print?", with the code in the prompt. ``answer`` is the one shown.
    """

    type: Literal["text"]
    answer: str
    accept: tuple[str, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def patterns_compile_and_accept_the_answer(self) -> Self:
        """Each pattern is a regular expression, and one of them accepts the answer shown."""
        if not any(re.fullmatch(pattern, self.answer, re.IGNORECASE) for pattern in self.accept):
            raise ValueError("no pattern in `accept` matches `answer`")
        return self


class OrderQuestion(Asked):
    """Put ``items`` in order; they are written in the right order and shown shuffled."""

    type: Literal["order"]
    items: tuple[Markdown, ...] = Field(min_length=3, max_length=8)


Question = Annotated[
    ChoiceQuestion | NumericQuestion | TextQuestion | OrderQuestion, Field(discriminator="type")
]


class Quiz(Content):
    """``quiz.yaml``: the questions of a topic, and the share of points that passes."""

    pass_score: float = Field(0.7, gt=0, le=1)
    questions: tuple[Question, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def ids_are_unique(self) -> Self:
        """No two questions share an id."""
        ids = [question.id for question in self.questions]
        if twice := {i for i in ids if ids.count(i) > 1}:
            raise ValueError(f"question id used twice: {', '.join(sorted(twice))}")
        return self


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


class CriterionKind(StrEnum):
    """How a criterion is met, which is also how its stone is drawn."""

    EXERCISE = "exercise"  # exercises passed, or named tests of the project passed
    QUIZ = "quiz"
    METRIC = "metric"
    DOCUMENT = "document"
    RUBRIC = "rubric"  # judged by a mentor


class CriterionBase(Content):
    """What every criterion has. ``quote`` is the roadmap's own wording."""

    id: Slug
    title: str
    quote: str = ""
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
    """A score of ``at_least`` on the quiz of each topic in ``topics``."""

    kind: Literal[CriterionKind.QUIZ]
    topics: tuple[Slug, ...] = Field(min_length=1)
    at_least: float = Field(0.7, gt=0, le=1)


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


Criterion = Annotated[
    ExerciseCriterion | QuizCriterion | MetricCriterion | DocumentCriterion | RubricCriterion,
    Field(discriminator="kind"),
]


class ProjectFile(Content):
    """A file the learner hands in. Its first content is ``starter/<name>``."""

    name: str = Field(pattern=r"^[a-z_][a-z0-9_]*\.(py|md)$")
    title: str = ""
    optional: bool = False


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
    prerequisites: tuple[Slug, ...] = ()  # topics
    criteria: tuple[Criterion, ...] = ()
    covers: tuple[RowId, ...] = ()
    resources: tuple[Resource, ...] = ()


class Milestone(Content):
    """A cairn: topics that lead to it, projects, and criteria (theirs and its own), one stone each."""

    slug: Slug  # unique within the path
    number: str = ""  # as the roadmap numbers it: "0.1", "Week 3-4", "Day 15"
    title: str
    summary: str = ""
    duration: str = ""  # as the roadmap says it: "1 to 2 weeks"
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
    needs: tuple[str, ...] = ()
    stages: tuple[Stage, ...] = Field(min_length=1)
    covers: tuple[RowId, ...] = ()
    resources: tuple[Resource, ...] = ()

    @property
    def milestones(self) -> tuple[Milestone, ...]:
        """All milestones in walking order."""
        return tuple(milestone for stage in self.stages for milestone in stage.milestones)
