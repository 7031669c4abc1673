"""Drawings around the cairns: a path's elevation profile, the landing page's map, the trail between rows."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from cairn.ui.cairn import HEIGHTS, Point, Stone, draw, fnv1a, mulberry32

# --- elevation profile

LEFT, RIGHT, GROUND, SUMMIT = 4.0, 636.0, 118.5, 56.0
STEPS = 72
LABEL_WIDTH = 6.3  # pixels a character of an 11.5 px label takes, near enough to keep labels apart
MOST_TICKS = 6


@dataclass(frozen=True)
class Height:
    """One stage of a path: how hard it is, from 1 to 5, and the title of a cairn to show on it, if any."""

    label: str
    difficulty: int
    peak: str = ""


def profile(stages: Sequence[Height], label: str) -> SafeString:
    """Difficulty along a path as a hillside, with a small cairn and its title on each stage that has a peak.

    Raises ValueError without stages.
    """
    if not stages:
        raise ValueError("a profile needs at least one stage")
    heights = _heights(stages)
    points = [(LEFT + (RIGHT - LEFT) * k / STEPS, heights[k]) for k in range(STEPS + 1)]
    top = _path(points)
    layers = "".join(
        f'<path class="str" d="{_path([(x, GROUND - (GROUND - y) * share) for x, y in points])}"/>'
        for share in (0.36, 0.68)
    )
    return format_html(
        '<svg class="chart elev" viewBox="0 0 640 150" role="img" aria-label="{}">{}</svg>',
        label,
        mark_safe(  # noqa: S308 - numbers, and titles that were escaped
            f'<path class="fill" d="{top}L{RIGHT} {GROUND}L{LEFT} {GROUND}Z"/>{layers}'
            f'<path class="top" d="{top}"/>'
            f'<line class="axis" x1="{LEFT}" x2="{RIGHT}" y1="{GROUND}" y2="{GROUND}"/>'
            + _ticks(stages)
            + _peaks(stages, heights)
        ),
    )


def _heights(stages: Sequence[Height]) -> list[float]:
    """The y of the hillside at each step: stage heights joined by a cosine, with a little roughness."""
    random = mulberry32(fnv1a("/".join(stage.label for stage in stages)))
    phases = [random() * math.tau for _ in range(3)]
    result = []
    for k in range(STEPS + 1):
        at = k / STEPS * len(stages) - 0.5
        low, high = (max(0, min(len(stages) - 1, math.floor(at) + step)) for step in (0, 1))
        blend = (1 - math.cos(math.pi * (at - math.floor(at)))) / 2
        level = stages[low].difficulty * (1 - blend) + stages[high].difficulty * blend
        waves = (
            math.sin(k / STEPS * turns + phase) for turns, phase in zip((9, 17, 31), phases, strict=True)
        )
        share = min(max((level - 0.7 + sum(waves) * 0.055) / 4.4, 0.03), 1.0)
        result.append(GROUND - (GROUND - SUMMIT) * share)
    return result


def _path(points: Sequence[Point]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def _ticks(stages: Sequence[Height]) -> str:
    """The labels under the hillside: the first, the last and a few between."""
    last = len(stages) - 1
    count = min(MOST_TICKS, last + 1)
    ticks = []
    for k in sorted({round(last * n / max(count - 1, 1)) for n in range(count)}):
        anchor = "start" if k == 0 else "end" if k == last else "middle"
        x = {0: LEFT, last: RIGHT}.get(k, LEFT + (RIGHT - LEFT) * (k + 0.5) / len(stages))
        words = stages[k].label
        ticks.append(
            format_html('<text x="{}" y="136" text-anchor="{}">{}</text>', f"{x:.0f}", anchor, words)
        )
    return "".join(ticks)


def _peaks(stages: Sequence[Height], heights: Sequence[float]) -> str:
    """Cairns of 22 px with their titles. A title that would touch the one before it moves up a line."""
    drawn, free_from, level = "", 0.0, 0.0
    for k, stage in enumerate(stages):
        if not stage.peak:
            continue
        x = LEFT + (RIGHT - LEFT) * (k + 0.62) / len(stages)
        x = min(x, RIGHT - 16)
        y = heights[round((x - LEFT) / (RIGHT - LEFT) * STEPS)] + 1.5
        half = len(stage.peak) * LABEL_WIDTH / 2
        center = min(max(x, LEFT + half), RIGHT - half)
        text_y = y - 36
        if center - half < free_from and abs(text_y - level) < 13:
            text_y = level - 14
        free_from, level = center + half + 6, text_y
        drawn += _at(draw(stage.peak, standing(stage.peak, 4), 26), x, y)
        drawn += format_html(
            '<text class="lab ft" x="{}" y="{}" text-anchor="middle">{}</text>',
            f"{center:.0f}",
            f"{max(text_y, 12):.0f}",
            stage.peak,
        )
    return drawn


def standing(slug: str, stones: int) -> list[Stone]:
    """Met stones of kinds that the slug chooses: a cairn that stands for no milestone."""
    random = mulberry32(fnv1a(slug))
    kinds = list(HEIGHTS)
    return [Stone(str(k), kinds[int(random() * len(kinds))], "met", k) for k in range(stones)]


def _at(svg: str, x: float, y: float) -> str:
    """A cairn's drawing placed inside another, the middle of its foot at (x, y)."""
    width, height = (float(svg.split(f'{name}="', 1)[1].split('"', 1)[0]) for name in ("width", "height"))
    return svg.replace("<svg ", f'<svg x="{x - width / 2:.1f}" y="{y - height + 1:.1f}" ', 1)


# --- trail between the rows of a path


def way(walked: bool, seed: int = 0) -> SafeString:
    """One row's stretch of dotted trail, bending to a side that the seed chooses. Stretches to its row."""
    side = 1 if seed % 2 else -1
    x = 75 + side * (18 + 9 * mulberry32(seed)())
    return format_html(
        '<svg class="way" aria-hidden="true" viewBox="0 0 150 100" preserveAspectRatio="none">'
        '<path class="{}" d="M75 0C{} 22 {} 70 75 100"/></svg>',
        "walked" if walked else "",
        f"{x:.0f}",
        f"{x:.0f}",
    )


# --- the landing page's map

MAP_WIDTH, MAP_HEIGHT, CELL = 1600, 620, 20
LEVELS = 16
HILLS = (  # centre, radius, height of the loss: the deep one is where the trail ends
    (1290.0, 400.0, 250.0, -1.25),
    (760.0, 620.0, 240.0, 0.75),
    (1180.0, 60.0, 210.0, 0.62),
    (900.0, 110.0, 130.0, 0.5),
    (1560.0, 130.0, 240.0, 0.55),
    (330.0, 300.0, 260.0, 0.5),
    (560.0, 90.0, 190.0, -0.28),
)
START = (915.0, 150.0)
PINS = (  # share of the trail, cairn width, stones, words, side of the words
    (0.0, 50, 5, "first dot product", -1),
    (0.31, 54, 5, "network from scratch", -1),
    (0.62, 58, 6, "digits at 98\N{NARROW NO-BREAK SPACE}%", -1),
    (1.0, 78, 7, "your language model", 1),
)


def loss(x: float, y: float) -> float:
    """The surface of the map at a point in pixels."""
    slope = (MAP_WIDTH - x) / 2400 + (MAP_HEIGHT - y) / 2600
    return slope + sum(h * math.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * r * r)) for cx, cy, r, h in HILLS)


def descent(start: Point = START, rate: float = 9000.0, steps: int = 400) -> list[Point]:
    """Gradient descent on the surface, from ``start`` until the ground is flat."""
    trail = [start]
    for _ in range(steps):
        x, y = trail[-1]
        gx, gy = (loss(x + 1, y) - loss(x - 1, y)) / 2, (loss(x, y + 1) - loss(x, y - 1)) / 2
        if math.hypot(gx, gy) < 2e-5:
            break
        step = min(rate, 9 / math.hypot(gx, gy))
        trail.append((x - step * gx, y - step * gy))
    return trail


@cache
def contours() -> SafeString:
    """Contour lines, the trail of a real descent, and four cairns along it. Computed once a process."""
    columns, rows = MAP_WIDTH // CELL + 1, MAP_HEIGHT // CELL + 1
    field = [[loss(c * CELL, r * CELL) for c in range(columns)] for r in range(rows)]
    low, high = min(map(min, field)), max(map(max, field))
    lines = ""
    for k in range(1, LEVELS):
        path = "".join(_smooth(line) for line in _isolines(field, low + (high - low) * k / LEVELS))
        lines += f'<path{" class=" + chr(34) + "ix" + chr(34) if k % 4 == 0 else ""} d="{path}"/>'
    trail = descent()
    return format_html(
        '<svg class="iso" viewBox="0 0 {} {}" aria-hidden="true">{}</svg>',
        MAP_WIDTH,
        MAP_HEIGHT,
        mark_safe(f'{lines}<path class="tr" d="{_path(trail)}"/>{_pins(trail)}'),  # noqa: S308 - ours
    )


def _pins(trail: Sequence[Point]) -> str:
    pins = ""
    for share, width, stones, words, side in PINS:
        x, y = trail[round(share * (len(trail) - 1))]
        pins += _at(draw(words, standing(words, stones), width), x, y + 4)
        last = ' class="last"' if share == 1 else ""
        anchor = "end" if side < 0 else "start"
        at = f'x="{x + side * width * 0.78:.0f}" y="{y - 4:.0f}" text-anchor="{anchor}"'
        pins += f"<text{last} {at}>{words}</text>"
    return pins


def _isolines(field: Sequence[Sequence[float]], level: float) -> list[list[Point]]:
    """Marching squares: the lines on which the field has the level, joined end to end."""
    follow: dict[Point, list[Point]] = {}
    for r in range(len(field) - 1):
        for c in range(len(field[0]) - 1):
            for a, b in _segments(field, r, c, level):
                follow.setdefault(a, []).append(b)
                follow.setdefault(b, []).append(a)
    lines = []
    starts = [p for p, ends in follow.items() if len(ends) == 1] + list(follow)
    for start in starts:
        line = _walk(follow, start)
        if len(line) > 4:
            lines.append(line)
    return lines


def _walk(follow: dict[Point, list[Point]], start: Point) -> list[Point]:
    """The line through ``start``, taking its joints out of ``follow``."""
    line = [start]
    while follow.get(line[-1]):
        here = line[-1]
        after = follow[here].pop()
        follow[after].remove(here)
        line.append(after)
    return line


def _segments(field: Sequence[Sequence[float]], r: int, c: int, level: float) -> list[tuple[Point, Point]]:
    """Where the level crosses one cell: none, one or two segments between crossed edges."""
    corners = [(r, c), (r, c + 1), (r + 1, c + 1), (r + 1, c)]
    crossings = []
    for (r1, c1), (r2, c2) in zip(corners, corners[1:] + corners[:1], strict=True):
        if (r2, c2) < (r1, c1):  # the same order in both cells of an edge, so that the crossing is one point
            (r1, c1), (r2, c2) = (r2, c2), (r1, c1)
        a, b = field[r1][c1], field[r2][c2]
        if (a < level) != (b < level):
            t = (level - a) / (b - a)
            crossings.append((round((c1 + (c2 - c1) * t) * CELL, 1), round((r1 + (r2 - r1) * t) * CELL, 1)))
    return list(zip(crossings[::2], crossings[1::2], strict=True))


def _smooth(line: Sequence[Point]) -> str:
    """The polyline with every second point, as quadratic curves through the midpoints."""
    points = [*line[:-1:2], line[-1]]
    path = f"M{points[0][0]:.0f} {points[0][1]:.0f}"
    for (ax, ay), (bx, by) in pairwise(points[1:]):
        path += f"Q{ax:.0f} {ay:.0f} {(ax + bx) / 2:.0f} {(ay + by) / 2:.0f}"
    return path + f"L{points[-1][0]:.0f} {points[-1][1]:.0f}"
