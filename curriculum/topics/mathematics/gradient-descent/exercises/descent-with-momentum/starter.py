"""Gradient descent with momentum."""

from collections.abc import Callable

import numpy as np


def descend_with_momentum(
    gradient: Callable[[np.ndarray], np.ndarray],
    start: np.ndarray,
    rate: float,
    momentum: float,
    steps: int,
) -> np.ndarray:
    """Roll downhill from ``start`` and return every position on the way, shape (steps + 1, d).

    gradient   takes a position, shape (d,), and returns the gradient there, shape (d,)
    momentum   the share of the velocity that survives a step, from 0 to 1
    """
    # Write your code here.


if __name__ == "__main__":
    print(descend_with_momentum(lambda p: np.ones(1), np.array([0.0]), rate=1.0, momentum=0.5, steps=3))
