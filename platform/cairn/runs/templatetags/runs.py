"""What pages that show runs need: ``{% run_view run as view %}``, and numbers as people read them."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from cairn.runs import views
from cairn.runs.models import Run
from cairn.runs.view_model import RunView

register = template.Library()
DASH = "\u2013"
_DEVICES = {"train-cpu": "a processor", "train-gpu": "a GPU"}


@register.simple_tag
def run_view(run: Run) -> RunView:
    """The run as a page shows it now. One query, and another while it waits."""
    return views.view_of(run)


@register.filter
def figure(value: float | None) -> str:
    """A measured number with as many digits as tell something; a dash for none."""
    return DASH if value is None else f"{value:.4g}"


@register.filter
def setting(value: Any) -> str:
    """A hyper-parameter as its author wrote it."""
    if value is None:
        return DASH
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)


@register.filter
def device(queue: str) -> str:
    """Where runs of a queue train."""
    return _DEVICES.get(queue, "a worker")


@register.filter
def clock(seconds: float) -> str:
    """A length of time: 8 s, 4:05 min, 2:10 h."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    return (
        f"{whole // 60}:{whole % 60:02} min" if whole < 3600 else f"{whole // 3600}:{whole % 3600 // 60:02} h"
    )


@register.filter
def times(count: int) -> str:
    """How often, in words."""
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


@register.filter
def at(values: Mapping[str, Any], name: str) -> Any:
    """What a mapping holds under a name that the template knows by another variable."""
    return values.get(name)


@register.simple_tag
def sort_link(wanted: Any, title: str, column: str) -> SafeString | str:
    """A column's title that sorts by it, falling first; plain text where the table has no filter."""
    if not wanted:
        return title
    sort = column if wanted.sort == f"-{column}" else f"-{column}"
    kept = {name: value for name, value in vars(wanted).items() if value} | {"sort": sort}
    return format_html('<a href="?{}">{}</a>', urlencode(kept), title)
