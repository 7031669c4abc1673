"""A learner's plan: what is stored about their days, and the schedule that follows from it."""

import math
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import date, datetime, tzinfo
from typing import NamedTuple

from django.db.models import OuterRef, QuerySet, Subquery

from cairn.accounts.models import User
from cairn.catalog.library import PathEntry
from cairn.catalog.queries import library
from cairn.learning.models import DayOff, Enrolment, MovedItem, Plan, Reading
from cairn.learning.plan_items import Entry, done_on, entries_of, rhythm_of, spans_of, week_entry
from cairn.learning.planner import (
    WEEK_KEY,
    Item,
    Piece,
    Schedule,
    Terms,
    plan,
    spread,
    week_item,
    week_key,
    week_of,
)
from cairn.learning.progress import Activity, Record
from cairn.learning.queries import record_of, today_for, zone_of
from cairn.learning.versions import kept, version_of
from cairn.ui.errors import NotFound

MAX_HOURS = 60


@dataclass(frozen=True)
class LearnerPlan:
    """One path of one learner, laid out over days on their clock."""

    enrolment: Enrolment
    stored: Plan  # unsaved where nothing was said yet
    path: PathEntry
    entries: Mapping[str, Entry]
    terms: Terms
    done: Mapping[str, date]
    schedule: Schedule
    today: date
    zone: tzinfo

    def under(self, terms: Terms) -> Schedule:
        """The schedule that other terms would give."""
        return plan([entry.item for entry in self.entries.values()], terms, self.done)

    def entry(self, item: Item) -> Entry:
        """An item of the schedule with its words."""
        return self.entries.get(item.key) or week_entry(item)

    @property
    def late(self) -> tuple[Piece, ...]:
        """What could have been done on days that are over.

        Nobody is late for what is being written, nor for looking back on a week: the next review looks
        further back.
        """
        entries = ((piece, self.entry(piece.item)) for piece in self.schedule.late(self.today))
        return tuple(piece for piece, entry in entries if entry.written and not entry.of_a_week)

    @property
    def from_today(self) -> Terms:
        """The same terms counted from today, or from a later start; days chosen in the past are forgotten."""
        start = max(self.today, self.enrolment.starts_on)
        moved = {key: day for key, day in self.terms.moved.items() if day >= start}
        return replace(self.terms, starts_on=start, moved=moved)


@dataclass(frozen=True)
class Pace:
    """How a learner stands to their plan, which ends on ``ends_on``, from today on ``moved_end``.

    ``faster`` are the hours a week that would keep its end although they are behind; None if none would.
    """

    ends_on: date | None
    late_minutes: int
    moved_end: date | None
    faster: int | None

    @property
    def behind(self) -> bool:
        """Whether something planned for a day that is over is not done."""
        return self.late_minutes > 0

    @property
    def ahead(self) -> bool:
        """Whether the plan would end earlier if it counted from today."""
        if self.behind or not self.ends_on or not self.moved_end:
            return False
        return self.moved_end < self.ends_on


def plan_of(user: User, path: str = "") -> LearnerPlan:
    """The learner's plan of this path, by default of the one opened last. Two queries, more after a change.

    Raises NotFound when they do not walk it, or walk none.
    """
    return _shown(user, kept(user, version_of(user), "plan", lambda: _laid_out(user, path), path))


def _walked(user: User, path: str) -> Enrolment:
    books = library()
    enrolments = Enrolment.objects.filter(user=user, path__in=[path] if path else list(books.paths))
    enrolment = enrolments.select_related("plan").first()
    if enrolment is None or enrolment.path not in books.paths:
        raise NotFound("You walk no such path, so there is no plan yet. Choose a path first.")
    return enrolment


def plan_at(token: str) -> tuple[User, LearnerPlan]:
    """The plan behind a calendar's secret address, and whose it is. Raises NotFound."""
    # A guess may hold what a database refuses to compare with, such as NUL.
    guess = token if token.isprintable() else ""
    found = Plan.objects.filter(token=guess, enrolment__user__is_active=True).exclude(token="")
    stored = found.select_related("enrolment__user").first()
    if stored is None or stored.enrolment.path not in library().paths:
        raise NotFound
    user: User = stored.enrolment.user
    return user, plan_of(user, stored.enrolment.path)


class _Laid(NamedTuple):
    """A plan as it is kept until something changes: small, for its items are in the library."""

    enrolment: Enrolment
    stored: Plan
    terms: Terms
    done: Mapping[str, date]
    pieces: tuple[tuple[str, date, int, int, int, bool], ...]  # as Piece, with the item's key
    ends_on: date | None


def _laid_out(user: User, path: str) -> _Laid:
    books, enrolment = library(), _walked(user, path)
    stored = getattr(enrolment, "plan", None) or Plan(enrolment=enrolment)
    entries = entries_of(books, enrolment.path)
    # Without mentors' words, which no plan waits for.
    record = record_of(user, decisions=False)
    done = done_on(entries, books, enrolment.path, record, _read_at(user), zone_of(user))
    terms = _terms(user, enrolment, stored, books.path(enrolment.path))
    schedule = plan([entry.item for entry in entries.values()], terms, done)
    pieces = tuple(
        (one.item.key, one.day, one.minutes, one.part, one.parts, one.done) for one in schedule.pieces
    )
    return _Laid(enrolment, stored, terms, done, pieces, schedule.ends_on)


def _shown(user: User, laid: _Laid) -> LearnerPlan:
    """What was kept, on today's page: with the library's items, and where the clock stands."""
    path = library().path(laid.enrolment.path)
    entries = entries_of(library(), path.slug)
    pieces = tuple(
        Piece(_item(entries, key, minutes), day, minutes, part, parts, done)
        for key, day, minutes, part, parts, done in laid.pieces
    )
    schedule = Schedule(pieces, laid.ends_on)
    zone, today = zone_of(user), today_for(user)
    return LearnerPlan(
        laid.enrolment, laid.stored, path, entries, laid.terms, laid.done, schedule, today, zone
    )


def _item(entries: Mapping[str, Entry], key: str, minutes: int) -> Item:
    return week_item(key, minutes) if key.startswith(WEEK_KEY) else entries[key].item


def _read_at(user: User) -> dict[str, datetime]:
    """When lessons were finished, by topic. One query."""
    finished = Reading.objects.filter(user=user, finished_at__isnull=False)
    return {topic: at for topic, at in finished.values_list("topic", "finished_at") if at}


def _terms(user: User, enrolment: Enrolment, stored: Plan, path: PathEntry) -> Terms:
    start = _starts_on(enrolment, stored)
    return Terms(
        starts_on=start,
        minutes=minutes_of(stored, enrolment.hours_per_week, path),
        days_off=frozenset(DayOff.objects.filter(user=user, day__gte=start).values_list("day", flat=True)),
        moved=dict(MovedItem.objects.filter(enrolment=enrolment).values_list("item", "day")),
        rhythm=rhythm_of(path.content),
        spans=spans_of(path.content),
    )


def walked(user: User, today: date) -> QuerySet[Enrolment]:
    """The learner's paths in the library, each with ``review_on``: where they put the review of this week."""
    chosen = MovedItem.objects.filter(enrolment=OuterRef("pk"), item=week_key(week_of(today)))
    mine = Enrolment.objects.filter(user=user, path__in=list(library().paths))
    return mine.annotate(review_on=Subquery(chosen.values("day")[:1]))


def review_of_today(
    enrolment: Enrolment, days_off: AbstractSet[date], record: Record, today: date
) -> Activity | None:
    """The review of this week, from its day on until it is done; None where there is none. No query.

    ``enrolment`` is one of those ``walked``, with its plan.
    """
    path, key = library().path(enrolment.path), week_key(week_of(today))
    stored = getattr(enrolment, "plan", None) or Plan(enrolment=enrolment)
    chosen: date | None = getattr(enrolment, "review_on", None)
    terms = Terms(
        starts_on=_starts_on(enrolment, stored),
        minutes=minutes_of(stored, enrolment.hours_per_week, path),
        days_off=days_off,
        moved={key: chosen} if chosen else {},
        rhythm=rhythm_of(path.content),
    )
    day = terms.review_day(week_of(today))
    entry = week_entry(week_item(key, terms.review_minutes(day or today)))
    if day is None or today < day or entry.slug in record.activities:
        return None
    return Activity("review", entry.slug, entry.title, entry.item.minutes, "open")


def _starts_on(enrolment: Enrolment, stored: Plan) -> date:
    return max(filter(None, (enrolment.starts_on, stored.moved_to)))


def minutes_of(stored: Plan, hours_per_week: int, path: PathEntry) -> tuple[int, ...]:
    """Minutes a weekday: as the learner said, in proportion if their hours changed since, else the path's."""
    said = tuple(stored.minutes)
    if said and hours_in(said) == hours_per_week:
        return said
    return spread(hours_per_week, said or rhythm_of(path.content).weights)


def hours_in(minutes: tuple[int, ...]) -> int:
    """A week's minutes as the whole hours that an enrolment keeps."""
    return min(MAX_HOURS, max(1, round(sum(minutes) / 60)))


def pace_of(mine: LearnerPlan) -> Pace:
    """Whether the learner is behind or ahead, and what moving the plan or raising the hours would give."""
    late = sum(piece.minutes for piece in mine.late)
    ends_on = mine.schedule.ends_on
    moved_end = mine.under(mine.from_today).ends_on
    slower = late > 0 and ends_on is not None and moved_end is not None and moved_end > ends_on
    return Pace(ends_on, late, moved_end, faster_hours(mine) if slower else None)


def faster_hours(mine: LearnerPlan) -> int | None:
    """The fewest hours a week, above today's, that keep the plan's end from today; None if none do."""
    fail, step = max(mine.enrolment.hours_per_week, _surely_too_few(mine)), 1
    if fail >= MAX_HOURS:
        return None
    while not _keeps_the_end(mine, keep := min(fail + step, MAX_HOURS)):
        if keep == MAX_HOURS:
            return None
        fail, step = keep, 2 * step
    while keep - fail > 1:
        middle = (fail + keep) // 2
        fail, keep = (fail, middle) if _keeps_the_end(mine, middle) else (middle, keep)
    return keep


def _surely_too_few(mine: LearnerPlan) -> int:
    """Hours a week that can't hold what is left: to lay a plan out costs far more than to divide."""
    ends_on, begins_on = mine.schedule.ends_on, mine.from_today.starts_on
    if ends_on is None or ends_on < begins_on:
        return 0
    pieces = (piece for piece in mine.schedule.pieces if piece.item.key in mine.entries)
    left = sum(piece.minutes for piece in pieces if not piece.done)
    weeks = math.ceil(((ends_on - begins_on).days + 1) / 7)
    return min(MAX_HOURS - 1, max(0, math.ceil(left / (60 * weeks)) - 1))


def _keeps_the_end(mine: LearnerPlan, hours: int) -> bool:
    ends_on = mine.schedule.ends_on
    if ends_on is None or ends_on < mine.today:
        return False
    minutes = minutes_of(mine.stored, hours, mine.path)
    then = mine.under(replace(mine.from_today, minutes=minutes)).ends_on
    return then is None or then <= ends_on
