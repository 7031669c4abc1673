"""The kinds of questions, as types. ``content.Quiz`` and ``content.Assessment`` are made of them."""

import random
import re
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Discriminator, Field, Tag, TypeAdapter, ValidationError, model_validator

from cairn.catalog.expressions import BadExpression, Value, evaluate, insert
from cairn.catalog.format import Content, Markdown, Slug, unset

VARIANTS = 12  # of a seeded question: all of them are checked and rendered when it is published
FEWEST_VARIANTS = 3
NAME = r"^[a-z][a-z0-9_]*$"
Name = Annotated[str, Field(pattern=NAME, max_length=20)]


class Asked(Content):
    """What every question has. ``id`` never changes; ``section`` is the anchor of a lesson's heading.

    ``hint_cost`` is what the hint takes off the question's point, for who asks for it.
    """

    id: Slug
    prompt: Markdown
    explain: Markdown
    hint: str = ""
    section: str = ""
    hint_cost: float = Field(0, ge=0, le=1, exclude_if=unset)


class Choice(Content):
    """One answer of a choice question. ``explain`` answers the person who picked it."""

    text: Markdown
    correct: bool = False
    explain: str = ""


class ChoiceQuestion(Asked):
    """``single``: pick the one that is right. ``multiple``: pick all that are right.

    Credit for ``multiple``: the share of right ones ticked less the share of wrong ones ticked.
    """

    type: Literal["single", "multiple"]
    choices: tuple[Choice, ...] = Field(min_length=2, max_length=10)

    @model_validator(mode="after")
    def right_number_correct(self) -> Self:
        """Exactly one correct choice for ``single``, at least one for ``multiple``; no two read the same."""
        correct = sum(choice.correct for choice in self.choices)
        if self.type == "single" and correct != 1:
            raise ValueError(f"a single question has exactly one correct choice, this one has {correct}")
        if correct == 0:
            raise ValueError("mark at least one choice with `correct: true`")
        _distinct("choices", [choice.text for choice in self.choices])
        return self


class NumericQuestion(Asked):
    """A number, right within ``tolerance`` (absolute).

    ``unit`` is shown beside the field; another unit of the same kind is converted. With ``unit_required`` the
    unit is part of the answer, and not shown.
    """

    type: Literal["numeric"]
    answer: float = Field(allow_inf_nan=False)
    tolerance: float = Field(1e-9, ge=0)
    unit: str = ""
    unit_required: bool = Field(False, exclude_if=unset)

    @model_validator(mode="after")
    def a_required_unit_is_named(self) -> Self:
        """``unit_required`` comes with a ``unit``."""
        if self.unit_required and not self.unit:
            raise ValueError("name the `unit` that is required")
        return self


class TextQuestion(Asked):
    """A short text, right if a pattern in ``accept`` matches all of it, ignoring case and outer space.

    ``answer`` is the one shown.
    """

    type: Literal["text"]
    answer: str
    accept: tuple[str, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def patterns_compile_and_accept_the_answer(self) -> Self:
        """Each pattern is a regular expression, and one of them accepts the answer shown."""
        if not any(_matches(pattern, self.answer, re.IGNORECASE) for pattern in self.accept):
            raise ValueError("no pattern in `accept` matches `answer`")
        return self


class OrderQuestion(Asked):
    """Put ``items`` in order; they are written in the right order and shown shuffled.

    Credit: the mean of two shares, items in their own place and neighbours that follow as they should.
    """

    type: Literal["order"]
    items: tuple[Markdown, ...] = Field(min_length=3, max_length=8)


class Pair(Content):
    """Two things that belong together."""

    left: Markdown
    right: Markdown


class MatchQuestion(Asked):
    """Find the right side of each pair. ``extra`` are right sides that belong to none.

    A right side may belong to several left ones. Credit: the share of pairs that are right.
    """

    type: Literal["match"]
    pairs: tuple[Pair, ...] = Field(min_length=2, max_length=8)
    extra: tuple[Markdown, ...] = Field((), max_length=4)

    @property
    def rights(self) -> tuple[str, ...]:
        """The right sides to choose from, each once."""
        return tuple(dict.fromkeys((*(pair.right for pair in self.pairs), *self.extra)))

    @model_validator(mode="after")
    def sides_can_be_told_apart(self) -> Self:
        """Left sides differ, extras belong to nothing, and there is something to choose."""
        _distinct("pairs", [pair.left for pair in self.pairs])
        _distinct("extra", self.extra)
        if clash := {pair.right for pair in self.pairs} & set(self.extra):
            raise ValueError(f"`{min(clash)}` is in `extra` and belongs to a pair")
        if len(self.rights) < 2:
            raise ValueError("all pairs have the same right side; add another or an `extra`")
        return self


class PredictQuestion(Asked):
    """What does ``code`` print? The answer is compared line by line; white space at line ends is forgiven.

    ``curriculum check --run`` runs Python code and compares. Credit: the share of lines that are right.
    """

    type: Literal["predict"]
    code: str = Field(min_length=1)
    output: str = Field(min_length=1)
    language: str = "python"

    @model_validator(mode="after")
    def prints_something(self) -> Self:
        """The output has something to type."""
        if not self.output.strip():
            raise ValueError("`output` is empty; ask about code that prints something")
        return self


class Blank(Content):
    """A gap in code. ``answer`` is the one shown, spaces do not count; ``accept`` are patterns of others."""

    answer: str = Field(min_length=1, max_length=80)
    accept: tuple[str, ...] = ()


class FillQuestion(Asked):
    """Code with gaps, each written ``{{name}}`` and explained in ``blanks``.

    Credit: the share of gaps that are right.
    """

    type: Literal["fill"]
    code: str = Field(min_length=1)
    blanks: dict[Name, Blank] = Field(min_length=1, max_length=8)
    language: str = "python"

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the gaps in the order of the code."""
        return tuple(sorted(self.blanks, key=lambda name: self.code.index(f"{{{{{name}}}}}")))

    @model_validator(mode="after")
    def each_gap_is_in_the_code(self) -> Self:
        """Each blank stands in the code exactly once, and its patterns are regular expressions."""
        for name, blank in self.blanks.items():
            if self.code.count(f"{{{{{name}}}}}") != 1:
                raise ValueError(f"write `{{{{{name}}}}}` once in `code`")
            for pattern in blank.accept:
                _matches(pattern, blank.answer)
        return self


PLAIN = (
    ChoiceQuestion | NumericQuestion | TextQuestion | OrderQuestion | MatchQuestion | PredictQuestion
    | FillQuestion
)  # fmt: skip
Question = Annotated[PLAIN, Field(discriminator="type")]
_QUESTION: TypeAdapter[Question] = TypeAdapter(Question)


def read_question(fields: Mapping[str, Any]) -> Question:
    """A question from its fields. Raises ValidationError."""
    return _QUESTION.validate_python(dict(fields))


class Parameter(Content):
    """A value drawn per learner and attempt: one of ``among``, or of ``low``, ``low + step``, … ``high``."""

    low: float | None = None
    high: float | None = None
    step: float = Field(1, gt=0)
    among: tuple[float | str, ...] = ()

    @model_validator(mode="after")
    def one_kind(self) -> Self:
        """Either a list or a range that holds something."""
        if bool(self.among) == (self.low is not None and self.high is not None):
            raise ValueError("write `among: […]`, or `low` and `high`")
        if not self.among and self.values < 2:
            raise ValueError("`high` must be at least one `step` above `low`")
        return self

    @property
    def values(self) -> int:
        """How many values there are."""
        if self.among or self.low is None or self.high is None:
            return len(self.among)
        return int((self.high - self.low) / self.step + 1e-9) + 1

    def value(self, place: int) -> Value:
        """The value at a place from 0; whole numbers are ints."""
        found = self.among[place] if self.among else round((self.low or 0) + place * self.step, 9)
        return int(found) if isinstance(found, float) and found.is_integer() else found


class SeededQuestion(Content):
    """A question of any kind whose texts hold ``{{expressions}}`` over ``parameters`` and ``derived`` values.

    It is published as several variants, all of them checked here. ``where`` are conditions that every variant
    must meet; draws that do not are drawn again.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    id: Slug
    type: Literal["single", "multiple", "numeric", "text", "order", "match", "predict", "fill"]
    parameters: dict[Name, Parameter] = Field(min_length=1)
    derived: dict[Name, str] = {}
    where: tuple[str, ...] = ()
    section: str = ""

    @cached_property
    def variants(self) -> tuple[Question, ...]:
        """The question with different numbers. The same file gives the same variants."""
        found: dict[str, Question] = {}
        for place in range(VARIANTS * 20):
            if len(found) == VARIANTS:
                break
            names = self._drawn(random.Random(f"{self.id}/{place}"))  # noqa: S311 - not a secret
            if names is not None and (drawn := repr(sorted(names.items()))) not in found:
                found[drawn] = self._variant(names)
        return tuple(found.values())

    @model_validator(mode="after")
    def every_variant_is_a_question(self) -> Self:
        """All variants can be asked: finite values, distinct choices, gaps and patterns as they must be."""
        try:
            count = len(self.variants)
        except BadExpression as error:
            raise ValueError(str(error)) from None
        if count < FEWEST_VARIANTS:
            raise ValueError(
                f"the parameters give {count} variants; at least {FEWEST_VARIANTS} must meet `where`"
            )
        return self

    def _drawn(self, chance: random.Random) -> dict[str, Value] | None:
        """Values for all names, or None if a condition is not met."""
        names = {name: one.value(chance.randrange(one.values)) for name, one in self.parameters.items()}
        for name, expression in self.derived.items():
            names[name] = evaluate(expression, names)
        return names if all(evaluate(condition, names) for condition in self.where) else None

    def _variant(self, names: Mapping[str, Value]) -> Question:
        own = {"id": self.id, "type": self.type, "section": self.section}
        extra = self.model_extra or {}
        leave = frozenset(extra.get("blanks", ()))
        try:
            return read_question({**{k: _inserted(v, names, leave) for k, v in extra.items()}, **own})
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(step) for step in first["loc"][1:])
            drawn = ", ".join(f"{name} = {value}" for name, value in names.items())
            raise ValueError(f"with {drawn}: {where + ': ' if where else ''}{first['msg']}") from None


def _inserted(value: Any, names: Mapping[str, Value], leave: frozenset[str]) -> Any:
    if isinstance(value, str):
        return insert(value, names, leave)
    if isinstance(value, Mapping):
        return {key: _inserted(inner, names, leave) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_inserted(inner, names, leave) for inner in value]
    return value


def _kind(question: Any) -> str:
    """Which type a question in a file is read as."""
    if isinstance(question, SeededQuestion):
        return "seeded"
    if isinstance(question, Mapping):
        return "seeded" if "parameters" in question else "plain"
    return "plain"


AnyQuestion = Annotated[
    Annotated[SeededQuestion, Tag("seeded")] | Annotated[Question, Tag("plain")], Discriminator(_kind)
]


def variants_of(question: AnyQuestion) -> tuple[Question, ...]:
    """The questions that it may be asked as: itself, or a seeded one's variants."""
    return question.variants if isinstance(question, SeededQuestion) else (question,)


def _matches(pattern: str, text: str, flags: re.RegexFlag = re.NOFLAG) -> bool:
    try:
        return re.fullmatch(pattern, text, flags) is not None
    except re.error as error:
        raise ValueError(f"`{pattern}` is no regular expression: {error}") from None


def _distinct(what: str, texts: tuple[str, ...] | list[str]) -> None:
    twice = {text for text in texts if texts.count(text) > 1}
    if twice:
        raise ValueError(f"two of `{what}` read `{min(twice)}`")
