"""Statistics over samples, and the order in which samples are taken. Nothing here touches a clock."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

Sampler = Callable[[], float]
"""Takes one sample and returns it, in seconds."""


@dataclass(frozen=True)
class Summary:
    """Samples in short, in the samples' own unit."""

    count: int
    p50: float
    p95: float
    least: float


def percentile(samples: Iterable[float], share: float) -> float:
    """The value below which ``share`` (0 to 1) of the samples lie, between neighbours by a straight line.

    Raises ValueError for no samples.
    """
    ordered = sorted(samples)
    if not ordered:
        raise ValueError("no samples")
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def summary(samples: Sequence[float]) -> Summary:
    """Raises ValueError for no samples."""
    return Summary(len(samples), percentile(samples, 0.5), percentile(samples, 0.95), min(samples))


def above(samples: Sequence[float], base: Sequence[float]) -> list[float]:
    """Each sample less the base sample that was taken beside it. Raises ValueError if they don't pair up."""
    return [sample - under for sample, under in zip(samples, base, strict=True)]


def schedule(counts: Mapping[str, int]) -> list[str]:
    """An order in which each name comes ``counts[name]`` times, evenly spread over the whole.

    Equal counts alternate (A, B, A, B), so a machine that slows down half-way slows all of them.
    """
    turns = [((turn + 0.5) / count, name) for name, count in counts.items() for turn in range(count)]
    return [name for _, name in sorted(turns, key=lambda turn: turn[0])]


def interleave(samplers: Mapping[str, Sampler], counts: Mapping[str, int]) -> dict[str, list[float]]:
    """Samples each sampler as often as its count says, taking turns. One unmeasured turn each comes first."""
    for name in counts:
        samplers[name]()
    taken: dict[str, list[float]] = {name: [] for name in counts}
    for name in schedule(counts):
        taken[name].append(samplers[name]())
    return taken
