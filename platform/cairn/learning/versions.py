"""What is made from a learner's stored work can be kept until that work changes.

Each learner has a number that grows in the same transaction in which anything is stored about their work,
their plan or what was said of it. Whoever keeps a page's part under that number shows it for exactly as long
as it is right. The numbers are in the database and not in the cache, so that every process sees them, and so
that a cache that was emptied or is away costs time and never a wrong page.

What grows with the years has numbers of its own beside that: code handed in, quizzes answered, cards
practised. What is made from one of these alone is kept under its number, so that a lesson read today does not
read every submission again.

Saving and deleting objects is noticed here. Whoever writes round them (``update``, ``bulk_create``) calls
``changed`` in the same transaction; a test looks for such writers.
"""

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

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
SHARED_MOST = 256  # objects that a process holds ready, of 10 to 300 kB each
Made = TypeVar("Made")


class Version(NamedTuple):
    """A learner's numbers. ``number`` grows with every change, each of the others with its own."""

    number: int = 0
    code: int = 0
    quizzes: int = 0
    cards: int = 0


PARTS: dict[type[Model], str] = {
    **dict.fromkeys((Run, Submission), "code"),
    QuizAttempt: "quizzes",
    **dict.fromkeys((MasteryCard, PracticeDay), "cards"),
}
"""Which number of its own a model's rows have, where they have one."""
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


def version_of(user: User) -> Version:
    """The learner's numbers now. One query."""
    found = WorkVersion.objects.filter(user=user).values_list(*Version._fields).first()
    return Version(*found) if found else Version()


def changed(*user_ids: int, of: type[Model] | None = None) -> None:
    """Something was stored about the work of these people. Call it in the transaction that stores it.

    ``of`` is the model of what was stored; without it, all that is kept of them is made again.
    """
    names = {"number", *(PARTS.values() if of is None else filter(None, [PARTS.get(of)]))}
    grown = {name: F(name) + 1 for name in names}
    for pk in user_ids:
        mine = WorkVersion.objects.filter(user=pk)
        if not mine.update(**grown):
            with transaction.atomic():
                WorkVersion.objects.bulk_create([WorkVersion(user_id=pk)], ignore_conflicts=True)
                mine.update(**grown)


def kept(user: User, version: object, name: str, make: Callable[[], Made], *also: object) -> Made:
    """What ``make`` gives for that version of the learner's work, from the cache where it is there.

    ``version`` is the learner's, or those of its numbers that what is made follows from.

    It may also follow from the release, and from what ``also`` holds (the day, the zone). It must follow from
    nothing else: not from the session, not from the clock.
    """
    key = _key(user, version, name, also)
    found: Made | None = cache.get(key)
    if found is None:
        found = make()
        cache.set(key, found, KEPT_SECONDS)
    return found


def shared(user: User, version: object, name: str, make: Callable[[], Made], *also: object) -> Made:
    """As ``kept``, and this process gives the same object again: it must never be changed.

    What a year of work amounts to takes longer to unpack from a cache than a page of it takes to make.
    """
    key = _key(user, version, name, also)
    found: Made | None = _at_hand.get(key)
    if found is None:
        found = kept(user, version, name, make, *also)
        _at_hand.put(key, found)
    return found


def forget_shared() -> None:
    """Hold nothing ready any more: for a database that is not the one it was."""
    _at_hand.clear()


def _key(user: User, version: object, name: str, also: tuple[object, ...]) -> str:
    parts = (user.pk, version, library().release_id, *also)
    return f"{name}:{hashlib.sha256(repr(parts).encode()).hexdigest()}"


class _AtHand:
    """The objects asked for last, for as long as a cache would keep them."""

    def __init__(self) -> None:
        self._held: OrderedDict[str, tuple[float, Any]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str) -> Any:
        """The object, or None."""
        with self._lock:
            until, found = self._held.get(key, (0.0, None))
            if until <= time.monotonic():
                return None
            self._held.move_to_end(key)
            return found

    def put(self, key: str, found: Any) -> None:
        """Hold it, and let go of what nobody has asked for longest."""
        with self._lock:
            self._held[key] = time.monotonic() + KEPT_SECONDS, found
            self._held.move_to_end(key)
            while len(self._held) > SHARED_MOST:
                self._held.popitem(last=False)

    def clear(self) -> None:
        """Let go of everything."""
        with self._lock:
            self._held.clear()


_at_hand = _AtHand()


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
    changed(*WHOSE[sender](instance), of=_as_stored(sender))


def _gone(sender: type[Model], instance: Model, origin: Any = None, **more: Any) -> None:
    """Of a person who is deleted themselves nothing is shown any more."""
    of = getattr(origin, "model", type(origin))
    if of is not User:
        changed(*WHOSE[sender](instance), of=_as_stored(sender))


def _as_stored(sender: type[Model]) -> type[Model] | None:
    """A person's own row holds their clock, on which everything is dated."""
    return None if sender is User else sender


def watch() -> None:
    """Notice what is saved and deleted from now on. Called once, at the start."""
    for model in WHOSE:
        post_save.connect(_noticed, sender=model, dispatch_uid=f"version-{model._meta.label}")
        post_delete.connect(_gone, sender=model, dispatch_uid=f"version-{model._meta.label}")
