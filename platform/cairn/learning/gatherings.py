"""Conferences and communities that the roadmaps name, as dates. Pure.

Authors keep the announced dates in the resource's ``editions``. Until they are known, the usual month stands
in, and says so: a calendar shows it as tentative.
"""

import calendar as months
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from icalendar import Calendar, Event

from cairn.catalog.content import Resource

YEARS_AHEAD = 3  # the longest pause between two editions is two years


@dataclass(frozen=True)
class Gathering:
    """One time that something takes place. Not ``announced``: only the usual month is known."""

    resource: Resource
    starts: date
    ends: date
    place: str = ""
    announced: bool = True


def next_of(resource: Resource, today: date) -> Gathering | None:
    """The edition under way or next announced, else the next usual month; None for what has no dates."""
    coming = sorted((one for one in resource.editions if one.ends >= today), key=lambda one: one.starts)
    if coming:
        return Gathering(resource, coming[0].starts, coming[0].ends, coming[0].place)
    return next(_usual(resource, today), None)


def _usual(resource: Resource, today: date) -> Iterator[Gathering]:
    """The usual months that are not over, and for which no edition is known to have been."""
    if resource.month is None:
        return
    held = {one.starts.year for one in resource.editions}
    for year in range(today.year, today.year + YEARS_AHEAD + 1):
        fits = resource.years == "every" or (year % 2 == 1) == (resource.years == "odd")
        last = date(year, resource.month, months.monthrange(year, resource.month)[1])
        if fits and year not in held and last >= today:
            yield Gathering(resource, last.replace(day=1), last, announced=False)


def coming(resources: Iterable[Resource], today: date) -> list[Gathering]:
    """The next of each, the soonest first."""
    found = (next_of(resource, today) for resource in resources)
    return sorted((one for one in found if one), key=lambda one: (one.starts, one.ends, one.resource.title))


def calendar_of(gatherings: Iterable[Gathering], host: str, now: datetime) -> bytes:
    """As a calendar (RFC 5545): whole days; what is not announced is tentative and takes no time."""
    calendar = Calendar()
    calendar.add("prodid", "-//Cairn//Gatherings//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", "Conferences and communities")
    calendar.add("refresh-interval", timedelta(days=1), parameters={"value": "DURATION"})
    for one in gatherings:
        calendar.add_component(_event(one, host, now))
    text: bytes = calendar.to_ical()
    return text


def _event(one: Gathering, host: str, now: datetime) -> Event:
    event = Event()
    event.add("uid", f"{one.resource.key}-{one.starts.year}@{host}")
    event.add("dtstamp", now)
    event.add("dtstart", one.starts)
    event.add("dtend", one.ends + timedelta(days=1))  # a calendar's end is the first day after
    event.add("summary", one.resource.title if one.announced else f"{one.resource.title} (usual month)")
    event.add("status", "CONFIRMED" if one.announced else "TENTATIVE")
    event.add("transp", "TRANSPARENT")
    if one.place:
        event.add("location", one.place)
    if one.resource.url:
        event.add("url", one.resource.url)
    return event
