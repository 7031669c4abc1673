"""When a waiting run starts: a function of its place, what the last runs took, and how many run at once."""

import math
from collections.abc import Sequence
from statistics import fmean


def wait(place: int, took: Sequence[float], slots: int) -> float | None:
    """Seconds until the run at ``place`` (1: the next) starts, at most; None where nothing tells.

    ``took`` is what recent runs took, in seconds, and ``slots`` how many run at once. Every slot may have
    just begun a job, so the first in the queue waits for one whole job, and each round starts ``slots`` more.
    """
    if not took or slots < 1:
        return None
    return math.ceil(place / slots) * fmean(took)


def in_words(seconds: float) -> str:
    """A wait as a person says it: rounded up, never more exact than it is."""
    if seconds <= 5:
        return "within a few seconds"
    if seconds <= 55:
        return f"in about {_up(seconds, 5)} s"
    if seconds <= 55 * 60:
        return f"in about {_up(seconds, 60) // 60} min"
    return f"in about {_up(seconds, 3600) // 3600} h"


def _up(seconds: float, step: int) -> int:
    return math.ceil(seconds / step) * step
