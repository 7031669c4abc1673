"""The curves of a run as the node holds them: what was logged, for pages and for the evaluation."""

from array import array
from collections.abc import Iterable, Iterator
from typing import Any

from grader.contract import Points

MAX_CURVES = 200
MAX_POINTS = 2_000_000  # of one run: 48 MB


class Curve:
    """One curve: three columns of the same length, and how much of them was sent already."""

    __slots__ = ("seconds", "sent", "steps", "values")

    def __init__(self) -> None:
        self.steps, self.values, self.seconds = array("q"), array("d"), array("d")
        self.sent = 0

    def add(self, step: int, value: float, seconds: float) -> None:
        """One more point."""
        self.steps.append(step)
        self.values.append(value)
        self.seconds.append(seconds)


class Record:
    """All curves of a run, with those of earlier tries before them."""

    def __init__(self, history: Iterable[Points] = ()) -> None:
        self.curves: dict[str, Curve] = {}
        self._count = 0
        for points in history:
            rows = zip(points.steps, points.values, points.seconds, strict=True)
            for step, value, seconds in rows:
                self.add(points.name, step, float("nan") if value is None else value, seconds)
        for curve in self.curves.values():
            curve.sent = len(curve.steps)

    def add(self, name: str, step: int, value: float, seconds: float) -> bool:
        """Takes one point. False where it is one curve, or one point, too many."""
        curve = self.curves.get(name)
        if self._count >= MAX_POINTS or (curve is None and len(self.curves) >= MAX_CURVES):
            return False
        if curve is None:
            curve = self.curves[name] = Curve()
        curve.add(step, value, seconds)
        self._count += 1
        return True

    def take(self) -> Iterator[Points]:
        """What was not sent yet."""
        for name, curve in self.curves.items():
            while curve.sent < len(curve.steps):
                part = slice(curve.sent, curve.sent + 10_000)
                values = curve.values[part]
                yield Points(
                    name=name,
                    steps=tuple(curve.steps[part]),
                    values=tuple(value if abs(value) < float("inf") else None for value in values),
                    seconds=tuple(curve.seconds[part]),
                )
                curve.sent += len(values)

    def last_step(self) -> int | None:
        """The highest step that anything of the program's own was logged at."""
        own = [max(curve.steps) for name, curve in self.curves.items() if not name.startswith("system/")]
        return max(own, default=None)

    def arrays(self) -> dict[str, tuple[Any, Any, Any]]:
        """Steps, values and seconds of each curve as numpy arrays; values that are not finite stay so."""
        import numpy

        return {
            name: (
                numpy.array(curve.steps, numpy.int64),
                numpy.array(curve.values, numpy.float64),
                numpy.array(curve.seconds, numpy.float64),
            )
            for name, curve in self.curves.items()
        }
