"""The plan by e-mail: who wants it, when it is due, and what it says.

A digest goes out once a day or once a week, from six in the morning on the learner's clock. The day is noted
before the mail leaves and taken back where the mail server refuses: a crash in between loses one digest and
never sends two.
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import structlog
from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.template.loader import render_to_string
from django.utils import timezone

from cairn.accounts.models import User
from cairn.learning import plan_pages
from cairn.learning.mastery_queries import due_today
from cairn.learning.models import Digest
from cairn.learning.plan_queries import LearnerPlan, pace_of, plan_of
from cairn.learning.planner import Piece, week_of
from cairn.learning.queries import zone_of
from cairn.learning.wording import duration
from cairn.ui.errors import NotFound, Refusal

HOUR = 6  # on the learner's clock
AT_ONCE = 200  # digests that one round sends
A_WEEK = timedelta(days=7)
_log = structlog.get_logger(__name__)


class BadChoice(Refusal):
    """What was asked is no way to get a digest. Nothing was changed."""

    code = "bad-digest"


# What the learner says


def digest_of(user: User) -> Digest:
    """What the learner said; off where they said nothing. One query."""
    return Digest.objects.filter(user=user).first() or Digest(user=user)


def has_confirmed_address(user: User) -> bool:
    """Whether mail may go to the learner's address. One query."""
    found = EmailAddress.objects.filter(user=user, email__iexact=user.email, verified=True)
    return bool(found.exists())


def choose(user: User, often: str) -> Digest:
    """Say how often. Nothing is sent for the day, or the week, that has begun. Raises BadChoice."""
    if often not in Digest.Often.values:
        raise BadChoice("Choose off, daily or weekly.")
    if often != Digest.Often.OFF and not has_confirmed_address(user):
        raise BadChoice("Confirm your e-mail address first: a digest goes to confirmed addresses only.")
    today = timezone.now().astimezone(zone_of(user)).date()
    begun = {"often": often, "sent_on": today}
    said, _ = Digest.objects.update_or_create(
        user=user, defaults=begun, create_defaults=begun | {"token": secrets.token_urlsafe(32)}
    )
    return said


def access_digest(token: str) -> Digest:
    """The digest that a mail's link speaks of. Raises NotFound."""
    found = Digest.objects.filter(token=token).first() if token.isprintable() else None
    if found is None:
        raise NotFound
    return found


def end(token: str) -> None:
    """No more digests, as a mail's link asks. Raises NotFound."""
    said = access_digest(token)
    Digest.objects.filter(pk=said.pk).update(often=Digest.Often.OFF)


# When it is due


def is_due(often: str, sent_on: date | None, now: datetime) -> bool:
    """Whether a digest is due at ``now``, a moment on the learner's clock. Pure."""
    today = now.date()
    if often == Digest.Often.OFF or now.hour < HOUR:
        return False
    if often == Digest.Often.DAILY:
        return sent_on is None or sent_on < today
    return sent_on is None or week_of(sent_on) < week_of(today)


def send_due(now: datetime | None = None) -> int:
    """Send what is due at ``now`` (aware). Returns how many mails left. Safe to run anywhere, at any time."""
    now = now or timezone.now()
    sent = 0
    for said in _waiting(now):
        on_their_clock = now.astimezone(zone_of(said.user))
        if is_due(said.often, said.sent_on, on_their_clock):
            sent += _send(said, on_their_clock.date())
        if sent >= AT_ONCE:
            break
    return sent


def _waiting(now: datetime) -> Iterator[Digest]:
    """Digests that may be due somewhere on Earth, to confirmed addresses of people who are here."""
    latest = (now + timedelta(hours=14)).date()
    confirmed = EmailAddress.objects.filter(
        user=OuterRef("user"), email__iexact=OuterRef("user__email"), verified=True
    )
    wanted: QuerySet[Digest] = (
        Digest.objects.exclude(often=Digest.Often.OFF)
        .filter(Q(sent_on=None) | Q(sent_on__lt=latest), Exists(confirmed), user__is_active=True)
        .select_related("user")
        .order_by("sent_on")
    )
    return wanted.iterator(chunk_size=500)


def _send(said: Digest, today: date) -> bool:
    """Note the day, then send. False where another process was first, or nothing is planned."""
    mine = Digest.objects.filter(pk=said.pk, sent_on=said.sent_on, often=said.often)
    if not mine.update(sent_on=today):
        return False
    try:
        mail = mail_for(said.user, said)
        return mail is not None and bool(mail.send())
    except OSError:  # smtplib's errors are OSErrors too: the next round tries again
        Digest.objects.filter(pk=said.pk, sent_on=today).update(sent_on=said.sent_on)
        _log.exception("A digest could not be sent; it is tried again.")
        raise


# What it says


@dataclass(frozen=True)
class Day:
    """One day of the digest and what is planned for it."""

    day: date
    rows: tuple[plan_pages.PieceRow, ...]
    minutes: int


def mail_for(user: User, said: Digest) -> EmailMultiAlternatives | None:
    """The mail of this day or week; None where nothing is planned and nothing waits."""
    try:
        mine = plan_of(user)
    except NotFound:
        return None
    days = days_of(mine, 7 if said.often == Digest.Often.WEEKLY else 1)
    due = due_today(user)
    if not days and not due.count:
        return None
    off = f"{settings.SITE}/digest/{said.token}"
    context = {
        "user": user,
        "days": days,
        "due": due.count,
        "pace": pace_of(mine),
        "path": mine.path,
        "weekly": said.often == Digest.Often.WEEKLY,
        "site": settings.SITE,
        "off": off,
    }
    text, page = (render_to_string(f"learning/mail/digest.{kind}", context) for kind in ("txt", "html"))
    mail = EmailMultiAlternatives(_subject(days, due.count, said), text, to=[user.email])
    mail.attach_alternative(page, "text/html")
    # RFC 8058: mail programs offer to end it with one press
    mail.extra_headers = {
        "List-Unsubscribe": f"<{off}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    return mail


def days_of(mine: LearnerPlan, count: int) -> list[Day]:
    """What is open on the ``count`` days from today on; days without anything are left out."""
    last = mine.today + timedelta(days=count - 1)
    open_ones = [
        piece for piece in mine.schedule.pieces if not piece.done and mine.today <= piece.day <= last
    ]
    days: dict[date, list[Piece]] = {}
    for piece in open_ones:
        days.setdefault(piece.day, []).append(piece)
    return [
        Day(day, tuple(plan_pages.row_of(mine, piece) for piece in pieces), sum(p.minutes for p in pieces))
        for day, pieces in sorted(days.items())
    ]


def _subject(days: list[Day], due: int, said: Digest) -> str:
    when = "This week" if said.often == Digest.Often.WEEKLY else "Today"
    minutes, count = sum(day.minutes for day in days), sum(len(day.rows) for day in days)
    if not count:
        return f"{when}: {due} to review"
    return f"{when}: {count} {'thing' if count == 1 else 'things'}, {duration(minutes)}"
