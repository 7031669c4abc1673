"""The cairn: one milestone as a stack of stones, one stone a criterion, as a server-drawn SVG.

A drawing is a pure function of the milestone's slug, its criteria and their states. Seeds come from the
slugs, so a cairn looks the same on every page and in every release. The rules are in ``docs``' visual
language: widths taper, stones touch, nothing solid rests on a hollow stone.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import Literal, get_args

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

Kind = Literal["metric", "exercise", "rubric", "quiz", "document"]
State = Literal["met", "review", "started", "open"]
Point = tuple[float, float]
Random = Callable[[], float]

HEIGHTS: dict[Kind, float] = {"metric": 1.0, "exercise": 0.84, "rubric": 0.8, "quiz": 0.72, "document": 0.62}
STATES: tuple[State, ...] = get_args(State)
DETAIL_WIDTH = 60  # from this width on, stones carry marks and scree lies beside them
COARSE_WIDTH = 36  # below it, half of an outline's points draw the same stone
POINTS = 16
MASK = 0xFFFFFFFF


@dataclass(frozen=True)
class Stone:
    """One criterion. ``met_order`` says when it was met; without it, met stones keep the authored order."""

    id: str
    kind: Kind
    state: State = "open"
    met_order: float = 0.0


@dataclass(frozen=True)
class Placed:
    """A stone where it lies: centre and size in pixels, ``base`` upwards from the ground, and its outline."""

    stone: Stone
    x: float
    base: float
    width: float
    height: float
    tone: int
    outline: tuple[Point, ...]  # y grows downwards, the ground is 0
    seed: int

    @property
    def middle(self) -> float:
        """Height of the stone's centre as an SVG y."""
        return -(self.base + self.height / 2)


def fnv1a(text: str) -> int:
    """The 32-bit FNV-1a hash of a text's UTF-8 bytes."""
    value = 0x811C9DC5
    for byte in text.encode():
        value = ((value ^ byte) * 0x01000193) & MASK
    return value


def mulberry32(seed: int) -> Random:
    """A small generator of numbers in [0, 1), the same in every language that has 32-bit integers."""
    state = seed & MASK

    def number() -> float:
        nonlocal state
        state = (state + 0x6D2B79F5) & MASK
        t = ((state ^ (state >> 15)) * (state | 1)) & MASK
        t ^= (t + (((t ^ (t >> 7)) * (t | 61)) & MASK)) & MASK
        return ((t ^ (t >> 14)) & MASK) / 2**32

    return number


def in_order(stones: Iterable[Stone]) -> list[Stone]:
    """From the ground up: met in the order in which they were met, then in review, started, not yet."""
    return sorted(stones, key=lambda s: (STATES.index(s.state), s.met_order if s.state == "met" else 0))


def place(slug: str, stones: Sequence[Stone], width: float) -> list[Placed]:
    """Where each stone lies, from the ground up. ``width`` is that of the lowest stone, in pixels."""
    placed: list[Placed] = []
    x, base = 0.0, 0.0
    tone = fnv1a(slug) % 4
    for rank, stone in enumerate(in_order(stones)):
        seed = fnv1a(f"{slug}/{stone.id}")
        random = mulberry32(seed)
        taper = 1 - 0.6 * (rank / max(len(stones) - 1, 4)) ** 0.92
        w = width * taper * _between(random, 0.95, 1.05)
        h = 0.34 * width * HEIGHTS[stone.kind] * _between(random, 0.92, 1.10) * (0.74 + 0.26 * taper)
        if rank:
            x = min(max(x + _between(random, -0.07, 0.07) * w, -0.07 * width), 0.07 * width)
            tone = (tone + 1 + int(random() * 3)) % 4  # one to three further: neighbours differ
        placed.append(Placed(stone, x, base, w, h, tone, tuple(_outline(x, base, w, h, random)), seed))
        base += 0.935 * h
    return placed


def name_text(name: str, stones: Sequence[Stone]) -> str:
    """What the drawing says in words: "Handwritten digits: 3 of 6 stones laid"."""
    return f"{name}: {sum(stone.state == 'met' for stone in stones)} of {len(stones)} stones laid"


def draw(
    slug: str,
    criteria: Sequence[Stone],
    width: float,
    *,
    name: str = "",
    settle: bool = False,
    ground: bool = False,
) -> SafeString:
    """The cairn as inline SVG. ``width`` in pixels is that of the lowest stone.

    Without a ``name`` it is decoration, hidden from assistive technology: then words stand beside it.
    ``settle`` lets the met stones drop into place once. ``ground`` draws the ground line too. When all
    criteria are met, the blaze is painted on the second stone.
    """
    return _drawing(slug, tuple(criteria), width, name, settle, ground)


@lru_cache(maxsize=1024)
def _drawing(
    slug: str, criteria: tuple[Stone, ...], width: float, name: str, settle: bool, ground: bool
) -> SafeString:
    """What ``draw`` draws. Most cairns look alike for everybody, so a process draws them once."""
    placed = place(slug, criteria, width)
    detail = width >= DETAIL_WIDTH
    half, top = _extent(placed, width)
    parts = [_scree(slug, width)] if detail and placed else []
    if ground:
        parts.append(f'<line class="ground" x1="{-half:.1f}" x2="{half:.1f}" y1="0" y2="0"/>')
    if width < COARSE_WIDTH:
        placed = [replace(stone, outline=stone.outline[::2]) for stone in placed]
    parts += [_drawn(stone, detail, settle) for stone in placed]
    if placed and all(stone.state == "met" for stone in criteria):
        parts.append(_blaze(placed[min(1, len(placed) - 1)], width))
    return format_html(
        '<svg class="cairn{}" {} width="{}" height="{}" viewBox="{} {} {} {}">{}</svg>',
        " settle" if settle else "",
        _label(name_text(name, criteria) if name else ""),
        *(_short(n) for n in (2 * half, top + 1, -half, -top, 2 * half, top + 1)),
        mark_safe("".join(parts)),  # noqa: S308 - numbers and our own class names
    )


def _label(text: str) -> SafeString:
    if not text:
        return mark_safe('aria-hidden="true"')
    return format_html('role="img" aria-label="{}"', text)


def _between(random: Random, low: float, high: float) -> float:
    return low + (high - low) * random()


def _short(number: float) -> str:
    """One decimal at most, and no zero before the point."""
    text = f"{number:.1f}".removesuffix(".0")
    return {"-0": "0"}.get(text, text.replace("0.", ".") if text.lstrip("-").startswith("0.") else text)


def _extent(placed: Sequence[Placed], width: float) -> tuple[float, float]:
    """Half the width and the full height of the drawing, scree and strokes included."""
    xs = [abs(x) for stone in placed for x, _ in stone.outline]
    ys = [-y for stone in placed for _, y in stone.outline]
    margin = width * 0.82 if width >= DETAIL_WIDTH else 0.0
    return max([*xs, margin, width / 2]) + 1, max([*ys, 0.0]) + 1


def _outline(x: float, base: float, w: float, h: float, random: Random) -> list[Point]:
    """A superellipse whose radius three slow waves disturb, flattened below, turned a little.

    Rescaled so that the stone spans exactly ``base`` to ``base + h``: that is what makes stones touch.
    """
    exponent = _between(random, 2.3, 3.1)
    waves = [(order, size, random() * math.tau) for order, size in ((2, 0.045), (3, 0.035), (5, 0.018))]
    turn = math.radians(_between(random, -2, 2))
    points = []
    for k in range(POINTS):
        angle = math.tau * k / POINTS
        c, s = math.cos(angle), math.sin(angle)
        radius = 1 + sum(size * math.sin(order * angle + phase) for order, size, phase in waves)
        px = math.copysign(abs(c) ** (2 / exponent), c) * radius * w / 2
        py = min(math.copysign(abs(s) ** (2 / exponent), s) * radius, 0.94) * h / 2
        points.append((px * math.cos(turn) - py * math.sin(turn), px * math.sin(turn) + py * math.cos(turn)))
    low, high = min(y for _, y in points), max(y for _, y in points)
    return [(x + px, (py - high) * h / (high - low) - base) for px, py in points]


def _curve(points: Sequence[Point]) -> str:
    """A closed Catmull-Rom spline through the points, as cubic Béziers, in few characters."""
    n = len(points)
    x, y = (round(value, 1) for value in points[0])
    path = f"M{_short(x)} {_short(y)}"
    for i in range(n):
        p0, p1, p2, p3 = (points[(i + k - 1) % n] for k in range(4))
        first = (p1[0] + (p2[0] - p0[0]) / 6 - x, p1[1] + (p2[1] - p0[1]) / 6 - y)
        second = (p2[0] - (p3[0] - p1[0]) / 6 - x, p2[1] - (p3[1] - p1[1]) / 6 - y)
        step = (round(p2[0] - x, 1), round(p2[1] - y, 1))
        # "s" mirrors the control point before it, which is what makes such a spline smooth
        path += _steps("s", second, step) if i else _steps("c", first, second, step)
        x, y = x + step[0], y + step[1]
    return path + "z"


def _steps(command: str, *steps: Point) -> str:
    """A relative path command. A minus sign parts two numbers as well as a space does."""
    numbers = [_short(value) for step in steps for value in step]
    return command + numbers[0] + "".join(n if n.startswith("-") else f" {n}" for n in numbers[1:])


def _drawn(placed: Placed, detail: bool, settle: bool) -> str:
    state = placed.stone.state
    if state != "met":
        marks = _hatching(placed) if state == "review" else ""
        return f'<g><path class="{state}" d="{_curve(placed.outline)}"/>{marks}</g>'
    group = '<g class="laid">' if settle else "<g>"
    marks = MARKS[placed.stone.kind](placed, mulberry32(placed.seed ^ MASK)) if detail else ""
    return (
        f'{group}<path class="s{placed.tone + 1}" d="{_curve(placed.outline)}"/>'
        f'<path class="hi" d="{_curve(_face(placed, upper=True))}"/>'
        f'<path class="lo" d="{_curve(_face(placed, upper=False))}"/>{marks}</g>'
    )


def _face(placed: Placed, *, upper: bool) -> list[Point]:
    """The lit upper face, or the dark lower lip: half of the outline and a line that follows it back."""
    points = list(placed.outline)  # from the right, by the foot, to the left and over the top
    middle = len(points) // 2
    half = points[middle:] + points[:1] if upper else points[: middle + 1]
    pull = 0.3 if upper else 0.5  # the inner edge runs at this share of the way from the middle
    inner = [
        (placed.x + (x - placed.x) * 0.98, placed.middle + (y - placed.middle) * pull)
        for x, y in reversed(half[1:-1])
    ]
    return half + inner


def _hatching(placed: Placed) -> str:
    """Slanted lines inside a stone that somebody is looking at."""
    count = max(3, int(placed.width / 7))
    reach = placed.width * 0.32
    rise = placed.height * 0.22
    lines = []
    for k in range(count):
        x = placed.x - reach + 2 * reach * k / (count - 1)
        ends = (x - rise * 0.6, placed.middle + rise, x + rise * 0.6, placed.middle - rise)
        lines.append('<line class="hatch" x1="{}" y1="{}" x2="{}" y2="{}"/>'.format(*map(_short, ends)))
    return "".join(lines)


def _inside(placed: Placed, across: float, up: float) -> Point:
    """A point in the stone: ``across`` and ``up`` from -1 to 1."""
    return placed.x + across * placed.width / 2, placed.middle - up * placed.height / 2


def _line(points: Sequence[Point]) -> str:
    """A gently bent open line through three points or more."""
    (x0, y0), *rest = points
    path = f"M{_short(x0)} {_short(y0)}"
    for (ax, ay), (bx, by) in pairwise([(x0, y0), *rest]):
        path += f"Q{_short((ax + bx) / 2)} {_short(ay)} {_short(bx)} {_short(by)}"
    return f'<path class="mk" d="{path}"/>'


def _strata(placed: Placed, random: Random) -> str:
    return "".join(
        _line([_inside(placed, a, up + _between(random, -0.06, 0.06)) for a in (-0.74, 0.0, 0.76)])
        for up in (0.14, -0.22)
    )


def _grains(placed: Placed, random: Random) -> str:
    grains = []
    for _ in range(5):
        x, y = _inside(placed, _between(random, -0.6, 0.6), _between(random, -0.45, 0.4))
        r = _between(random, 0.9, 1.6)
        grains.append(f'<circle class="dot" r="{r:.1f}" cx="{_short(x)}" cy="{_short(y)}"/>')
    return "".join(grains)


def _vein(placed: Placed, random: Random) -> str:
    tilt = _between(random, -0.3, 0.3)
    return _line([_inside(placed, a, tilt * a) for a in (-0.7, -0.1, 0.7)])


def _crack(placed: Placed, random: Random) -> str:
    at = _between(random, -0.3, 0.3)
    steps = ((at, 0.8), (at + 0.1, 0.2), (at + 0.02, -0.1), (at + 0.16, -0.6))
    path = "L".join(f"{_short(x)} {_short(y)}" for x, y in (_inside(placed, a, up) for a, up in steps))
    return f'<path class="mk" d="M{path}"/>'


def _plain(placed: Placed, random: Random) -> str:
    return ""


MARKS: dict[Kind, Callable[[Placed, Random], str]] = {
    "metric": _strata,
    "quiz": _grains,
    "document": _vein,
    "rubric": _crack,
    "exercise": _plain,
}


def _scree(slug: str, width: float) -> str:
    """Small stones beside the foot."""
    random = mulberry32(fnv1a(f"{slug}/scree"))
    stones = []
    for k in range(5):
        side = -1 if k % 2 == 0 else 1
        r = _between(random, 0.036, 0.078) * width
        x = side * _between(random, 0.56, 0.72) * width
        size = f'rx="{r:.1f}" ry="{r * 0.47:.1f}"'
        stones.append(f'<ellipse class="scree" cx="{x:.1f}" cy="{-0.35 * r:.1f}" {size}/>')
    return "".join(stones)


def _blaze(placed: Placed, width: float) -> str:
    """The painted trail mark: the cairn stands."""
    r = max(3.0, width * 0.066)
    x, y = placed.x, placed.middle
    sides = f"l{r:.1f} {r:.1f}l{-r:.1f} {r:.1f}l{-r:.1f} {-r:.1f}Z"
    return f'<path class="bz" d="M{_short(x)} {_short(y - r)}{sides}"/>'
