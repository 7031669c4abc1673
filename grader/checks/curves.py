"""What a recorded training must look like: predicates over its curves, for ``evaluate.py``.

A test that names ``curves`` gets the run's curves by name, those of earlier tries before a resume included::

    @lesson("overfitting-and-bias-variance")
    def test_gap(curves):
        gap_within(curves["loss/train"], curves["loss/valid"], 0.3)

Each predicate raises CheckFailed with the step where it goes wrong and what to do about it. A value that is
not a finite number fails every one of them. "Start" and "end" are medians of the first and the last tenth of
a curve (of one point at least), so that one lucky or unlucky batch decides nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from grader.checks.outcome import CheckFailed

_PART = 10  # start and end are this part of a curve
_LEAST = 3  # points, to say anything of a curve


@dataclass(frozen=True, eq=False)
class Curve:
    """One recorded curve: where (step), what (value, NaN for what was not finite), and when (seconds)."""

    steps: np.ndarray  # (N,) int64
    values: np.ndarray  # (N,) float64
    seconds: np.ndarray  # (N,) float64
    name: str = "the curve"

    def start(self) -> float:
        """The median of the first tenth."""
        return float(np.median(self.values[: self._part()]))

    def end(self) -> float:
        """The median of the last tenth."""
        return float(np.median(self.values[-self._part() :]))

    def smooth(self) -> np.ndarray:
        """Each value as the median of those around it, a twentieth of the curve on either side."""
        reach = len(self.values) // 20
        if reach == 0:
            return self.values.copy()
        padded = np.pad(self.values, reach, mode="reflect")
        windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1)
        middle: np.ndarray = np.median(windows, axis=1)
        return middle

    def _part(self) -> int:
        return max(1, len(self.values) // _PART)


class Curves(dict[str, Curve]):
    """Curves by name. Asking for one that was not logged fails the test, and says which were."""

    def __missing__(self, name: str) -> Curve:
        own = ", ".join(sorted(key for key in self if not key.startswith("system/"))) or "none at all"
        raise CheckFailed(f'Your run logged no curve "{name}"; it logged {own}. Log it with cairn.log.')


def no_nan(curve: Curve) -> None:
    """Every value is a finite number. There is no tolerance: one that is not fails."""
    if len(curve.values) == 0:
        raise CheckFailed(f"{curve.name} has no point.")
    bad = np.flatnonzero(~np.isfinite(curve.values))
    if len(bad):
        raise CheckFailed(
            f"{curve.name} is not a number from step {curve.steps[bad[0]]} on ({len(bad)} of "
            f"{len(curve.values)} "
            "points). A smaller learning rate, gradient clipping, or a guard before log and division "
            "prevents it."
        )


def falls(curve: Curve, by: float) -> None:
    """From start to end the curve falls by at least the share ``by`` of its start: 0.5 means to half of it.

    Tolerance: none beyond the medians of start and end. For curves above zero, such as a loss.
    """
    _usable(curve)
    start, end = curve.start(), curve.end()
    if not end <= start * (1 - by):
        lowest = int(np.argmin(curve.smooth()))
        raise CheckFailed(
            f"{curve.name} goes from {start:.4g} to {end:.4g}; it should fall by {by:.0%}, to "
            f"{start * (1 - by):.4g}. "
            f"It is lowest at step {curve.steps[lowest]}, with {curve.smooth()[lowest]:.4g}. Train for "
            f"longer if it "
            "still falls there; look at the learning rate and the loss if it does not fall at all."
        )


def rises(curve: Curve, by: float) -> None:
    """From start to end the curve rises by at least ``by``, in its own unit. Tolerance: as for ``falls``."""
    _usable(curve)
    start, end = curve.start(), curve.end()
    if not end >= start + by:
        raise CheckFailed(
            f"{curve.name} goes from {start:.4g} to {end:.4g}; it should rise by {by:.4g}. "
            "Train for longer if it still rises at the end, or look at the learning rate."
        )


def reaches(curve: Curve, value: float, by_step: int | None = None, *, below: bool = False) -> None:
    """The smoothed curve comes to ``value`` or above (``below``: or below), at ``by_step`` at the latest.

    Tolerance: the median over a tenth of the curve, so that a single point does not count.
    """
    _usable(curve)
    smooth = curve.smooth()
    there = np.flatnonzero(smooth <= value if below else smooth >= value)
    best = int(np.argmin(smooth) if below else np.argmax(smooth))
    word = "low" if below else "high"
    if not len(there):
        raise CheckFailed(
            f"{curve.name} does not get as {word} as {value:.4g}: its best is {smooth[best]:.4g}, at step "
            f"{curve.steps[best]} of {curve.steps[-1]}. Train for longer if it is still improving there."
        )
    if by_step is not None and curve.steps[there[0]] > by_step:
        raise CheckFailed(
            f"{curve.name} gets to {value:.4g} at step {curve.steps[there[0]]}, and should by step "
            f"{by_step}. "
            "A larger learning rate, or one that is warmed up, gets there sooner."
        )


def overfits_one_batch(curve: Curve, to: float = 0.1) -> None:
    """A loss logged while training on one and the same batch ends at the share ``to`` of its start or below.

    A model that cannot learn one batch by heart has a mistake in it. Tolerance: medians of start and end.
    """
    _usable(curve)
    if not curve.end() <= curve.start() * to:
        raise CheckFailed(
            f"On one batch {curve.name} goes from {curve.start():.4g} to {curve.end():.4g} in "
            f"{len(curve.values)} points; it should get to {curve.start() * to:.4g}. Look for a layer that "
            f"does not "
            "get a gradient, a loss that does not fit the output, or regularisation that is still on."
        )


def gap_within(train: Curve, valid: Curve, most: float) -> None:
    """At the end, training and validation differ by at most ``most``, in the curves' own unit.

    Tolerance: medians of the ends. The message names the step from which the gap is larger for good.
    """
    _usable(train)
    _usable(valid)
    gap = abs(valid.end() - train.end())
    if not gap <= most:
        at = np.interp(valid.steps, train.steps, train.smooth())
        within = np.flatnonzero(np.abs(valid.smooth() - at) <= most)
        since = valid.steps[min(within[-1] + 1, len(valid.steps) - 1)] if len(within) else valid.steps[0]
        raise CheckFailed(
            f"{train.name} ends at {train.end():.4g} and {valid.name} at {valid.end():.4g}: {gap:.4g} "
            f"apart, and "
            f"{most:.4g} is the most. They part at step {since}. Stop there, regularise, or train on more "
            f"data."
        )


def holds_over_seeds(ends: Curves | Mapping[str, Curve], prefix: str, band: float, at_least: int = 3) -> None:
    """Curves that begin with ``prefix``, one for each seed, end within ``band`` of each other.

    ``band`` is the most that the highest and the lowest end may differ, in the curves' unit; ``at_least`` how
    many seeds there must be. Tolerance: medians of the ends.
    """
    found = {name: curve for name, curve in ends.items() if name.startswith(prefix)}
    if len(found) < at_least:
        raise CheckFailed(
            f'There are {len(found)} curves that begin with "{prefix}"; there should be {at_least}.'
        )
    for curve in found.values():
        _usable(curve)
    last = {name: curve.end() for name, curve in found.items()}
    low, high = min(last, key=last.__getitem__), max(last, key=last.__getitem__)
    if not last[high] - last[low] <= band:
        raise CheckFailed(
            f"{low} ends at {last[low]:.4g} and {high} at {last[high]:.4g}: {last[high] - last[low]:.4g} "
            f"apart, and "
            f"{band:.4g} is the most. A result that depends on the seed is luck: train for longer, with a "
            f"smaller "
            "or scheduled learning rate, or on larger batches."
        )


def smooth_end(curve: Curve, within: float) -> None:
    """In the last tenth no value is further than ``within`` from the median there, in the curve's unit."""
    _usable(curve)
    last = curve.values[-max(_LEAST, len(curve.values) // _PART) :]
    away = np.abs(last - np.median(last))
    worst = len(curve.values) - len(last) + int(np.argmax(away))
    if not away.max() <= within:
        raise CheckFailed(
            f"{curve.name} still jumps at its end: at step {curve.steps[worst]} it is "
            f"{curve.values[worst]:.4g}, "
            f"{away.max():.4g} from the median there, and {within:.4g} is the most. Let the learning rate "
            f"decay."
        )


def stays_below(curve: Curve, most: float) -> None:
    """No value is above ``most``. There is no tolerance."""
    _usable(curve)
    worst = int(np.argmax(curve.values))
    if not curve.values[worst] <= most:
        raise CheckFailed(
            f"{curve.name} is {curve.values[worst]:.4g} at step {curve.steps[worst]}, and {most:.4g} is "
            f"the most."
        )


def lasts(curve: Curve, at_least: int) -> None:
    """The curve has at least so many points."""
    if len(curve.values) < at_least:
        raise CheckFailed(
            f"{curve.name} has {len(curve.values)} points, and {at_least} are needed. Log it more often, "
            f"or train on."
        )


def _usable(curve: Curve) -> None:
    """Raises CheckFailed where a curve has too few points, or one that is not finite."""
    lasts(curve, _LEAST)
    no_nan(curve)
