"""Quizzes: one go at a topic's questions, each answer saved, marked and explained at once.

An attempt is pinned to the quiz's content and to a seed that shuffles choices and items and picks the numbers
of seeded questions, so that its marks can be computed again. An assessment that is no exam is a quiz whose
questions are drawn: ``start_drawn`` instead of ``start``, and everything else is the same.
"""

from typing import Any

from django.db import transaction
from django.utils import timezone

from cairn.accounts.models import User
from cairn.catalog.library import AssessmentEntry, Library
from cairn.catalog.models import Document
from cairn.catalog.queries import document, document_at, documents_at, library
from cairn.submissions.draws import draw, number
from cairn.submissions.marking import KEPT, less_hint, mark, read_answer
from cairn.submissions.models import QuizAttempt
from cairn.submissions.sheets import (
    BETWEEN,
    Asked,
    Given,
    Option,
    Part,
    Sheet,
    ask,
    authored,
    drawn_sheet,
    given_in,
    question_of,
)
from cairn.submissions.sheets import sheet as whole_sheet
from cairn.ui.errors import NotFound, Refusal

__all__ = ["Asked", "Option", "Part", "Sheet"]


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


class BeingWritten(Refusal):
    """Topics of the assessment have no questions yet."""

    status = 409
    code = "being-written"


# --- verbs


def start(user: User, topic: str) -> QuizAttempt:
    """The learner's unfinished attempt at the current content, or else a new one, in a new order."""
    quiz = document(Document.Kind.QUIZ, topic)
    with transaction.atomic():
        User.objects.select_for_update().only("pk").get(pk=user.pk)  # two tabs must not begin two attempts
        latest = _latest(user, quiz)
        if latest and not latest.finished_at:
            return latest
        seed = latest.seed + 1 if latest else _seed_of(user.pk, topic)
        return QuizAttempt.objects.create(user=user, topic=topic, content_hash=quiz.content_hash, seed=seed)


def start_drawn(user: User, entry: AssessmentEntry) -> QuizAttempt:
    """The learner's unfinished attempt at an assessment, or a new one with other questions.

    Raises BeingWritten, and NotFound for an exam, which is sat and not answered like a quiz.
    """
    if entry.content.exam:
        raise NotFound
    with transaction.atomic():
        User.objects.select_for_update().only("pk").get(pk=user.pk)
        latest = QuizAttempt.objects.filter(user=user, topic=entry.slug).order_by("-pk").first()
        if latest and not latest.finished_at:
            return latest
        return new_drawn(user, entry, latest.seed + 1 if latest else _seed_of(user.pk, entry.slug))


def new_drawn(user: User, entry: AssessmentEntry, seed: int) -> QuizAttempt:
    """An attempt with questions drawn by the seed. Raises BeingWritten."""
    books = library()
    if unwritten := books.unwritten(entry):
        titles = ", ".join(topic.content.title for topic in unwritten[:3])
        more = f" and {len(unwritten) - 3} more" if len(unwritten) > 3 else ""
        raise BeingWritten(
            f"This assessment opens when its topics are written. Still to come: {titles}{more}."
        )
    hashes = quizzes_of(entry, books)
    found = documents_at(Document.Kind.QUIZ, hashes)
    ids = {slug: [one["id"] for one in quiz.body["questions"]] for slug, quiz in found.items()}
    drawn = [[slug, hashes[slug], one] for slug, one in draw(ids, entry.content.draw, seed)]
    return QuizAttempt.objects.create(
        user=user, topic=entry.slug, content_hash=entry.content_hash, seed=seed, drawn=drawn
    )


def first_seed(user: User, slug: str) -> int:
    """The seed of a learner's first attempt at something."""
    return _seed_of(user.pk, slug)


def quizzes_of(entry: AssessmentEntry, books: Library) -> dict[str, str]:
    """The hashes of the quizzes that an assessment draws from, by slug."""
    hashes = {slug: books.topic(slug).quiz_hash for slug in entry.content.topics}
    return hashes | ({entry.slug: entry.bank_hash} if entry.bank_hash else {})


def answer(attempt: QuizAttempt, question_id: str, value: Any) -> Asked:
    """Save and mark one answer; the last one finishes the attempt. Giving the same answer again is harmless.

    Raises BadAnswer for a value that can't be an answer, AlreadyAnswered for a second thought,
    AttemptFinished, and NotFound for a question that the quiz does not have.
    """
    quiz, own_id = place_of(attempt, question_id)
    question = question_of(quiz, own_id, attempt.seed)
    given = read_answer(question, authored(quiz, own_id, attempt.seed, value))
    with transaction.atomic():
        attempt = QuizAttempt.objects.select_for_update().get(pk=attempt.pk)
        if attempt.answers.get(question_id) != given:
            _check_open(attempt, question_id)
            cost = question.hint_cost if question_id in attempt.hints else 0
            attempt.answers[question_id] = given
            attempt.results[question_id] = less_hint(mark(question, given), cost)
            attempt.save(update_fields=["answers", "results"])
            if len(attempt.results) == (count := _count(attempt, quiz)):
                _seal(attempt, count)
    return ask(quiz, own_id, attempt.seed, given_in(attempt, question_id), key=question_id)


def take_hint(attempt: QuizAttempt, question_id: str) -> None:
    """Show the hint from now on, and note that it was taken. Again is harmless; after the answer it is free.

    Raises NotFound for a question that the quiz does not have, or that has no hint.
    """
    quiz, own_id = place_of(attempt, question_id)
    if not question_of(quiz, own_id, attempt.seed).hint:
        raise NotFound(f"This question has no hint. {KEPT}")
    with transaction.atomic():
        attempt = QuizAttempt.objects.select_for_update().get(pk=attempt.pk)
        if question_id not in (*attempt.hints, *attempt.answers) and not attempt.finished_at:
            attempt.hints.append(question_id)
            attempt.save(update_fields=["hints"])


def finish(attempt: QuizAttempt) -> QuizAttempt:
    """Seal the score, the mean of all points. Raises QuestionsOpen while a question is unanswered."""
    count = len(attempt.drawn) or len(_quiz(attempt).body["questions"])
    with transaction.atomic():
        attempt = QuizAttempt.objects.select_for_update().get(pk=attempt.pk)
        if left := count - len(attempt.results):
            raise QuestionsOpen(f"{left} of {count} questions are still open. Your answers are kept.")
        if not attempt.finished_at:
            _seal(attempt, count)
    return attempt


def place_of(attempt: QuizAttempt, question_id: str) -> tuple[Document, str]:
    """The quiz that a question of the attempt comes from, and its id there. Raises NotFound."""
    if not attempt.drawn:
        return _quiz(attempt), question_id
    for slug, content_hash, own_id in attempt.drawn:
        if f"{slug}{BETWEEN}{own_id}" == question_id:
            return document_at(Document.Kind.QUIZ, slug, content_hash), own_id
    raise NotFound(f"This quiz has no question “{question_id[:40]}”. {KEPT}")


def _quiz(attempt: QuizAttempt) -> Document:
    return document_at(Document.Kind.QUIZ, attempt.topic, attempt.content_hash)


def _count(attempt: QuizAttempt, quiz: Document) -> int:
    return len(attempt.drawn) or len(quiz.body["questions"])


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
    """The person's own attempt. Raises NotFound, also for an exam's: that is answered by its own rules."""
    mine = QuizAttempt.objects.filter(pk=attempt_id, user=user, sitting__isnull=True)
    attempt = mine.first()
    if attempt is None:
        raise NotFound(f"This attempt is not one of yours. Reload the page and answer there. {KEPT}")
    return attempt


def sheet_for(user: User | None, topic: str) -> Sheet:
    """The current quiz with the learner's latest attempt at it. Raises NotFound if the topic has no quiz."""
    quiz = document(Document.Kind.QUIZ, topic)
    latest = _latest(user, quiz) if user else None
    return whole_sheet(quiz, latest, _seed_of(user.pk if user else 0, quiz.slug))


def attempts_at(user: User, slug: str) -> list[QuizAttempt]:
    """The learner's finished attempts at a quiz or an assessment, oldest first. One query."""
    mine = QuizAttempt.objects.filter(user=user, topic=slug, finished_at__isnull=False, score__isnull=False)
    return list(mine.only("topic", "score", "finished_at", "user_id").order_by("finished_at"))


def drawn_for(user: User, entry: AssessmentEntry) -> Sheet | None:
    """The learner's latest attempt at an assessment, if there is one."""
    latest = QuizAttempt.objects.filter(user=user, topic=entry.slug).order_by("-pk").first()
    return sheet_of(latest, entry) if latest else None


def sheet_of(attempt: QuizAttempt, entry: AssessmentEntry) -> Sheet:
    """An assessment's attempt as a page shows it. One query."""
    hashes = {slug: content_hash for slug, content_hash, _ in attempt.drawn}
    return drawn_sheet(attempt, documents_at(Document.Kind.QUIZ, hashes), entry.content.pass_score)


def ask_alone(quiz: Document, question_id: str, seed: int) -> Asked:
    """One question outside any attempt, as a review asks it: its hint is free. Raises NotFound."""
    return ask(quiz, question_id, seed, Given(hinted=True))


def mark_alone(quiz: Document, question_id: str, seed: int, value: Any) -> Asked:
    """The same question answered, marked and explained; nothing is stored. Raises BadAnswer, NotFound."""
    question = question_of(quiz, question_id, seed)
    given = read_answer(question, authored(quiz, question_id, seed, value))
    return ask(quiz, question_id, seed, Given(given, mark(question, given)))


def _latest(user: User, quiz: Document) -> QuizAttempt | None:
    return QuizAttempt.objects.filter(
        user=user, topic=quiz.slug, content_hash=quiz.content_hash
    ).order_by("-pk").first()  # fmt: skip


def _seed_of(user_id: int, topic: str) -> int:
    return number(f"{user_id}/{topic}") % 2**30  # leaves room to count up in a PositiveIntegerField
