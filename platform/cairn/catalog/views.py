"""The landing page: what Cairn is, and the five paths."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from secrets import token_hex

from django.conf import settings
from django.contrib.messages import get_messages
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from cairn.catalog.library import Library, PathEntry
from cairn.catalog.queries import library
from cairn.ui.landscape import Height, profile

FIRST_TOPIC = "vectors-and-matrices"
MOST_PEAKS = 3
THEMES = ("light", "dark")
EVERY_DAY = 20  # from so many hours a week on, a path is walked daily


# What the bar at the top shows of a person, and what it follows from.
SHOWN = ("pk", "username", "first_name", "last_name", "email", "is_mentor", "is_staff", "is_superuser")
BODY, TOKEN = token_hex(16), token_hex(16)  # where they go in a frame: nobody can be called so
MOST_FRAMES = 500  # of some 6 kB
_frames: dict[tuple[object, ...], tuple[str, str]] = {}


@dataclass(frozen=True)
class Card:
    """A path as the catalogue shows it. ``facts`` are pairs of what stands above and what below."""

    slug: str
    title: str
    summary: str
    facts: tuple[tuple[str, str], ...]
    profile: SafeString
    milestones: int
    open: int

    @property
    def status(self) -> str:
        """What of it can be walked today; empty where all can."""
        if self.open == self.milestones:
            return ""
        if not self.open:
            return "Being written"
        are = "is" if self.open == 1 else "are"
        return f"{self.open} of {self.milestones} milestones {are} open, the rest is being written"


@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    """For everybody, signed in or not. What stands round the paths is kept for each person."""
    current = library()
    body = _body(current)
    if len(get_messages(request)):
        return render(request, "catalog/landing.html", {"body": body})
    before, after = _frame(request, current)
    page = before + body + after
    if TOKEN in page:
        page = page.replace(TOKEN, get_token(request))
    return HttpResponse(page)


@lru_cache(maxsize=2)
def _body(current: Library) -> SafeString:
    """Rendered once for a release: it is the same for everybody."""
    first = current.topics.get(FIRST_TOPIC)
    cards = [_card(current, entry) for entry in current.paths.values()]
    context = {"cards": cards, "first_topic": first if first and first.written else None}
    return render_to_string("catalog/_landing.html", context)


def _frame(request: HttpRequest, current: Library) -> tuple[str, str]:
    """The page before and after its body: all that it shows of the person is part of the key."""
    theme, user = request.COOKIES.get("theme", ""), request.user
    shown = [getattr(user, name) for name in SHOWN] if user.is_authenticated else []
    key = (theme if theme in THEMES else "", settings.SANDBOX, *shown)
    frame = _frames.get(key)
    if frame is None:
        marks = {"body": BODY, "csrf_token": TOKEN}
        before, _, after = render_to_string("catalog/landing.html", marks, request).partition(BODY)
        frame = before, after
        if len(_frames) >= MOST_FRAMES:
            _frames.clear()
        _frames[key] = frame
    return frame


def _card(current: Library, entry: PathEntry) -> Card:
    path = entry.content
    peaks = dict(_peaks(current, entry))
    heights = [Height(stage.label, stage.difficulty, peaks.get(i, "")) for i, stage in enumerate(path.stages)]
    return Card(
        slug=entry.slug,
        title=path.title,
        summary=path.summary,
        facts=tuple(_facts(entry)),
        profile=profile(
            heights, f"How steep {path.title} gets, from {heights[0].label} to {heights[-1].label}"
        ),
        milestones=len(path.milestones),
        open=sum(current.is_open(milestone) for milestone in path.milestones),
    )


def _facts(entry: PathEntry) -> Iterator[tuple[str, str]]:
    path = entry.content
    if path.duration[:1].isdigit():
        daily = path.hours_per_week >= EVERY_DAY
        each = (
            f"{path.hours_per_week / 7:.0f}\xa0h a day" if daily else f"{path.hours_per_week:g}\xa0h a week"
        )
        yield path.duration, each
    else:
        yield f"{path.hours:g}\xa0h", path.duration
    yield str(len(path.milestones)), "milestones"
    if path.needs:
        yield "Needs", path.needs[0]


def _peaks(current: Library, entry: PathEntry) -> list[tuple[int, str]]:
    """The stages that get a cairn on the profile: at most three, evenly along the path.

    A stage shows the milestone with a project that has the most stones.
    """
    peaks = []
    for i, stage in enumerate(entry.content.stages):
        if with_project := [milestone for milestone in stage.milestones if milestone.projects]:
            peaks.append((i, max(with_project, key=lambda milestone: len(current.criteria(milestone))).title))
    count = min(MOST_PEAKS, len(peaks))
    return [peaks[round((k + 1) * len(peaks) / count) - 1] for k in range(count)]
