"""What pages that show runs need: ``{% run_view run as view %}``, and numbers as people read them."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from cairn.runs import operations, views
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
def queue_title(queue: str) -> str:
    """A queue as admins know it."""
    return operations.TITLES[Run.Queue(queue)]


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


_ORDERS = {"": ("", ""), "-": ("descending", "\u2193"), "+": ("ascending", "\u2191")}


@register.simple_tag
def sort_head(wanted: Any, title: str, column: str, kind: str = "") -> SafeString:
    """A column's head, which sorts by it, falling first, where the table has a filter. ``kind``: a class."""
    if not wanted:
        return format_html('<th scope="col" class="{}">{}</th>', kind, title)
    falls, rises = wanted.sort == f"-{column}", wanted.sort == column
    order, arrow = _ORDERS["-" if falls else "+" if rises else ""]
    said = format_html(' aria-sort="{}"', order) if order else ""
    link = sorted_by(wanted, column if falls else f"-{column}")
    return format_html(
        '<th scope="col" class="{}"{}><a href="?{}">{}</a>{}</th>',
        *(
            kind,
            said,
            link,
            title,
            format_html(' <span aria-hidden="true">{}</span>', arrow) if arrow else "",
        ),
    )


@register.simple_tag
def sorted_by(wanted: Any, sort: str = "") -> str:
    """The table's conditions as a query string, with another order where one is given."""
    return urlencode(
        {name: value for name, value in (vars(wanted) | {"sort": sort or wanted.sort}).items() if value}
    )
