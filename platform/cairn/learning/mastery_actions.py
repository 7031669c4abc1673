"""What a learner does with their reviews: answer a question again, solve an exercise again."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple

from django.db import transaction
from django.utils import timezone

from cairn.accounts.models import User
from cairn.catalog.models import Document
from cairn.catalog.queries import document
from cairn.learning.mastery_queries import EXERCISE, QUESTION, Card, Key, deck_of, deck_shown
from cairn.learning.mastery_rules import Memory, review
from cairn.learning.models import MasteryCard, PracticeDay
from cairn.learning.queries import today_for
from cairn.submissions import quizzes
from cairn.submissions.actions import save_draft
from cairn.submissions.models import Work
from cairn.submissions.queries import draft_for, was_handed_in
from cairn.submissions.quizzes import Asked
from cairn.ui.errors import Refusal


class QuestionChanged(Refusal):
    """The quiz was published anew between question and answer."""

    status, code = 409, "question-changed"


class NothingNew(Refusal):
    """An exercise was begun again, and nothing of it was handed in yet."""

    status, code = 409, "nothing-new"


class Answered(NamedTuple):
    """A review's question, marked. ``counted`` is False for one that was not due, so that nothing moved."""

    asked: Asked
    memory: Memory
    counted: bool


def answer(user: User, topic: str, question: str, content_hash: str, value: Any) -> Answered:
    """Mark an answer; if the question is due, its next day follows from the points.

    Raises NotFound, BadAnswer, and QuestionChanged if the content is not the one that was shown.
    """
    key = Key(QUESTION, topic, question)
    shown = deck_shown(user).card(key)
    quiz = document(Document.Kind.QUIZ, topic)
    if content_hash != quiz.content_hash:
        raise QuestionChanged(
            "This quiz was changed while you looked at it. Nothing was counted; answer it as it is now."
        )
    asked = quizzes.mark_alone(quiz, question, seed_of(shown), value)
    memory, counted = _counted(user, key, asked.points or 0.0)
    return Answered(asked, memory, counted)


def _counted(user: User, key: Key, points: float) -> tuple[Memory, bool]:
    today = today_for(user)

    def moved(card: Card) -> Card:
        if card.memory.due_on > today:
            return card
        return replace(card, memory=review(card.memory, points, today), practised_on=today)

    before, after = _changed(user, key, moved)
    return after.memory, after is not before


def seed_of(card: Card) -> int:
    """What shuffles the choices: another order each time the question comes back."""
    return card.memory.reviewed_on.toordinal()


def begin_again(user: User, slug: str) -> bool:
    """Put the starter into the editor, and let the next submission count as a review.

    False if the draft holds code that was never handed in: it is left as it is. Raises NotFound.
    """
    key = Key(EXERCISE, "", slug)
    deck_of(user).card(key)
    now = timezone.now()
    with transaction.atomic():
        _changed(user, key, lambda card: replace(card, begun_at=now))
        body = document(Document.Kind.EXERCISE, slug).body
        starter = {body["entry"]: body["starter"]}
        draft = draft_for(user, Work.EXERCISE, slug)
        if draft and draft.files != starter and not was_handed_in(user, Work.EXERCISE, slug, draft.files):
            return False
        save_draft(user, Work.EXERCISE, slug, starter, draft.version if draft else 0)
    return True


def check_again(user: User, slug: str) -> None:
    """Count an exercise solved again with the very code that passed before: it makes no new submission.

    Raises NothingNew unless the draft was written after the exercise was begun again and is such code;
    NotFound.
    """
    key, today = Key(EXERCISE, "", slug), today_for(user)
    card, draft = deck_of(user).card(key), draft_for(user, Work.EXERCISE, slug)
    if card.begun_at is None:
        return  # settled by a submission
    written = draft is not None and draft.updated_at > card.begun_at
    if draft is None or not written or not was_handed_in(user, Work.EXERCISE, slug, draft.files, passed=True):
        raise NothingNew(
            "Nothing of this exercise was handed in since you began it again. "
            "Write it, submit it, then come back. Your draft is kept."
        )
    _changed(
        user,
        key,
        lambda card: replace(card, memory=review(card.memory, 1, today), begun_at=None, practised_on=today),
    )


def _changed(user: User, key: Key, change: Callable[[Card], Card]) -> tuple[Card, Card]:
    """The card before and after ``change``, which is stored. Two tabs take turns."""
    with transaction.atomic():
        User.objects.select_for_update().only("pk").get(pk=user.pk)
        before = deck_of(user).card(key)
        after = change(before)
        if after is not before:
            _store(user, after)
            if after.practised_on and after.memory is not before.memory:
                _practised(user, after.practised_on)
    return before, after


def _practised(user: User, day: date) -> None:
    today, _ = PracticeDay.objects.get_or_create(user=user, day=day)
    today.answers += 1
    today.save(update_fields=["answers"])


def _store(user: User, card: Card) -> None:
    memory = card.memory
    MasteryCard.objects.update_or_create(
        user=user,
        kind=card.key.kind,
        topic=card.key.topic,
        item=card.key.item,
        defaults={
            "stability": memory.stability,
            "difficulty": memory.difficulty,
            "reviewed_on": memory.reviewed_on,
            "due_on": memory.due_on,
            "misses": memory.misses,
            "seen": card.seen,
            "practised_on": card.practised_on,
            "begun_at": card.begun_at,
        },
    )
