"""What a whole training would cost, from its first seconds."""

from grader.contract import Cost
from grader.training.feed import Feed
from grader.training.record import Record


def cost(feed: Feed, record: Record, seconds: float, peak_bytes: int, ended: bool) -> Cost:
    """The cost as far as it can be known. ``ended``: the program came to its end within ``seconds``."""
    measured = feed.measured
    steps, step_seconds = _pace(feed, record)
    total = feed.total
    whole: float | None = None
    if ended:
        whole, total = seconds, total or steps or None
    elif total and steps and step_seconds:
        whole = seconds + max(0, total - steps) * step_seconds
    return Cost(
        parameters=measured.parameters,
        memory_bytes=peak_bytes,
        seconds=None if whole is None else round(whole, 3),
        steps=total,
        step_seconds=step_seconds,
    )


def _pace(feed: Feed, record: Record) -> tuple[int, float | None]:
    """How many steps were done, and how long one takes: by the optimizer, else by what was logged.

    The first logged step is left out: what comes before it is preparation.
    """
    measured = feed.measured
    if measured.steps and measured.seconds:
        return measured.steps, round(measured.seconds / measured.steps, 6)
    own = [curve for name, curve in record.curves.items() if not name.startswith("system/")]
    if not own:
        return 0, None
    longest = max(own, key=lambda curve: len(curve.steps))
    steps = longest.steps[-1] - longest.steps[0]
    seconds = longest.seconds[-1] - longest.seconds[0]
    pace = round(seconds / steps, 6) if steps > 0 and seconds > 0 else None
    return max(longest.steps[-1] + 1, 0), pace
