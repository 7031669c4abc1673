"""What is made from a learner's stored work can be kept until that work changes.

Each learner has a number that grows in the same transaction in which anything is stored about their work,
their plan or what was said of it. Whoever keeps a page's part under that number shows it for exactly as long
as it is right. The number is in the database and not in the cache, so that every process sees it, and so that
a cache that was emptied or is away costs time and never a wrong page.

Saving and deleting objects is noticed here. Whoever writes round them (``update``, ``bulk_create``) calls
``changed`` in the same transaction; a test looks for such writers.
"""

import hashlib
from collections.abc import Callable
from typing import Any, TypeVar

from django.core.cache import cache
from django.db import transaction
from django.db.models import F, Model
from django.db.models.signals import post_delete, post_save

from cairn.accounts.models import User
from cairn.catalog.queries import library
from cairn.learning.models import (
    ActivityResult,
    Completion,
    DayOff,
    Dismissal,
    Enrolment,
    MasteryCard,
    MovedItem,
    Note,
    Plan,
    PracticeDay,
    Reading,
    WorkVersion,
)
from cairn.review.models import Review
from cairn.runs.models import Run
from cairn.submissions.models import QuizAttempt, Sitting, Submission

KEPT_SECONDS = 300  # what follows the clock alone, as the release of a result, may be that late
Made = TypeVar("Made")

WHOSE: dict[type[Model], Callable[[Any], list[int]]] = {
    **dict.fromkeys(
        (
            *(ActivityResult, Completion, DayOff, Dismissal, Enrolment, MasteryCard, Note),
            *(PracticeDay, QuizAttempt, Reading, Sitting, Submission),
        ),
        lambda row: [row.user_id],
    ),
    **dict.fromkeys((MovedItem, Plan), lambda row: [row.enrolment.user_id]),
    Run: lambda row: [row.owner_id],
    Review: lambda row: [row.submission.user_id],
    User: lambda row: [row.pk, *_read_by(row)],
}
"""Whose pages show a row, by model."""
# What a node says while it works changes no result, and it says much. Nor does signing in, nor that an exam's
# answer was saved, which is noticed with its attempt.
_NEWS = frozenset({"batches", "lease_until", "last_seq", "event_chars", "last_login", "versions", "saved_at"})


def version_of(user: User) -> int:
    """The learner's number now. One query."""
    return WorkVersion.objects.filter(user=user).values_list("number", flat=True).first() or 0


def changed(*user_ids: int) -> None:
    """Something was stored about the work of these people. Call it in the transaction that stores it."""
    for pk in user_ids:
        mine = WorkVersion.objects.filter(user=pk)
        if not mine.update(number=F("number") + 1):
            with transaction.atomic():
                WorkVersion.objects.bulk_create([WorkVersion(user_id=pk)], ignore_conflicts=True)
                mine.update(number=F("number") + 1)


def kept(user: User, version: int, name: str, make: Callable[[], Made], *also: object) -> Made:
    """What ``make`` gives for that version of the learner's work, from the cache where it is there.

    It may also follow from the release, and from what ``also`` holds (the day, the zone). It must follow from
    nothing else: not from the session, not from the clock.
    """
    parts = (user.pk, version, library().release_id, *also)
    key = f"{name}:{hashlib.sha256(repr(parts).encode()).hexdigest()}"
    found: Made | None = cache.get(key)
    if found is None:
        found = make()
        cache.set(key, found, KEPT_SECONDS)
    return found


def _read_by(mentor: User) -> list[int]:
    """Whose work this person has reviewed: their pages show the name."""
    if not (mentor.is_mentor or mentor.is_staff):
        return []
    return list(Review.objects.filter(mentor=mentor).values_list("submission__user", flat=True).distinct())


def _noticed(sender: type[Model], instance: Model, **more: Any) -> None:
    fields = more.get("update_fields")
    new = sender is User and more.get("created")  # nothing is kept of them yet
    if new or more.get("raw") or (fields is not None and _NEWS.issuperset(fields)):
        return
    changed(*WHOSE[sender](instance))


def _gone(sender: type[Model], instance: Model, origin: Any = None, **more: Any) -> None:
    """Of a person who is deleted themselves nothing is shown any more."""
    of = getattr(origin, "model", type(origin))
    if of is not User:
        changed(*WHOSE[sender](instance))


def watch() -> None:
    """Notice what is saved and deleted from now on. Called once, at the start."""
    for model in WHOSE:
        post_save.connect(_noticed, sender=model, dispatch_uid=f"version-{model._meta.label}")
        post_delete.connect(_gone, sender=model, dispatch_uid=f"version-{model._meta.label}")
