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
    """Roll downhill from ``start`` and return every position on the way, shape (steps + 1, d)."""
    position = np.array(start, dtype=float)
    velocity = np.zeros_like(position)
    path = [position]
    for _ in range(steps):
        velocity = momentum * velocity - rate * gradient(position)
        position = position + velocity
        path.append(position)
    return np.array(path)
