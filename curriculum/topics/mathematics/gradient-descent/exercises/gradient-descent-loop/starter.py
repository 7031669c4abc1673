"""Gradient descent that records where it has been."""

from collections.abc import Callable

import numpy as np


def descend(
    gradient: Callable[[np.ndarray], np.ndarray],
    start: np.ndarray,
    rate: float,
    steps: int,
    tolerance: float = 0.0,
) -> np.ndarray:
    """Walk downhill from ``start`` and return every position on the way.

    gradient   takes a position, shape (d,), and returns the gradient there, shape (d,)
    start      the first position, shape (d,)
    tolerance  stop where the gradient is not longer than this
    returns    the path, shape (steps + 1, d), or fewer rows if it stopped early
    """
    # Write your code here.


if __name__ == "__main__":
    print(descend(lambda p: 2 * p, np.array([8.0]), rate=0.25, steps=3))
