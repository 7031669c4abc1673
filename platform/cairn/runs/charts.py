"""What the charts of a page show: which curves together, of which runs, with targets and reference bands."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from cairn.runs.curves import SYSTEM
from cairn.runs.models import Blob, Run


def config(runs: Sequence[Run], names: Iterable[str]) -> dict[str, Any]:
    """The island's configuration. The first run is the main one; ``names`` are its curves. One query."""
    return {"runs": [_source(run, run is runs[0]) for run in runs], "charts": _charts(runs[0], list(names))}


def _source(run: Run, is_main: bool) -> dict[str, Any]:
    source: dict[str, Any] = {
        "id": str(run.pk),
        "label": label(run),
        "curves": f"/runs/{run.pk}/curves",
        "main": is_main,
        "after": 0,
    }
    return source if run.is_terminal else source | {"socket": f"/ws/runs/{run.pk}"}


def label(run: Run) -> str:
    """How a run is told apart from others: by when it was started, and its first tag."""
    when = f"{run.created_at:%-d %b %H:%M}"
    return f"{when}, {run.tags[0]}" if run.tags else when


def _charts(run: Run, names: list[str]) -> list[dict[str, Any]]:
    """The caller's charts first, each with the curves of its family; then the others; the node's last."""
    known = Blob.objects.filter(pk=run.charts).values_list("text", flat=True).first() if run.charts else None
    wanted: list[dict[str, Any]] = json.loads(known) if known else []
    made = [chart | {"names": _with_family(chart["names"], names)} for chart in wanted]
    shown = {name for chart in made for name in chart["names"]}
    families: dict[str, list[str]] = {}
    for name in sorted(names, key=lambda name: (name.startswith(SYSTEM), name)):
        if name not in shown:
            families.setdefault(_family(name), []).append(name)
    return made + [{"title": title, "names": some} for title, some in families.items()]


def _with_family(first: Sequence[str], names: Sequence[str]) -> list[str]:
    families = {_family(name) for name in first}
    return [*first, *(name for name in sorted(names) if _family(name) in families and name not in first)]


def _family(name: str) -> str:
    """``loss/train`` and ``loss/valid`` belong together; each of the node's readings stands alone."""
    return name if name.startswith(SYSTEM) else name.split("/")[0]
