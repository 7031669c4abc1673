"""A plan as a calendar (RFC 5545) that a calendar program can subscribe to."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from itertools import groupby

from icalendar import Calendar, Event, Timezone, TimezoneDaylight, TimezoneStandard

from cairn.learning.plan_items import Entry
from cairn.learning.plan_queries import LearnerPlan
from cairn.learning.planner import Piece

BACK, AHEAD = timedelta(days=28), timedelta(days=366)  # what a feed holds, from today
A_DAY = 24 * 60  # minutes
A_WEEK, A_MINUTE = timedelta(days=7), timedelta(minutes=1)

Address = Callable[[Entry], str]


def calendar_of(mine: LearnerPlan, address: Address, now: datetime) -> bytes:
    """The plan's open pieces as events in the learner's zone, which the calendar defines.

    ``address`` gives an item's absolute URL. An event keeps its UID when its day changes.
    """
    calendar = Calendar()
    calendar.add("prodid", "-//Cairn//Plan//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", mine.path.content.title)
    calendar.add("refresh-interval", timedelta(hours=4), parameters={"value": "DURATION"})
    timed = list(_timed(mine))
    if timed and str(mine.zone) != "UTC":  # in UTC the events' times say so themselves
        calendar.add_component(zone_from(mine.zone, timed[0][1], timed[-1][2]))
    for piece, begins, ends in timed:
        calendar.add_component(_event(mine, piece, begins, ends, address, now))
    text: bytes = calendar.to_ical()
    return text


def _timed(mine: LearnerPlan) -> Iterator[tuple[Piece, datetime, datetime]]:
    """Each open piece with its begin and end: a day's pieces follow each other."""
    first, last = mine.today - BACK, mine.today + AHEAD
    pieces = (piece for piece in mine.schedule.pieces if not piece.done and first <= piece.day <= last)
    for day, todo in groupby(pieces, key=lambda piece: piece.day):
        together = list(todo)
        at = begin_of(day, mine.stored.study_at, sum(piece.minutes for piece in together), mine.zone)
        for piece in together:
            ends = later(at, piece.minutes)
            yield piece, at, ends
            at = ends


def begin_of(day: date, study_at: time, minutes: int, zone: tzinfo) -> datetime:
    """When a day's study begins: at the usual hour, or so much earlier that it ends by midnight."""
    usual = study_at.hour * 60 + study_at.minute
    hour, minute = divmod(max(0, min(usual, A_DAY - minutes)), 60)
    return later(datetime.combine(day, time(hour, minute), zone), 0)


def later(at: datetime, minutes: int) -> datetime:
    """So many real minutes later, on the same clock, also when it is put forward or back in between."""
    return (at.astimezone(UTC) + timedelta(minutes=minutes)).astimezone(at.tzinfo)


def zone_from(zone: tzinfo, first: datetime, last: datetime) -> Timezone:
    """The zone's rules from ``first`` to ``last``: what holds at first, then each change of the clocks.

    Written out here because every program can read single changes, while the lists of dates that the library
    would write are read by few.
    """
    at, changes = first.astimezone(UTC) - A_WEEK, Timezone()
    changes.add("tzid", str(zone))
    changes.add_component(_rule(at.astimezone(zone), at.astimezone(zone).utcoffset()))
    while at < last.astimezone(UTC) + A_WEEK:
        if _offset(at + A_WEEK, zone) != _offset(at, zone):
            change = _change(at, at + A_WEEK, zone)
            changes.add_component(_rule(change.astimezone(zone), _offset(at, zone)))
        at += A_WEEK
    return changes


def _offset(at: datetime, zone: tzinfo) -> timedelta | None:
    return at.astimezone(zone).utcoffset()


def _change(before: datetime, after: datetime, zone: tzinfo) -> datetime:
    """The minute at which the offset changes between two moments."""
    while after - before > A_MINUTE:
        minutes = (after - before) // A_MINUTE // 2
        middle = before + minutes * A_MINUTE
        same = _offset(middle, zone) == _offset(before, zone)
        before, after = (middle, after) if same else (before, middle)
    return after


def _rule(at: datetime, offset_before: timedelta | None) -> TimezoneStandard | TimezoneDaylight:
    """What holds from a moment on. By the standard it begins at the time that clocks showed until then."""
    rule = TimezoneDaylight() if at.dst() else TimezoneStandard()
    shown = at.astimezone(timezone(offset_before or timedelta())).replace(
        tzinfo=None, second=0, microsecond=0
    )
    rule.add("dtstart", shown)
    rule.add("tzoffsetfrom", offset_before)
    rule.add("tzoffsetto", at.utcoffset())
    rule.add("tzname", at.tzname())
    return rule


def _event(
    mine: LearnerPlan, piece: Piece, begins: datetime, ends: datetime, address: Address, now: datetime
) -> Event:
    entry = mine.entry(piece.item)
    part = f" ({piece.part} of {piece.parts})" if piece.parts > 1 else ""
    writing = "" if entry.written else "This is still being written.\n"
    event = Event()
    event.add("uid", f"{mine.enrolment.pk}-{entry.kind}-{entry.slug}-{piece.part}@cairn")
    event.add("dtstamp", now)
    event.add("dtstart", begins)
    event.add("dtend", ends)
    event.add("summary", f"{entry.kind.capitalize()}: {entry.title}{part}")
    event.add("description", f"{writing}{mine.path.content.title}\n{address(entry)}")
    event.add("url", address(entry))
    event.add("transp", "TRANSPARENT")
    return event
