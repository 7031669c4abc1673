"""Draws what ``reference.json`` holds: the solution's band over seeds and the baseline, an SVG a curve."""

import json
import math
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Any

from cairn.catalog.documents import REFERENCE
from cairn.catalog.training import project

WIDE, TALL = 560, 240
LEFT, RIGHT, TOP, BOTTOM = 64, 548, 34, 206
SOLUTION, BASELINE, GRID, TEXT = "#1b6f8f", "#b4561f", "#c9d0d1", "#5a6567"  # on white or black
LOGARITHMIC = ("loss", "gradient")
Points = list[tuple[float, float]]


def page(folders: Iterable[Path], docs: Path) -> list[Path]:
    """Writes ``training-curves.md`` and its figures into ``docs``, from each project with a reference."""
    parts, written = [_HEAD], []
    for folder in folders:
        if not (folder / REFERENCE).is_file():
            continue
        found = json.loads((folder / REFERENCE).read_text(encoding="utf-8"))
        parts += [f"\n## {project(folder).title}\n", _numbers(found)]
        for name, band in found["curves"].items():
            file = docs / "images" / f"curve-{folder.name}-{_word(name)}.svg"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(drawing(name, band, found["baseline"].get(name)), encoding="utf-8")
            parts.append(f"\n![{name} of {project(folder).title}](images/{file.name})\n")
            written.append(file)
    (docs / "training-curves.md").write_text("".join(parts), encoding="utf-8")
    return [docs / "training-curves.md", *written]


_HEAD = """# Training curves

What the reference solution of each project that trains does over a few seeds (the band, its mean as a line),
and what its baseline does (dashed). Both were trained and evaluated as a learner's files are, sealed.
`python manage.py curriculum curves docs` makes this page of what `curriculum reference PROJECT` measured.
"""


def _word(name: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in name)


def _numbers(found: dict[str, Any]) -> str:
    """The metrics of each seed and of the baseline, as a table."""
    seeds = "".join(f" seed {seed} |" for seed in found["seeds"])
    lines = [f"\n| |{seeds} baseline |", "| --- |" + " --- |" * (len(found["seeds"]) + 1)]
    for name, values in found["metrics"].items():
        each = "".join(f" {value:.4g} |" for value in values)
        baseline = found["baseline_metrics"].get(name)
        lines.append(f"| {name} |{each} {'' if baseline is None else f'{baseline:.4g}'} |")
    costs = "".join(f" {seconds:.0f} |" for seconds in found["cpu_seconds"])
    return "\n".join([*lines, f"| processor seconds |{costs} |", ""])


def drawing(name: str, band: dict[str, list[float]], baseline: dict[str, list[float]] | None) -> str:
    """One curve as SVG."""
    lines = [*band["low"], *band["high"], *(baseline["y"] if baseline else ())]
    values = [value for value in lines if math.isfinite(value)]
    logarithmic = name in LOGARITHMIC and min(values) > 0 and max(values) > 5 * min(values)
    low, high = _bounds(values, logarithmic)
    last = max([*band["x"], *(baseline["x"] if baseline else ())]) or 1

    def place(x: float, y: float) -> tuple[float, float]:
        share = (_scale(y, logarithmic) - low) / (high - low)
        return round(LEFT + x / last * (RIGHT - LEFT), 1), round(BOTTOM - share * (BOTTOM - TOP), 1)

    def along(key: str, of: dict[str, list[float]] = band) -> Points:
        return [place(x, y) for x, y in zip(of["x"], of[key], strict=True) if math.isfinite(y)]

    area = _path([*along("high"), *reversed(along("low"))])
    parts = [
        f'<path d="{area}Z" fill="{SOLUTION}" fill-opacity=".22"/>',
        f'<path d="{_path(along("mean"))}" fill="none" stroke="{SOLUTION}" stroke-width="2"/>',
    ]
    if baseline:
        dashes = f'stroke="{BASELINE}" stroke-width="2" stroke-dasharray="5 4"'
        parts.append(f'<path d="{_path(along("y", baseline))}" fill="none" {dashes}/>')
    ticks = [_tick(place(0, value)[1], value) for value in _marks(low, high, logarithmic)]
    label = f"{name}: the solution's band over seeds" + (", and the baseline dashed" if baseline else "")
    scale = ", logarithmic" if logarithmic else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {TALL}" width="{WIDE}" height="{TALL}" '
        f'role="img" aria-label="{escape(label)}" font-family="sans-serif" font-size="11" fill="{TEXT}">'
        f'<text x="{LEFT}" y="20" font-size="13">{escape(name)}{scale}</text>'
        f"{''.join(ticks)}{''.join(parts)}"
        f'<text x="{LEFT}" y="{BOTTOM + 20}">0</text>'
        f'<text x="{RIGHT}" y="{BOTTOM + 20}" text-anchor="end">step {last:.0f}</text></svg>\n'
    )


def _scale(value: float, logarithmic: bool) -> float:
    return math.log10(value) if logarithmic else value


def _bounds(values: list[float], logarithmic: bool) -> tuple[float, float]:
    """The lowest and the highest value to show, a little apart even where all are one."""
    low, high = _scale(min(values), logarithmic), _scale(max(values), logarithmic)
    room = (high - low) * 0.04 or 0.5
    return low - room, high + room


def _marks(low: float, high: float, logarithmic: bool) -> list[float]:
    """Four values to write beside the axis."""
    marks = [low + (high - low) * share for share in (0.04, 0.35, 0.65, 0.96)]
    return [10**mark if logarithmic else mark for mark in marks]


def _tick(y: float, value: float) -> str:
    return (
        f'<path d="M{LEFT} {y}H{RIGHT}" stroke="{GRID}" stroke-width=".6"/>'
        f'<text x="{LEFT - 6}" y="{y + 4}" text-anchor="end">{value:.3g}</text>'
    )


def _path(points: Points) -> str:
    return "M" + "L".join(f"{x} {y}" for x, y in points)
