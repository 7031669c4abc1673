"""Quizzes: one go at a topic's questions, each answer saved, marked and explained at once.

An attempt is pinned to the quiz's content and to a seed that shuffles choices and items. What is right is
read from the document's private part and leaves it only for a question that has been answered.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from django.db import transaction
from django.utils import timezone
from pydantic import TypeAdapter

from cairn.accounts.models import User
from cairn.catalog.content import ChoiceQuestion, NumericQuestion, OrderQuestion, Question, TextQuestion
from cairn.catalog.models import Document
from cairn.catalog.queries import document, document_at
from cairn.submissions.marking import KEPT, Answer, mark, read_answer
from cairn.submissions.models import QuizAttempt
from cairn.ui.errors import NotFound, Refusal

_QUESTION: TypeAdapter[Question] = TypeAdapter(Question)


class AlreadyAnswered(Refusal):
    """The answer was explained, and so it stands."""

    status = 409
    code = "already-answered"


class AttemptFinished(Refusal):
    """Nothing more can be answered in this attempt."""

    status = 409
    code = "attempt-finished"


class QuestionsOpen(Refusal):
    """The attempt can't be finished yet."""

    code = "questions-open"


@dataclass(frozen=True)
class Option:
    """A choice, or an item to put in order. ``value`` is what a form sends for it.

    ``correct``, ``explain`` and ``place`` (of an item in the right order, from 1) are set only once the
    question is answered.
    """

    value: int
    html: str
    chosen: bool = False
    correct: bool | None = None
    explain: str = ""
    place: int | None = None


@dataclass(frozen=True)
class Asked:
    """A question as a page shows it, marked if it was answered."""

    number: int
    id: str
    type: str
    prompt: str
    hint: str
    section: str
    unit: str
    options: tuple[Option, ...]
    points: float | None = None  # None: not answered
    answer: str = ""  # as typed, for a number or a text
    right_answer: str = ""  # to show, for a number or a text
    explain: str = ""

    @property
    def answered(self) -> bool:
        """Whether it was answered, and so is explained."""
        return self.points is not None

    @property
    def verdict(self) -> str:
        """``right``, ``partly`` or ``wrong``; empty before the answer."""
        if self.points is None:
            return ""
        return "right" if self.points == 1 else "partly" if self.points > 0 else "wrong"


@dataclass(frozen=True)
class Sheet:
    """A quiz as one learner sees it: ``attempt`` is None until the first answer."""

    topic: str
    questions: tuple[Asked, ...]
    pass_score: float
    styles: str
    attempt: QuizAttempt | None

    @property
    def answered(self) -> int:
        """How many questions are answered."""
        return sum(question.answered for question in self.questions)

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


# --- verbs


def start(user: User, topic: str) -> QuizAttempt:
    """The learner's unfinished attempt at the current content, or else a new one, in a new order."""
    quiz = document(Document.Kind.QUIZ, topic)
    with transaction.atomic():
        User.objects.select_for_update().only("pk").get(pk=user.pk)  # two tabs must not begin two attempts
        latest = _latest(user, quiz)
        if latest and not latest.finished_at:
            return latest
        seed = latest.seed + 1 if latest else _first_seed(user, topic)
        return QuizAttempt.objects.create(user=user, topic=topic, content_hash=quiz.content_hash, seed=seed)


def answer(attempt: QuizAttempt, question_id: str, value: Any) -> Asked:
    """Save and mark one answer; the last one finishes the attempt. Giving the same answer again is harmless.

    Raises BadAnswer for a value that can't be an answer, AlreadyAnswered for a second thought,
    AttemptFinished, and NotFound for a question that the quiz does not have.
    """
    quiz = document_at(Document.Kind.QUIZ, attempt.topic, attempt.content_hash)
    question = _question(quiz, question_id)
    given = read_answer(question, _authored(quiz, question, value))
    with transaction.atomic():
        attempt = QuizAttempt.objects.select_for_update().get(pk=attempt.pk)
        if attempt.answers.get(question_id) != given:
            _check_open(attempt, question_id)
            attempt.answers[question_id] = given
            attempt.results[question_id] = mark(question, given)
            attempt.save(update_fields=["answers", "results"])
            if len(attempt.results) == len(quiz.body["questions"]):
                _seal(attempt, len(quiz.body["questions"]))
    return sheet(quiz, attempt, attempt.user_id).question(question_id)


def finish(attempt: QuizAttempt) -> QuizAttempt:
    """Seal the score, the mean of all points. Raises QuestionsOpen while a question is unanswered."""
    quiz = document_at(Document.Kind.QUIZ, attempt.topic, attempt.content_hash)
    count = len(quiz.body["questions"])
    with transaction.atomic():
        attempt = QuizAttempt.objects.select_for_update().get(pk=attempt.pk)
        if left := count - len(attempt.results):
            raise QuestionsOpen(f"{left} of {count} questions are still open. Your answers are kept.")
        if not attempt.finished_at:
            _seal(attempt, count)
    return attempt


def _check_open(attempt: QuizAttempt, question_id: str) -> None:
    if attempt.finished_at:
        raise AttemptFinished(
            "This attempt is finished and its score stands. Start a new one to answer again."
        )
    if question_id in attempt.answers:
        raise AlreadyAnswered(
            "You answered this question before, and it was explained, so the first answer stands. "
            "A new attempt asks it again."
        )


def _seal(attempt: QuizAttempt, count: int) -> None:
    attempt.score = sum(attempt.results.values()) / count
    attempt.finished_at = timezone.now()
    attempt.save(update_fields=["score", "finished_at"])


# --- reads


def access_attempt(user: User, attempt_id: int) -> QuizAttempt:
    """The person's own attempt. Raises NotFound."""
    attempt = QuizAttempt.objects.filter(pk=attempt_id, user=user).first()
    if attempt is None:
        raise NotFound(f"This attempt is not one of yours. Reload the page and answer there. {KEPT}")
    return attempt


def sheet_for(user: User | None, topic: str) -> Sheet:
    """The current quiz with the learner's latest attempt at it. Raises NotFound if the topic has no quiz."""
    quiz = document(Document.Kind.QUIZ, topic)
    latest = _latest(user, quiz) if user else None
    return sheet(quiz, latest, user.pk if user else 0)


def sheet(quiz: Document, attempt: QuizAttempt | None, user_id: int) -> Sheet:
    """The quiz as a page shows it, in the order of the attempt (or of the one that would be begun)."""
    seed = attempt.seed if attempt else _seed_of(user_id, quiz.slug)
    questions = tuple(
        _asked(number, shown, _question(quiz, shown["id"]), quiz, attempt, seed)
        for number, shown in enumerate(quiz.body["questions"], 1)
    )
    return Sheet(quiz.slug, questions, quiz.body["pass_score"], quiz.body["styles"], attempt)


def ask_alone(quiz: Document, question_id: str, seed: int) -> Asked:
    """One question outside any attempt, as a review asks it. Raises NotFound."""
    return sheet(quiz, QuizAttempt(seed=seed), 0).question(question_id)


def mark_alone(quiz: Document, question_id: str, seed: int, value: Any) -> Asked:
    """The same question answered, marked and explained; nothing is stored. Raises BadAnswer, NotFound."""
    question = _question(quiz, question_id)
    given = read_answer(question, _authored(quiz, question, value))
    marked = QuizAttempt(
        seed=seed, answers={question_id: given}, results={question_id: mark(question, given)}
    )
    return sheet(quiz, marked, 0).question(question_id)


def _latest(user: User, quiz: Document) -> QuizAttempt | None:
    return QuizAttempt.objects.filter(
        user=user, topic=quiz.slug, content_hash=quiz.content_hash
    ).order_by("-pk").first()  # fmt: skip


def _question(quiz: Document, question_id: str) -> Question:
    stored = quiz.private["questions"].get(question_id)
    if stored is None:
        raise NotFound(f"This quiz has no question “{question_id[:40]}”. {KEPT}")
    return _QUESTION.validate_python({k: v for k, v in stored.items() if k not in _RENDERED})


def _asked(
    number: int,
    shown: dict[str, Any],
    question: Question,
    quiz: Document,
    attempt: QuizAttempt | None,
    seed: int,
) -> Asked:
    given: Answer | None = attempt.answers.get(question.id) if attempt else None
    points: float | None = attempt.results.get(question.id) if attempt else None
    private = quiz.private["questions"][question.id]
    answered = points is not None
    return Asked(
        number=number,
        id=question.id,
        type=question.type,
        prompt=shown["prompt"],
        hint=shown.get("hint", ""),
        section=shown.get("section", ""),
        unit=shown.get("unit", ""),
        options=_options(question, shown, private, given if answered else None, seed),
        points=points,
        answer=given if isinstance(given, str) else "",
        right_answer=_right_answer(question) if answered else "",
        explain=private["explain"] if answered else "",
    )


def _right_answer(question: Question) -> str:
    match question:
        case NumericQuestion():
            return f"{question.answer:.10g} {question.unit}".strip()
        case TextQuestion():
            return question.answer
    return ""


# --- order and shuffling


def _options(
    question: Question, shown: dict[str, Any], private: dict[str, Any], given: Answer | None, seed: int
) -> tuple[Option, ...]:
    match question:
        case ChoiceQuestion():
            return _choices(question, shown["choices"], private["choice_explains"], given, seed)
        case OrderQuestion():
            return _items(question, shown["items"], private["order"], given, seed)
    return ()


def _choices(
    question: ChoiceQuestion, htmls: Sequence[str], explains: Sequence[str], given: Answer | None, seed: int
) -> tuple[Option, ...]:
    chosen = {given} if isinstance(given, int) else set(given or ())
    answered = given is not None
    return tuple(
        Option(
            value=index,
            html=htmls[index],
            chosen=index in chosen,
            correct=question.choices[index].correct if answered else None,
            explain=explains[index] if answered else "",
        )
        for index in _shuffled(len(htmls), seed, question.id)
    )


def _items(
    question: OrderQuestion, htmls: Sequence[str], order: Sequence[int], given: Answer | None, seed: int
) -> tuple[Option, ...]:
    """Items shuffled before the answer, in the order given after it. ``order[k]``: the k-th one's value."""
    if isinstance(given, list):
        return tuple(
            Option(order[item], htmls[order[item]], True, item == place, place=item + 1)
            for place, item in enumerate(given)
        )
    values = _shuffled(len(htmls), seed, question.id)
    if values == list(order):  # the right order must not be handed out
        values.reverse()
    return tuple(Option(value, htmls[value]) for value in values)


def _authored(quiz: Document, question: Question, value: Any) -> Any:
    """An order as a page sends it (values of its items) in the author's indices; all else as it is."""
    if not isinstance(question, OrderQuestion) or not isinstance(value, list | tuple):
        return value
    place_of = {str(v): place for place, v in enumerate(quiz.private["questions"][question.id]["order"])}
    return [place_of.get(str(one), len(place_of)) for one in value]


def _shuffled(count: int, seed: int, question_id: str) -> list[int]:
    return sorted(range(count), key=lambda index: _hash(f"{seed}/{question_id}/{index}"))


def _first_seed(user: User, topic: str) -> int:
    return _seed_of(user.pk, topic)


def _seed_of(user_id: int, topic: str) -> int:
    return _hash(f"{user_id}/{topic}") % 2**30  # leaves room to count up in a PositiveIntegerField


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest())


_RENDERED = ("choice_explains", "order")  # what publishing adds to a question's own fields
