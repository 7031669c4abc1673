"""Filters for the words of progress: ``{% load learning %}``."""

from datetime import date, datetime

from django import template
from django.utils import timezone

from cairn.learning import pages, resources, wording
from cairn.learning.progress import Activity
from cairn.submissions.sheets import Part

register = template.Library()
register.filter("duration", wording.duration)
register.filter("share", wording.share)


@register.filter
def day(value: date | datetime) -> str:
    """``today``, ``Tuesday``, ``17 November``: in the zone that the page has activated."""
    on = timezone.localtime(value).date() if isinstance(value, datetime) else value
    return wording.day(on, timezone.localdate())


@register.filter
def hours(value: float) -> str:
    """Hours of study: ``11 h``, ``8.5 h``."""
    return f"{value:g}{wording.NO_BREAK}h"


@register.filter
def plural(count: int, noun: str) -> str:
    """``{{ 3|plural:"stone" }}`` reads "3 stones"."""
    return wording.plural(count, noun)


@register.filter
def kind_title(kind: str) -> str:
    """What resources of a kind are called: ``Books``, ``Communities``."""
    return resources.TITLES.get(kind, f"{kind.capitalize()}s")


@register.filter
def activity_url(activity: Activity) -> str:
    """The page where an activity is done."""
    return pages.activity_url(activity)


@register.filter
def verb(activity: Activity) -> str:
    """What its button says: Continue what is begun, else Read, Answer, Write, Build."""
    return "Continue" if activity.state == "started" else pages.VERBS[activity.kind]


@register.filter
def done_on(value: datetime) -> str:
    """``Done Tuesday``, ``Done 20 October``."""
    return f"Done {day(value)}"


@register.filter
def letter(place: int) -> str:
    """The letter of a place from 1: how a half to match is called."""
    return chr(ord("A") + place - 1)


@register.filter
def holds(part: Part, value: int) -> bool:
    """Whether that value was chosen for the pair."""
    return part.given == str(value)


@register.filter
def gap_size(part: Part) -> int:
    """How wide a gap's field is: the same for all that is short, so that it says nothing of the answer."""
    return max(10, len(part.given))


@register.filter
def clock(seconds: int) -> str:
    """Time that is left: ``59:07``, ``1:30:00``."""
    minutes, rest = divmod(max(0, seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
