"""The tags that every room's templates use: ``{% load ui %}``. frontend/README.md shows each in use."""

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from django import template
from django.forms.boundfield import BoundField, BoundWidget
from django.http import HttpRequest
from django.template.context import Context
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from cairn.ui import cairn as drawing
from cairn.ui import landscape

register = template.Library()

# word: (class of .state, icon, what it reads). Words of verdicts, tests, criteria and activities.
STATES: dict[str, tuple[str, str, str]] = {
    "passed": ("pass", "circle-check", "Passed"),
    "met": ("pass", "circle-check", "Met"),
    "done": ("pass", "circle-check", "Done"),
    "approved": ("pass", "circle-check", "Approved"),
    "failed": ("fail", "circle-x", "Failed"),
    "error": ("fail", "circle-x", "Error"),
    "timeout": ("warn", "timer-off", "Time limit"),
    "memory": ("fail", "memory-stick", "Out of memory"),
    "output": ("fail", "circle-x", "Too much output"),
    "forbidden": ("fail", "ban", "Not allowed"),
    "internal": ("warn", "plug-zap", "Our failure"),
    "blocked": ("fail", "circle-x", "Blocked"),
    "changes": ("warn", "corner-up-left", "Changes requested"),
    "running": ("run", "loader-circle", "Running"),
    "queued": ("run", "hourglass", "Queued"),
    "cancelled": ("", "circle-slash", "Cancelled"),
    "review": ("review", "message-square-dot", "In review"),
    "waiting": ("", "circle", "Waiting"),
    "skipped": ("", "circle-slash", "Not reached"),
    "started": ("run", "circle-dot-dashed", "Started"),
    "open": ("", "circle-dashed", "Not yet"),
    "not-yet": ("", "circle-dashed", "Not yet"),
    "locked": ("", "lock", "Locked"),
    "late": ("warn", "triangle-alert", "Late"),
    "warning": ("warn", "triangle-alert", "Warning"),
    "draft": ("warn", "pencil-line", "Draft"),
    "writing": ("", "pencil-line", "Being written"),
}
KINDS = {
    "lesson": "book-open",
    "quiz": "list-checks",
    "exercise": "code",
    "project": "flag",
    "document": "file-text",
    "metric": "gauge",
    "rubric": "message-square-dot",
    "review": "message-square-dot",
    "assessment": "graduation-cap",
    "map": "route",
    "activity": "users",
    "look-back": "repeat",
    "run": "activity",
}
TEST_CLASSES = {"passed": "pass", "failed": "fail", "error": "error", "timeout": "timeout", "skipped": "skip"}


def _stones(milestone: Any) -> Sequence[drawing.Stone]:
    """The stones of a placed milestone, or those that it already has as drawing stones.

    A placed milestone has ``milestone`` (slug, title) and ``state.stones``, each with ``criterion`` (id,
    kind), ``state`` and ``met_at``: the shape that ``learning.progress`` gives.
    """
    if hasattr(milestone, "stones"):
        stones: Sequence[drawing.Stone] = milestone.stones
        return stones
    return [
        drawing.Stone(
            stone.criterion.id,
            str(stone.criterion.kind),  # type: ignore[arg-type]
            str(stone.state),  # type: ignore[arg-type]
            stone.met_at.timestamp() if stone.met_at else 0.0,
        )
        for stone in milestone.state.stones
    ]


MOST_PLACES = 6  # in the bar at the bottom of a phone

LOGO = mark_safe(
    '<svg viewBox="0 0 28 28" aria-hidden="true">'
    '<path d="M3.2 22.6c-.3-2.6 2.3-4.3 5.6-4.6 3.9-.4 9.5-.5 13 .3 2.6.6 3.7 2.5 3 4.5-.6 1.7-2.5 2.2-5 2.3'
    '-4.3.2-8.6.2-12.2 0-2.4-.1-4.2-.8-4.4-2.5z" fill="currentColor"/>'
    '<path d="M6.6 14.6c.2-2.2 2.2-3.3 4.7-3.5 2.7-.2 5.7-.2 8 .6 2 .7 2.6 2.6 1.6 4.1-.9 1.3-2.7 1.5-4.6 1.6'
    '-2.2.1-4.5.1-6.5-.2-2-.3-3.3-1.1-3.2-2.6z" fill="currentColor" opacity=".62"/>'
    '<path d="M13.9 2.3l4 4-4 4-4-4z" fill="var(--blaze)" stroke="var(--blaze-edge)" stroke-width="1.2" '
    'stroke-linejoin="round"/></svg>'
)


@cache
def _icons() -> dict[str, str]:
    file = Path(__file__).parents[1] / "icons.json"
    icons: dict[str, str] = json.loads(file.read_text())
    return icons


@register.simple_tag
@cache
def asset(path: str) -> str:
    """The address of a file that every page names, looked up once: it changes with a new process only."""
    return static(path)


@register.simple_tag
def icon(name: str, classes: str = "") -> SafeString:
    """A Lucide icon: ``{% icon "circle-check" "sm" %}``. Decoration: the word stands beside it.

    Raises KeyError for a name that is not in icons.json (add it in frontend/scripts/icons.mjs).
    """
    return _icon(str(name), classes)


@lru_cache(maxsize=512)
def _icon(name: str, classes: str) -> SafeString:
    """Drawn once: a page may have hundreds."""
    return format_html(
        '<svg class="i {}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-linecap="round" '
        'stroke-linejoin="round" aria-hidden="true">{}</svg>',
        f"{classes} spin".strip() if name == "loader-circle" else classes,
        mark_safe(_icons()[name]),  # noqa: S308 - our own file
    )


@register.simple_tag
def state(word: str, text: str = "", pill: bool = False) -> SafeString:
    """Icon and word of a state: ``{% state "passed" %}``, ``{% state "failed" "4 of 7 tests" %}``.

    Raises KeyError for a word that is not in STATES.
    """
    css, name, reads = STATES[str(word)]
    classes = " ".join(filter(None, ("state", css, "pill" if pill else "")))
    return format_html('<span class="{}">{}{}</span>', classes, icon(name), text or reads)


@register.simple_tag
def state_icon(word: str) -> SafeString:
    """Only the icon of a state, for a row whose words say it, with the word for screen readers."""
    _, name, reads = STATES[str(word)]
    return format_html('{}<span class="vh">{}: </span>', icon(name), reads)


@register.simple_tag
def kind_icon(kind: str, classes: str = "") -> SafeString:
    """The icon of an activity's or criterion's kind. Raises KeyError."""
    return icon(KINDS[str(kind)], classes)


@register.filter
def state_class(word: str) -> str:
    """The colour class of a state: pass, fail, warn, review, run or nothing."""
    return STATES[str(word)][0]


@register.filter
def state_word(word: str) -> str:
    """What a state reads, for a sentence or an attribute."""
    return STATES[str(word)][2]


@register.filter
def test_class(status: str) -> str:
    """The class of a test's row and tick: pass, fail, error, timeout, skip, run, wait."""
    return TEST_CLASSES.get(str(status), str(status))


@register.filter
def tick_class(status: str) -> str:
    """The class of a test's tick, where every failure looks alike."""
    return {"error": "fail", "timeout": "fail", "wait": ""}.get(test_class(status), test_class(status))


@register.filter
def test_state(status: str) -> str:
    """The state word of a test's status, ``run`` and ``wait`` included."""
    return {"run": "running", "wait": "waiting"}.get(str(status), str(status))


@register.simple_tag
def cairn(
    milestone: Any, width: float = 66, named: bool = True, settle: bool = False, ground: bool = False
) -> SafeString:
    """The drawing of a milestone. ``named=False`` where the words stand beside it.

    ``milestone`` is a placed milestone, or anything with ``slug``, ``title`` and ``stones``.
    """
    named_thing = getattr(milestone, "milestone", milestone)
    return drawing.draw(
        named_thing.slug,
        _stones(milestone),
        width,
        name=named_thing.title if named else "",
        settle=settle,
        ground=ground,
    )


@register.simple_tag
def profile(stages: Sequence[landscape.Height], label: str) -> SafeString:
    """The elevation profile of a path: its stages' labels, difficulties and cairns."""
    return landscape.profile(stages, label)


@register.simple_tag
def contours() -> SafeString:
    """The landing page's map: contour lines of a loss surface and a real descent between cairns."""
    return landscape.contours()


@register.simple_tag
def way(walked: bool = False, seed: int = 0) -> SafeString:
    """The stretch of trail behind a milestone's row on the path page."""
    return landscape.way(walked, seed)


@register.simple_tag
def logo() -> SafeString:
    """Cairn's mark. The name stands beside it or in the link's label."""
    return LOGO


@register.simple_tag(takes_context=True)
def navigation(context: Context) -> list[dict[str, Any]]:
    """The main navigation: the context's ``nav``, or what the person's role gives.

    ``extra`` items stand under "More" where there is no room: more than six do not fit a phone's bar.
    """
    given: list[dict[str, Any]] | None = context.get("nav")
    request: HttpRequest | None = context.get("request")
    items = given if given is not None else _navigation_of(context.get("user"))
    path = request.path if request else ""
    fits = len(items) if len(items) <= MOST_PLACES else MOST_PLACES - 1
    return [
        {**item, "current": item.get("current", _is_current(item["url"], path)), "extra": place >= fits}
        for place, item in enumerate(items)
    ]


@register.simple_tag
def places(items: Sequence[Mapping[str, Any]], bar: str) -> SafeString:
    """The ``items`` of the navigation as the links of a bar: ``top`` or ``tab``."""
    return _places(bar, tuple(tuple(item.items()) for item in items))


@lru_cache(maxsize=256)
def _places(bar: str, items: tuple[tuple[tuple[str, Any], ...], ...]) -> SafeString:
    """Made once for each role and place: every page has both bars."""
    return render_to_string(f"ui/places_{bar}.html", {"items": [dict(item) for item in items]})


def _is_current(url: str, path: str) -> bool:
    place = url.split("#", 1)[0].rstrip("/")
    return f"{path}/".startswith(f"{place}/") if place else path == "/" or path.startswith("/paths/")


def _navigation_of(user: Any) -> list[dict[str, Any]]:
    paths = {"url": "/#paths", "text": "Paths", "icon": "map"}
    topics = {"url": "/map", "text": "Map", "icon": "route"}
    if user is None or not user.is_authenticated:
        return [paths, topics]
    items = [
        {"url": "/home", "text": "Today", "icon": "house"},
        paths,
        {"url": "/plan", "text": "Plan", "icon": "calendar"},
        {"url": "/practice", "text": "Practice", "icon": "repeat"},
        {"url": "/runs", "text": "Runs", "icon": "activity"},
        {"url": "/journal", "text": "Journal", "icon": "notebook-pen"},
        topics,
    ]
    if getattr(user, "is_mentor", False) or user.is_staff:
        items.append({"url": "/review", "text": "Review queue", "icon": "inbox"})
    if user.is_staff:
        items.append({"url": "/ops", "text": "Operations", "icon": "gauge"})
        items.append({"url": "/admin/", "text": "Admin", "icon": "settings"})
    return items


@register.filter
def initials(user: Any) -> str:
    """One or two letters for an avatar, from the display name or the user name."""
    own = getattr(user, "initials", None)
    if own:
        return str(own() if callable(own) else own)
    words = (user.get_full_name() or user.get_username()).split()
    return "".join(word[0] for word in words[:2]).upper()


@register.filter
def matrix(view: Mapping[str, Any], other: Mapping[str, Any] | str | None = None) -> dict[str, Any]:
    """An ArrayView as a table: column heads and rows of cells, with indices of the whole array outside.

    ``{"columns": [4, 5], "rows": [{"index": 2, "cells": [("0.5", True), …]}], "flat": False}``. A scalar
    and a vector have no row index. ``other`` is the array beside it: numbers lose the decimals that the
    comparison can do without.
    """
    shape: Sequence[int] = view.get("shape") or ()
    origin: Sequence[int] = view.get("origin") or ()
    rows = _shortened(view, other) if isinstance(other, Mapping) else view["rows"]
    first_column = origin[-1] if origin else 0
    first_row = origin[-2] if len(origin) > 1 else 0
    differs = {tuple(cell) for cell in view.get("differs") or ()}
    width = max((len(row) for row in rows), default=0)
    return {
        "columns": list(range(first_column, first_column + width)),
        "rows": [
            {"index": first_row + r, "cells": [(cell, (r, c) in differs) for c, cell in enumerate(row)]}
            for r, row in enumerate(rows)
        ],
        "flat": len(shape) < 2,
        "shape": "\N{MULTIPLICATION SIGN}".join(str(n) for n in shape),
        "whole": _is_whole(shape, rows),
    }


LEAST_DECIMALS, MOST_DECIMALS = 4, 12


def _shortened(view: Mapping[str, Any], other: Mapping[str, Any]) -> Sequence[Sequence[str]]:
    """The cells with as few decimals, four or more, as still tell every pair apart that differs."""
    rows: Sequence[Sequence[str]] = view["rows"]
    others: Sequence[Sequence[str]] = other.get("rows") or ()
    differs = [(r, c) for r, c in view.get("differs") or () if r < len(others) and c < len(others[r])]
    for decimals in range(LEAST_DECIMALS, MOST_DECIMALS):
        if all(_rounded(rows[r][c], decimals) != _rounded(others[r][c], decimals) for r, c in differs):
            return [[_rounded(cell, decimals) for cell in row] for row in rows]
    return rows


def _rounded(cell: str, decimals: int) -> str:
    """A number in plain notation with so many decimals at most. What is not zero does not become it."""
    if not re.fullmatch(r"-?\d+\.\d+", cell) or len(cell.partition(".")[2]) <= decimals:
        return cell
    short = f"{float(cell):.{decimals}f}"
    return cell if float(short) == 0 != float(cell) else short


def _is_whole(shape: Sequence[int], rows: Sequence[Sequence[str]]) -> bool:
    """Whether the window shows the whole array."""
    count = 1
    for n in shape:
        count *= n
    return sum(len(row) for row in rows) == count


@register.filter
def milliseconds(seconds: float) -> str:
    """A duration as a person reads it: "2 ms", "1.8 s"; a no-break space before the unit."""
    if seconds < 0.9995:
        return f"{max(round(seconds * 1000), 0)}\N{NO-BREAK SPACE}ms"
    return f"{seconds:.1f}\N{NO-BREAK SPACE}s"


@register.filter
def percent(share: float, digits: int = 0) -> str:
    """A share from 0 to 1 as "97.62 %", with a thin no-break space."""
    return f"{share * 100:.{digits}f}\N{NARROW NO-BREAK SPACE}%"


@register.simple_tag
def unlaid(width: float = 44) -> SafeString:
    """A cairn of which nothing is laid, for an empty place."""
    kinds: tuple[drawing.Kind, ...] = ("metric", "exercise", "rubric", "quiz")
    return drawing.draw("empty", [drawing.Stone(str(k), kind) for k, kind in enumerate(kinds)], width)


@register.simple_tag
def test_icon(status: str) -> SafeString:
    """The icon of a test's row."""
    return icon(STATES[test_state(status)][1])


@register.simple_tag
def styled(field: BoundField, css: str) -> SafeString:
    """A field's widget with its class, and what assistive technology needs to know of its errors."""
    described = [f"{field.auto_id}_helptext"] if field.help_text else []
    described += [f"{field.auto_id}_error"] if field.errors else []
    # A placeholder is no label, and repeats the one above the field.
    attrs: dict[str, Any] = {
        "placeholder": False,
        "class": f"{field.field.widget.attrs.get('class', '')} {css}".strip(),
    }
    if field.errors:
        attrs["aria-invalid"] = "true"
    if described:
        attrs["aria-describedby"] = " ".join(described)
    return field.as_widget(attrs=attrs)


@register.simple_tag
def styled_option(option: BoundWidget) -> SafeString:
    """The button of one option of a choice, without its label."""
    data = option.data
    kind = "check" if data["type"] == "checkbox" else "radio"
    return format_html(
        '<input class="{}" type="{}" name="{}" value="{}" id="{}"{}>',
        kind,
        data["type"],
        data["name"],
        data["value"],
        option.id_for_label,
        mark_safe(" checked") if data["selected"] else "",
    )
