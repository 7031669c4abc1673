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
    """Walk downhill from ``start`` and return every position on the way, shape (steps + 1, d) or fewer."""
    position = np.array(start, dtype=float)  # a copy, and float even for a start of whole numbers
    path = [position]
    for _ in range(steps):
        slope = gradient(position)
        if np.linalg.norm(slope) <= tolerance:
            break
        position = position - rate * slope  # a new array: the rows already stored stay as they are
        path.append(position)
    return np.array(path)
