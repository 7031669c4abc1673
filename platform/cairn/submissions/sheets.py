"""Questions as a page shows them: shuffled, with one learner's numbers, and marked once that is due.

What is right is read from a document's private half, and is in a sheet only for a question that is marked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import Any

from cairn.catalog.content import (
    ChoiceQuestion,
    FillQuestion,
    MatchQuestion,
    NumericQuestion,
    OrderQuestion,
    PredictQuestion,
    Question,
    TextQuestion,
)
from cairn.catalog.models import Document
from cairn.catalog.questions import read_question
from cairn.submissions.draws import number
from cairn.submissions.marking import KEPT, OPEN, Answer, lines, marked_parts
from cairn.submissions.models import QuizAttempt
from cairn.ui.errors import NotFound

BETWEEN = "--"  # in the key of a drawn question; a slug never has two hyphens together


_TASKS = {
    "single": "Pick one",
    "multiple": "Pick all that are right",
    "numeric": "A number",
    "text": "A short text",
    "order": "Put them in order",
    "match": "Find what belongs together",
    "predict": "What does it print?",
    "fill": "Fill the gaps",
}


@dataclass(frozen=True)
class Option:
    """A choice, an item to put in order, or a right side to match. ``value`` is what a form sends for it.

    ``label`` is what a select shows. ``correct``, ``explain`` and ``place`` (of an item in the right order,
    from 1) are set only once the question is marked; ``place`` also where a refused answer put an item.
    """

    value: int
    html: str
    chosen: bool = False
    correct: bool | None = None
    explain: str = ""
    place: int | None = None
    label: str = ""


@dataclass(frozen=True)
class Part:
    """A pair to match, a gap to fill or a line of output.

    ``html`` stands before it: a left side, or code. ``given`` is what was answered (of a pair: the value),
    ``given_html`` and ``right`` are to show. ``correct`` and ``right`` are set only once marked.
    """

    html: str = ""
    given: str = ""
    given_html: str = ""
    right: str = ""
    correct: bool | None = None


@dataclass(frozen=True)
class Given:
    """What a learner did with a question. ``points`` is None until it is marked."""

    answer: Answer | None = None
    points: float | None = None
    hinted: bool = False


@dataclass(frozen=True)
class Asked:
    """A question as a page shows it, marked if that is due. ``topic`` is whose lesson explains it."""

    number: int
    id: str
    type: str
    prompt: str
    hint: str  # empty until it was taken
    section: str
    unit: str
    options: tuple[Option, ...]
    points: float | None = None  # None: not marked
    answer: str = ""  # as typed, for a number or a text
    right_answer: str = ""  # to show, for a number or a text
    explain: str = ""
    topic: str = ""
    has_hint: bool = False
    hint_cost: float = 0
    hinted: bool = False
    saved: bool = False  # whether there is an answer, marked or not
    parts: tuple[Part, ...] = ()
    code: str = ""  # what prints, or what stands after the last gap

    @property
    def answered(self) -> bool:
        """Whether it was marked, and so is explained."""
        return self.points is not None

    @property
    def verdict(self) -> str:
        """``right``, ``partly`` or ``wrong``; empty before it is marked."""
        if self.points is None:
            return ""
        return "right" if self.points == 1 else "partly" if self.points > 0 else "wrong"

    @property
    def task(self) -> str:
        """What to do with it, in words."""
        return _TASKS[self.type]

    @property
    def rows(self) -> int:
        """Lines of the field for what is printed: the answer's, and room for some more."""
        return min(20, max(4, self.answer.count("\n") + 2))


@dataclass(frozen=True)
class Sheet:
    """A quiz or an assessment as one learner sees it: ``attempt`` is None until the first answer."""

    topic: str
    questions: tuple[Asked, ...]
    pass_score: float
    styles: str
    attempt: QuizAttempt | None
    earlier: tuple[QuizAttempt, ...] = field(default=())  # finished ones, oldest first

    @property
    def answered(self) -> int:
        """How many questions are answered and marked."""
        return sum(question.answered for question in self.questions)

    @property
    def saved(self) -> int:
        """How many questions have an answer."""
        return sum(question.saved for question in self.questions)

    @property
    def score(self) -> float | None:
        """The sealed score from 0 to 1, once finished."""
        return self.attempt.score if self.attempt else None

    @property
    def passed(self) -> bool:
        """Whether the sealed score reaches the pass score."""
        return self.score is not None and self.score >= self.pass_score - 1e-9

    def question(self, question_id: str) -> Asked:
        """The question of that id. Raises NotFound."""
        for question in self.questions:
            if question.id == question_id:
                return question
        raise NotFound(f"This quiz has no such question. {KEPT}")


def sheet(quiz: Document, attempt: QuizAttempt | None, seed: int) -> Sheet:
    """A topic's quiz, in the order of the attempt (or with the ``seed`` of the one that would be begun)."""
    seed = attempt.seed if attempt else seed
    questions = tuple(
        ask(quiz, shown["id"], seed, given_in(attempt, shown["id"]), at=at)
        for at, shown in enumerate(quiz.body["questions"], 1)
    )
    return Sheet(quiz.slug, questions, quiz.body["pass_score"], quiz.body["styles"], attempt)


def drawn_sheet(attempt: QuizAttempt, documents: Mapping[str, Document], pass_score: float) -> Sheet:
    """The questions of an assessment's attempt. ``documents`` are their quizzes by slug."""
    questions = []
    for at, (slug, _, question_id) in enumerate(attempt.drawn, 1):
        key = f"{slug}{BETWEEN}{question_id}"
        one = ask(documents[slug], question_id, attempt.seed, given_in(attempt, key), at=at, key=key)
        # A question of the assessment's own bank has no lesson to reread.
        questions.append(replace(one, section="") if slug == attempt.topic else one)
    styles = "".join(document.body["styles"] for document in documents.values())
    return Sheet(attempt.topic, tuple(questions), pass_score, styles, attempt)


def given_in(attempt: QuizAttempt | None, key: str) -> Given:
    """What an attempt holds of a question."""
    if attempt is None:
        return Given()
    return Given(attempt.answers.get(key), attempt.results.get(key), key in attempt.hints)


def question_of(quiz: Document, question_id: str, seed: int) -> Question:
    """What marks the question, with the numbers that the seed picks. Raises NotFound."""
    private = _private(quiz, question_id, seed)
    return read_question({name: value for name, value in private.items() if name not in _RENDERED})


def authored(quiz: Document, question_id: str, seed: int, value: Any) -> Any:
    """What a page sends (values of its options) in the author's indices; where there are none, as it is."""
    private = _private(quiz, question_id, seed)
    if private["type"] not in ("order", "match") or not isinstance(value, list | tuple):
        return value
    place_of = {str(shown): place for place, shown in enumerate(private["order"])}
    return [place_of.get(str(one), one if one in ("", None) else len(place_of)) for one in value]


def ask(quiz: Document, question_id: str, seed: int, given: Given, at: int = 1, key: str = "") -> Asked:
    """One question of a quiz. Raises NotFound."""
    shown, private = _public(quiz, question_id, seed), _private(quiz, question_id, seed)
    question = question_of(quiz, question_id, seed)
    marked = given.points is not None
    text = given.answer if isinstance(given.answer, str) else ""
    return Asked(
        number=at,
        id=key or question_id,
        type=question.type,
        prompt=shown["prompt"],
        hint=shown.get("hint", "") if given.hinted or marked else "",
        section=shown.get("section", ""),
        unit=shown.get("unit", ""),
        options=_options(question, shown, private, given, seed),
        points=given.points,
        answer=text,
        right_answer=_right_answer(question) if marked else "",
        explain=private["explain"] if marked else "",
        topic=quiz.slug,
        has_hint=bool(shown.get("hint")),
        hint_cost=shown.get("hint_cost", 0),
        hinted=given.hinted,
        saved=given.answer is not None,
        parts=_parts(question, shown, private, given),
        code=shown["code"][-1] if question.type == "fill" else shown.get("code", ""),
    )


def _public(quiz: Document, question_id: str, seed: int) -> dict[str, Any]:
    for shown in quiz.body["questions"]:
        if shown["id"] == question_id:
            return _variant(shown, question_id, seed)
    raise NotFound(f"This quiz has no question “{question_id[:40]}”. {KEPT}")


def _private(quiz: Document, question_id: str, seed: int) -> dict[str, Any]:
    stored = quiz.private["questions"].get(question_id)
    if stored is None:
        raise NotFound(f"This quiz has no question “{question_id[:40]}”. {KEPT}")
    return _variant(stored, question_id, seed)


def _variant(stored: dict[str, Any], question_id: str, seed: int) -> dict[str, Any]:
    """The variant of a seeded question; seeds that follow each other pick different ones."""
    variants: list[dict[str, Any]] = stored.get("variants", [])
    return variants[(number(question_id) + seed) % len(variants)] if variants else stored


def _right_answer(question: Question) -> str:
    match question:
        case NumericQuestion():
            return f"{question.answer + 0.0:.10g} {question.unit}".strip()  # and no negative zero
        case TextQuestion():
            return question.answer
        case PredictQuestion():
            return "\n".join(lines(question.output))
    return ""


# --- options: order and shuffling


def _options(
    question: Question, shown: dict[str, Any], private: dict[str, Any], given: Given, seed: int
) -> tuple[Option, ...]:
    match question:
        case ChoiceQuestion():
            return _choices(question, shown["choices"], private["choice_explains"], given, seed)
        case OrderQuestion():
            return _items(question, shown["items"], private["order"], given, seed)
        case MatchQuestion():
            return _rights(shown, seed, question.id)
    return ()


def _choices(
    question: ChoiceQuestion, htmls: Sequence[str], explains: Sequence[str], given: Given, seed: int
) -> tuple[Option, ...]:
    chosen = {given.answer} if isinstance(given.answer, int) else set(given.answer or ())
    marked = given.points is not None
    return tuple(
        Option(
            value=index,
            html=htmls[index],
            chosen=index in chosen,
            correct=question.choices[index].correct if marked else None,
            explain=explains[index] if marked else "",
        )
        for index in _shuffled(len(htmls), seed, question.id)
    )


def _items(
    question: OrderQuestion, htmls: Sequence[str], order: Sequence[int], given: Given, seed: int
) -> tuple[Option, ...]:
    """Items shuffled before the answer, in the order given after it. ``order[k]``: the k-th one's value."""
    if isinstance(given.answer, list):
        answer = [int(item) for item in given.answer]
        if given.points is None:
            return tuple(Option(order[item], htmls[order[item]]) for item in answer)
        return tuple(
            Option(order[item], htmls[order[item]], True, item == place, place=item + 1)
            for place, item in enumerate(answer)
        )
    values = _shuffled(len(htmls), seed, question.id)
    if values == list(order):  # the right order must not be handed out
        values.reverse()
    if given.points is None:
        return tuple(Option(value, htmls[value]) for value in values)
    return tuple(Option(order[k], htmls[order[k]], False, True, place=k + 1) for k in range(len(order)))


def _rights(shown: dict[str, Any], seed: int, question_id: str) -> tuple[Option, ...]:
    values = _shuffled(len(shown["rights"]), seed, question_id)
    texts: list[str] = shown["right_texts"]
    return tuple(
        Option(value, shown["rights"][value], label=f"{letter}. {texts[value]}" if texts[value] else letter)
        for value, letter in zip(values, "ABCDEFGHIJKLM", strict=False)
    )


def _shuffled(count: int, seed: int, question_id: str) -> list[int]:
    return sorted(range(count), key=lambda index: number(f"{seed}/{question_id}/{index}"))


# --- parts: pairs, gaps, lines


def _parts(
    question: Question, shown: dict[str, Any], private: dict[str, Any], given: Given
) -> tuple[Part, ...]:
    marked = given.points is not None
    right = marked_parts(question, given.answer) if marked and given.answer is not None else []
    match question:
        case MatchQuestion():
            return _pairs(question, shown, private["order"], given, right)
        case FillQuestion():
            return _gaps(question, shown["code"], given, right)
        case PredictQuestion() if marked:
            told = lines(given.answer) if isinstance(given.answer, str) else []
            pairs = zip_longest(told, lines(question.output), right, fillvalue=None)
            return tuple(
                Part(given=said or "", right=line or "", correct=bool(ok)) for said, line, ok in pairs
            )
    return ()


def _pairs(
    question: MatchQuestion, shown: dict[str, Any], order: Sequence[int], given: Given, right: list[bool]
) -> tuple[Part, ...]:
    answer = given.answer if isinstance(given.answer, list) else []
    chosen = [None if one == OPEN else order[int(one)] for one in answer] or [None] * len(question.pairs)
    parts = []
    for k, (pair, value) in enumerate(zip(question.pairs, chosen, strict=True)):
        html = "" if value is None else shown["rights"][value]
        part = Part(shown["lefts"][k], "" if value is None else str(value), html)
        if given.points is not None:
            belongs = shown["rights"][order[question.rights.index(pair.right)]]
            part = Part(part.html, part.given, html, belongs, right[k] if right else False)
        parts.append(part)
    return tuple(parts)


def _gaps(question: FillQuestion, code: Sequence[str], given: Given, right: list[bool]) -> tuple[Part, ...]:
    said = [str(one) for one in given.answer] if isinstance(given.answer, list) else []
    parts = []
    for k, name in enumerate(question.names):
        part = Part(code[k], said[k] if said else "")
        if given.points is not None:
            correct = right[k] if right else False
            part = Part(code[k], part.given, "", question.blanks[name].answer, correct)
        parts.append(part)
    return tuple(parts)


_RENDERED = ("choice_explains", "order")  # what publishing adds to a question's own fields
