"""What a whole training would cost, from its first seconds."""

from collections.abc import Mapping

from grader.contract import Cost, Parameter
from grader.training.feed import Measured
from grader.training.record import Record

_STEPS = ("total_steps", "max_steps", "steps")  # a hyper-parameter of such a name says how many there will be


def cost(
    measured: Measured,
    record: Record,
    total: int | None,
    seconds: float,
    peak_bytes: int,
    *,
    ended: bool,
) -> Cost:
    """The cost as far as it can be known. ``ended``: the program came to its end within ``seconds``.

    ``total`` steps are in the program's own count, and so is what it logs; where it logs too seldom to tell,
    a step of its optimizer is taken for one.
    """
    steps, step_seconds = _pace(measured, record)
    whole: float | None = None
    if ended:
        whole, total = seconds, steps or total
    elif total and step_seconds:
        whole = seconds + max(0, total - steps) * step_seconds
    return Cost(
        parameters=measured.parameters,
        memory_bytes=peak_bytes,
        seconds=None if whole is None else round(whole, 3),
        steps=total,
        step_seconds=step_seconds,
    )


def total_in(parameters: Mapping[str, Parameter]) -> int | None:
    """How many steps the run's parameters name, if one of them does."""
    values = [parameters[name] for name in _STEPS if name in parameters]
    return next((value for value in values if type(value) is int and value > 0), None)


def _pace(measured: Measured, record: Record) -> tuple[int, float | None]:
    """Steps done, and seconds for one. The first is left out: what comes before it is preparation."""
    logged = _logged(record)
    if logged[1] is None and measured.steps and measured.seconds and measured.steps > 1:
        return measured.steps, round(measured.seconds / (measured.steps - 1), 6)
    return logged


def _logged(record: Record) -> tuple[int, float | None]:
    own = [curve for name, curve in record.curves.items() if not name.startswith("system/")]
    if not own:
        return 0, None
    longest = max(own, key=lambda curve: len(curve.steps))
    steps = longest.steps[-1] - longest.steps[0]
    seconds = longest.seconds[-1] - longest.seconds[0]
    pace = round(seconds / steps, 6) if steps > 0 and seconds > 0 else None
    return max(longest.steps[-1] + 1, 0), pace
