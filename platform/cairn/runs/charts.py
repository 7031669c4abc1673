"""What the charts of a page show: which curves together, of which runs, with targets and reference bands."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import numpy as np

from cairn.runs.curves import SYSTEM, Curve, Window, read
from cairn.runs.models import Blob, Run

_SPLITS = {"train", "training", "valid", "validation", "val", "eval", "test", "public"}

_READINGS = {  # the node's own
    "system/cpu": {"title": "Processor", "unit": "percent"},
    "system/memory": {"title": "Memory", "unit": "bytes"},
    "system/gpu": {"title": "GPU", "unit": "percent"},
    "system/gpu-memory": {"title": "GPU memory", "unit": "bytes"},
}


def config(runs: Sequence[Run], names: Iterable[str]) -> dict[str, Any]:
    """The island's configuration: the first run is the main one; ``names`` are curves of any. One query.

    ``more`` is where a page asks for the charts again, once a curve is logged that none of them shows.
    """
    return {
        "runs": [_source(run, run is runs[0]) for run in runs],
        "charts": together(runs[0], names),
        "more": f"/runs/charts?{urlencode([('run', run.pk) for run in runs])}",
    }


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


def together(run: Run, names: Iterable[str]) -> list[dict[str, Any]]:
    """Charts that were asked for with the run, each with its family of curves; then others; the node's last.

    One query.
    """
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


@dataclass(frozen=True)
class Departure:
    """Where a curve leaves the reference band to stay outside, and on which side."""

    name: str
    step: int
    above: bool


def departures(run: Run) -> list[Departure]:
    """Where each curve with a reference band first stays outside it. Three queries a band."""
    known = Blob.objects.filter(pk=run.charts).values_list("text", flat=True).first() if run.charts else None
    found = [
        _departure(run, chart["names"][0], chart["band"])
        for chart in (json.loads(known) if known else ())
        if chart.get("band")
    ]
    return [one for one in found if one is not None]


def _departure(run: Run, name: str, band: dict[str, Any]) -> Departure | None:
    """A curve that only touches the outside has not left: a twentieth of it, in a row, must be there."""
    window = Window(first=band["x"][0], last=band["x"][-1], points=2000)  # beyond it there is no reference
    parts = [part for part in read(run, [name], window).get(name, Curve()).parts if not part.lost]
    if not parts:
        return None
    x, y = np.concatenate([part.x for part in parts]), np.concatenate([part.y for part in parts])
    low, high = (np.interp(x, band["x"], np.array(band[side], float)) for side in ("low", "high"))
    slack = 0.25 * (high - low) + 1e-9
    for above, outside in ((True, y > high + slack), (False, y < low - slack)):
        stay = max(5, len(x) // 20)
        streak = np.convolve(outside, np.ones(stay), "valid") if len(x) >= stay else np.zeros(0)
        if (first := np.flatnonzero(streak >= stay)).size:
            return Departure(name, int(x[first[0]]), above)
    return None


def family(name: str) -> str:
    """What curves of different splits have in common: ``loss`` of ``loss``, ``valid/loss``, ``Loss/train``.

    The first of them gives a chart its target and its reference band. The node's readings stand alone.
    """
    if name.startswith(SYSTEM):
        return name
    kept = [part for part in name.lower().split("/") if part not in _SPLITS]
    return "/".join(kept) or name
