"""What the charts of a page show: which curves together, of which runs, with targets and reference bands."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from cairn.runs.curves import SYSTEM
from cairn.runs.models import Blob, Run

_SPLITS = {"train", "training", "valid", "validation", "val", "eval", "test", "public"}

_READINGS = {  # the node's own
    "system/cpu": {"title": "Processor", "unit": "percent"},
    "system/memory": {"title": "Memory", "unit": "bytes"},
    "system/gpu": {"title": "GPU", "unit": "percent"},
    "system/gpu-memory": {"title": "GPU memory", "unit": "bytes"},
}


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
    charts: dict[str, dict[str, Any]] = {}
    for wanted in json.loads(known) if known else ():
        title = family(wanted["names"][0])
        chart = charts.setdefault(title, {**wanted, "title": title, "names": []})
        chart["names"] += [name for name in wanted["names"] if name not in chart["names"]]
    for name in sorted(names, key=lambda name: (name.startswith(SYSTEM), name)):
        chart = charts.setdefault(
            family(name), {"title": family(name), "names": [], **_READINGS.get(name, {})}
        )
        chart["names"] += [name] if name not in chart["names"] else []
    return list(charts.values())


def family(name: str) -> str:
    """What curves of different splits have in common: ``loss`` of ``loss``, ``valid/loss``, ``Loss/train``.

    The first of them gives a chart its target and its reference band. The node's readings stand alone.
    """
    if name.startswith(SYSTEM):
        return name
    kept = [part for part in name.lower().split("/") if part not in _SPLITS]
    return "/".join(kept) or name
