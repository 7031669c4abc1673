"""The verbs of activities that this room marks itself: draw a skill map, say that something is done."""

from collections.abc import Iterable
from hashlib import sha256

from django.db import transaction
from django.utils import timezone

from cairn.accounts.models import User
from cairn.catalog.content import ActivityCriterion
from cairn.catalog.queries import library
from cairn.learning.models import ActivityResult
from cairn.learning.skill_maps import Pair, check, strange
from cairn.ui.errors import Refusal

MAX_NOTE = 4_000


class BadNote(Refusal):
    """The note about an activity is too short or too long."""

    code = "bad-note"


class BadMap(Refusal):
    """Lines that are none, or none at all."""

    code = "bad-map"


def draw_map(user: User, slug: str, lines: Iterable[Pair]) -> ActivityResult:
    """Mark and store one drawing of a skill map. Drawing the same again gives the drawing before.

    Raises NotFound, and BadMap for no line and for lines that join what is not on the map.
    """
    skill_map = library().skill_map(slug)
    drawn = sorted(set(lines))
    if strange(skill_map.content, drawn):
        raise BadMap("The map changed since you opened it. Reload the page and draw again.")
    if not drawn:
        raise BadMap("There is no line on your map yet. Join an idea with a place where it is used.")
    pairs = [list(pair) for pair in drawn]
    with transaction.atomic():
        User.objects.select_for_update().only("pk").get(pk=user.pk)
        last = latest_drawing(user, slug)
        if last and last.lines == pairs and last.content_hash == skill_map.content_hash:
            return last
        return ActivityResult.objects.create(
            user=user,
            kind=ActivityResult.Kind.MAP,
            slug=slug,
            content_hash=skill_map.content_hash,
            score=check(skill_map.content, drawn).score,
            lines=pairs,
        )


def latest_drawing(user: User, slug: str) -> ActivityResult | None:
    """The learner's newest drawing of a skill map."""
    drawings = ActivityResult.objects.filter(user=user, kind=ActivityResult.Kind.MAP, slug=slug)
    return drawings.order_by("-at", "-pk").first()


def mark_done(user: User, slug: str, note: str) -> ActivityResult:
    """Say that an activity is done and how it went. Said again, only the note changes.

    Raises NotFound, and BadNote for a note that says too little or too much.
    """
    asked = library().activity(slug)
    note = note.strip()
    if len(note.split()) < asked.min_words:
        raise BadNote(
            f"Your note has {len(note.split())} words; write at least {asked.min_words}. {asked.asks}"
        )
    if len(note) > MAX_NOTE:
        raise BadNote(f"Your note has {len(note)} characters; {MAX_NOTE} fit. Shorten it and send again.")
    with transaction.atomic():
        User.objects.select_for_update().only("pk").get(pk=user.pk)
        mine = said_of(user, slug) or ActivityResult(
            user=user, kind=ActivityResult.Kind.ACTIVITY, slug=slug, score=0
        )
        if not mine.score:
            mine.at, mine.score, mine.content_hash = timezone.now(), 1.0, _hash(asked)
        mine.note = note
        mine.save()
    return mine


def _hash(asked: ActivityCriterion) -> str:
    return sha256(f"{asked.do}\n{asked.asks}\n{asked.min_words}".encode()).hexdigest()


def take_back(user: User, slug: str) -> None:
    """An activity is not done after all. The note is kept for when it is. Doing it twice changes nothing."""
    with transaction.atomic():
        User.objects.select_for_update().only("pk").get(pk=user.pk)
        mine = said_of(user, slug)
        if mine and mine.score:
            mine.score = 0.0
            mine.save()


def said_of(user: User, slug: str) -> ActivityResult | None:
    """What the learner said of an activity."""
    return ActivityResult.objects.filter(user=user, kind=ActivityResult.Kind.ACTIVITY, slug=slug).first()
