"""Curves of training runs: stored in chunks, read down-sampled.

A chunk holds up to ``CHUNK`` points of one curve, and its extremes beside them. A reader who asks for fewer
points than there are gets the lowest and the highest value of each bucket, in their order, so that no spike
is lost; who zooms in gets every point. Of a run that lost its node, what was logged beyond the checkpoint
that the next lease went on from is given apart, as lost.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple

import numpy as np
from django.db.models import QuerySet, Sum
from numpy.typing import NDArray

from cairn.runs.models import Chunk, Run
from grader.contract import Points

CHUNK = 1024
MAX_CURVES = 200
MAX_POINTS = 5_000_000  # of one run
HISTORY = 10_000  # points of one curve that a later try is told
SYSTEM = "system/"  # the node's own readings, each of the step that was logged last before it

Axis = Literal["step", "seconds"]
Floats = NDArray[np.float64]
Steps = NDArray[np.int64]


@dataclass(frozen=True)
class Stretch:
    """Points of one curve: steps, values (NaN where not finite) and seconds, all of one length."""

    steps: Steps
    values: Floats
    seconds: Floats

    def __len__(self) -> int:
        return len(self.steps)

    def __getitem__(self, which: Any) -> "Stretch":
        return Stretch(self.steps[which], self.values[which], self.seconds[which])

    @classmethod
    def of(cls, points: Points) -> "Stretch":
        """A message's points."""
        return cls(
            np.array(points.steps, np.int64), np.array(points.values, float), np.array(points.seconds, float)
        )

    @classmethod
    def stored(cls, steps: bytes, values: bytes, seconds: bytes) -> "Stretch":
        """A chunk's arrays."""
        return cls(np.frombuffer(steps, "<i8"), np.frombuffer(values, "<f8"), np.frombuffer(seconds, "<f8"))

    @classmethod
    def joined(cls, parts: Sequence["Stretch"]) -> "Stretch":
        """One after the other."""
        if not parts:
            return cls(np.empty(0, np.int64), np.empty(0), np.empty(0))
        return cls(
            np.concatenate([part.steps for part in parts]),
            np.concatenate([part.values for part in parts]),
            np.concatenate([part.seconds for part in parts]),
        )


def thin(values: Floats, points: int) -> NDArray[np.intp]:
    """Which of ``values`` to show where at most ``points`` are wanted: all, or each bucket's two extremes.

    Buckets hold equally many values. NaN is passed over unless a bucket holds nothing else.
    """
    if len(values) <= points:
        return np.arange(len(values))
    buckets = max(1, points // 2)
    width = math.ceil(len(values) / buckets)
    rows = math.ceil(len(values) / width)
    padded = np.full(rows * width, np.nan)
    padded[: len(values)] = values
    grid = padded.reshape(rows, width)
    base = np.arange(rows) * width
    low = base + np.where(np.isnan(grid), np.inf, grid).argmin(axis=1)
    high = base + np.where(np.isnan(grid), -np.inf, grid).argmax(axis=1)
    return np.unique(np.concatenate([low, high]))


# --- storing


def store(run: Run, news: Iterable[Points]) -> list[Points]:
    """Append stretches to a locked run's chunks while it has room; those that were taken.

    Moves ``run.points`` and ``run.step``, which the caller saves. Two queries to read and write, at least.
    """
    taken = _with_room(run, list(news))
    by_name: dict[str, list[Stretch]] = defaultdict(list)
    for points in taken:
        by_name[points.name].append(Stretch.of(points))
    if not by_name:
        return []
    lease = max(1, len(run.starts))
    tails = _tails(run, by_name)
    made: list[Chunk] = []
    for name, parts in by_name.items():
        made += _append(run, name, lease, tails.get(name), Stretch.joined(parts))
    for chunk in made:
        if chunk.pk:  # one plain UPDATE each: bulk_update's cases take longer to build than these to run
            chunk.save(update_fields=_GROWING)
    Chunk.objects.bulk_create([c for c in made if not c.pk])
    steps = [max(one.steps) for one in taken if not one.name.startswith(SYSTEM)]
    run.step = max([run.step or 0, *steps]) if steps or run.step is not None else None
    return taken


_GROWING = [
    *(
        "count",
        "full",
        "steps",
        "values",
        "seconds",
        "first_step",
        "last_step",
        "first_second",
        "last_second",
    ),
    *("low", "low_step", "low_second", "high", "high_step", "high_second"),
]


def _with_room(run: Run, news: list[Points]) -> list[Points]:
    """What fits under the limits of points and of curves, counted in ``run.points``."""
    known: set[str] | None = None
    taken = []
    for points in news:
        if run.points + len(points.steps) > MAX_POINTS:
            break
        if known is None:
            known = set(Chunk.objects.filter(run=run, place=0).values_list("name", flat=True))
        if points.name not in known and len(known) >= MAX_CURVES:
            continue
        known.add(points.name)
        run.points += len(points.steps)
        taken.append(points)
    return taken


def _tails(run: Run, names: Iterable[str]) -> dict[str, Chunk]:
    """The newest chunk of each curve."""
    found = Chunk.objects.filter(run=run, name__in=names, full=False).order_by("place")
    return {chunk.name: chunk for chunk in found}


def _append(run: Run, name: str, lease: int, tail: Chunk | None, news: Stretch) -> Iterator[Chunk]:
    """The tail filled up, then new chunks. A tail of an earlier lease is closed as it is."""
    place = tail.place + 1 if tail else _next_place(run, name)
    if tail and tail.lease == lease:
        room = CHUNK - tail.count
        yield _filled(tail, Stretch.joined([_stretch(tail), news[:room]]))
        news = news[room:]
    elif tail:
        tail.full = True
        yield tail
    for begin in range(0, len(news), CHUNK):
        yield _filled(Chunk(run=run, name=name, lease=lease, place=place), news[begin : begin + CHUNK])
        place += 1


def _next_place(run: Run, name: str) -> int:
    newest = Chunk.objects.filter(run=run, name=name).order_by("-place").values_list("place", flat=True)
    return 1 + next(iter(newest[:1]), -1)


def _stretch(chunk: Chunk) -> Stretch:
    return Stretch.stored(bytes(chunk.steps), bytes(chunk.values), bytes(chunk.seconds))


def _filled(chunk: Chunk, points: Stretch) -> Chunk:
    low, high = _extremes(points.values)
    chunk.count, chunk.full = len(points), len(points) >= CHUNK
    chunk.steps = points.steps.astype("<i8").tobytes()
    chunk.values = points.values.astype("<f8").tobytes()
    chunk.seconds = points.seconds.astype("<f8").tobytes()
    chunk.first_step, chunk.last_step = int(points.steps.min()), int(points.steps.max())
    chunk.first_second, chunk.last_second = float(points.seconds.min()), float(points.seconds.max())
    chunk.low, chunk.low_step, chunk.low_second = _told(points, low)
    chunk.high, chunk.high_step, chunk.high_second = _told(points, high)
    return chunk


def _extremes(values: Floats) -> tuple[int, int]:
    gaps = np.isnan(values)
    return int(np.where(gaps, np.inf, values).argmin()), int(np.where(gaps, -np.inf, values).argmax())


def _told(points: Stretch, at: int) -> tuple[float | None, int, float]:
    value = float(points.values[at])
    return value if math.isfinite(value) else None, int(points.steps[at]), float(points.seconds[at])


# --- reading


class _Row(NamedTuple):
    """A chunk without its points."""

    pk: int
    name: str
    lease: int
    first_step: int
    last_step: int
    first_second: float
    last_second: float
    low: float | None
    low_step: int
    low_second: float
    high: float | None
    high_step: int
    high_second: float


@dataclass(frozen=True)
class Window:
    """What part of the curves is asked for. ``first`` and ``last`` are in the unit of ``axis``."""

    axis: Axis = "step"
    first: float = -math.inf
    last: float = math.inf
    points: int = 1000


@dataclass(frozen=True)
class Part:
    """Points of one lease. ``lost``: logged after the checkpoint from which the next lease went on.

    ``since``: the seconds of training before this lease.
    """

    lease: int
    lost: bool
    since: float
    x: Floats
    y: Floats


@dataclass
class Curve:
    """One curve as asked for; ``count`` points were logged in all."""

    parts: list[Part] = field(default_factory=list)
    count: int = 0


def names(run: Run) -> list[str]:
    """The run's curves, sorted. One query."""
    return sorted(Chunk.objects.filter(run=run, place=0).values_list("name", flat=True))


def read(run: Run, wanted: Sequence[str], window: Window) -> dict[str, Curve]:
    """The wanted curves (none named: all) within the window. Three queries."""
    chunks = Chunk.objects.filter(run=run)
    if wanted:
        chunks = chunks.filter(name__in=wanted)
    totals = dict(chunks.order_by().values_list("name").annotate(Sum("count")))
    near = [row for row in _rows(chunks, window) if _touches(run, row, window)]
    per_curve: dict[str, list[_Row]] = defaultdict(list)
    for row in near:
        per_curve[row.name].append(row)
    whole = [row.pk for some in per_curve.values() if 2 * len(some) < window.points for row in some]
    bodies = Chunk.objects.filter(pk__in=whole).values_list("pk", "steps", "values", "seconds")
    stretches = {pk: Stretch.stored(bytes(s), bytes(v), bytes(t)) for pk, s, v, t in bodies} if whole else {}
    curves = {name: Curve(count=count) for name, count in sorted(totals.items())}
    for name, some in per_curve.items():
        curves[name].parts = _parts(run, name, some, stretches, window)
    return curves


def _rows(chunks: QuerySet[Chunk], window: Window) -> Iterator[_Row]:
    """Chunks without their points, in order; by step the database leaves out those beside the window."""
    if window.axis == "step" and math.isfinite(window.first):
        chunks = chunks.filter(last_step__gte=math.floor(window.first))
    if window.axis == "step" and math.isfinite(window.last):
        chunks = chunks.filter(first_step__lte=math.ceil(window.last))
    return map(_Row._make, chunks.order_by("name", "place").values_list(*_Row._fields))


def _touches(run: Run, row: _Row, window: Window) -> bool:
    if window.axis == "step":
        return row.last_step >= window.first and row.first_step <= window.last
    since = _began(run, row.lease)[1]
    return since + row.last_second >= window.first and since + row.first_second <= window.last


def _parts(
    run: Run, name: str, rows: list[_Row], stretches: dict[int, Stretch], window: Window
) -> list[Part]:
    """By lease, what was kept and what was lost, each within the window and thinned to its share."""
    by_lease: dict[int, list[_Row]] = defaultdict(list)
    for row in rows:
        by_lease[row.lease].append(row)
    pieces = []
    for lease, some in sorted(by_lease.items()):
        whole = [stretches[row.pk] for row in some if row.pk in stretches]
        points, since = Stretch.joined(whole) if whole else _summary(some), _began(run, lease)[1]
        x = points.steps.astype(float) if window.axis == "step" else points.seconds + since
        inside = (x >= window.first) & (x <= window.last)
        gone = _lost(run, name, lease, points)
        for lost in (False, True):
            chosen = inside & (gone == lost)
            pieces.append(Part(lease, lost, since, x[chosen], points.values[chosen]))
    total = sum(len(piece.x) for piece in pieces)
    return [_thinned(piece, total, window.points) for piece in pieces if len(piece.x)]


def _thinned(piece: Part, total: int, points: int) -> Part:
    """Its share of ``points``, of ``total`` that there are; all of it where they are no more."""
    kept = thin(piece.y, total if total <= points else max(2, points * len(piece.x) // total))
    return replace(piece, x=piece.x[kept], y=piece.y[kept])


def _summary(rows: Sequence[_Row]) -> Stretch:
    """Chunks by their two extremes, each pair in its order."""
    # Value, step and second of the lowest, then of the highest: the last six of a row.
    table = np.array([row[-6:] for row in rows], float)
    turned = table[:, 2] > table[:, 5]
    table[turned] = table[turned][:, [3, 4, 5, 0, 1, 2]]
    flat = table.reshape(-1, 3)
    return Stretch(flat[:, 1].astype(np.int64), flat[:, 0], flat[:, 2])


def _began(run: Run, lease: int) -> tuple[int, float]:
    """The step at which a lease went on, and the seconds of training before it."""
    if not 0 < lease <= len(run.starts):
        return 0, 0.0
    start = run.starts[lease - 1]
    return start["step"], start["seconds"]


def _lost(run: Run, name: str, lease: int, points: Stretch) -> NDArray[np.bool_]:
    """Which points a later lease did again. The node's readings are told by time, all others by step."""
    later = [_began(run, after) for after in range(lease + 1, len(run.starts) + 1)]
    if not later:
        return np.zeros(len(points), bool)
    if name.startswith(SYSTEM):
        return np.asarray(points.seconds + _began(run, lease)[1] > min(seconds for _, seconds in later))
    return np.asarray(points.steps > min(step for step, _ in later))


def seconds_until(run: Run, step: int) -> float:
    """Seconds of training, over all leases, until ``step`` was logged for the last time. One query."""
    found = Chunk.objects.filter(run=run, lease=len(run.starts), first_step__lte=step)
    rows = found.exclude(name__startswith=SYSTEM).values_list("steps", "seconds").order_by("-pk")[:20]
    reached = [0.0]
    for steps, seconds in rows:
        known = np.frombuffer(bytes(seconds), "<f8")[np.frombuffer(bytes(steps), "<i8") <= step]
        reached += [float(known.max())] if len(known) else []
    return _began(run, len(run.starts))[1] + max(reached)


def history(run: Run, step: int) -> Iterator[Points]:
    """What earlier leases logged up to ``step``. Exact up to ``HISTORY`` points a curve."""
    for name in names(run):
        if name.startswith(SYSTEM):
            continue
        chunks = Chunk.objects.filter(run=run, name=name, first_step__lte=step).order_by("place")
        parts = [
            (lease, Stretch.stored(bytes(s), bytes(v), bytes(t)))
            for lease, s, v, t in chunks.values_list("lease", "steps", "values", "seconds")
        ]
        kept = Stretch.joined([part[~_lost(run, name, lease, part)] for lease, part in parts])
        kept = kept[kept.steps <= step]
        kept = kept[thin(kept.values, HISTORY)]
        if len(kept):
            yield Points(
                name=name,
                steps=tuple(kept.steps.tolist()),
                values=tuple(finite(kept.values)),
                seconds=tuple(kept.seconds.tolist()),
            )


def finite(values: Floats) -> list[float | None]:
    """As JSON has them: None for what is not finite."""
    return [value if math.isfinite(value) else None for value in values.tolist()]


def last_of(values: bytes) -> float | None:
    """The last of a chunk's stored values."""
    return finite(np.frombuffer(values[-8:], "<f8"))[0]


def every_point(run: Run) -> Iterator[tuple[str, int, int, float, float]]:
    """All that was logged, as (curve, try, step, seconds of this try, value), chunk by chunk."""
    chunks = Chunk.objects.filter(run=run).order_by("name", "place")
    for chunk in chunks.iterator(chunk_size=50):
        points = _stretch(chunk)
        for step, seconds, value in zip(*(a.tolist() for a in (points.steps, points.seconds, points.values)),
                                        strict=True):  # fmt: skip
            yield chunk.name, chunk.lease, step, seconds, value


def as_json(curves: dict[str, Curve], last: int) -> dict[str, Any]:
    """The answer of the curves' address."""
    return {
        "curves": {
            name: {
                "tries": [
                    {
                        "try": part.lease,
                        "lost": part.lost,
                        "since": part.since,
                        "x": _numbers(part.x),
                        "y": finite(part.y),
                    }
                    for part in curve.parts
                ],
                "count": curve.count,
            }
            for name, curve in curves.items()
        },
        "last": last,
    }


def _numbers(x: Floats) -> list[float]:
    """Whole numbers without a point, which is half of the text."""
    whole = np.array_equal(x, np.floor(x))
    made: list[float] = x.astype(np.int64).tolist() if whole else np.round(x, 3).tolist()
    return made
