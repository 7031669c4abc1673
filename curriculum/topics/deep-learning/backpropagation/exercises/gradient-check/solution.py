"""Measure a gradient by experiment, and compare it with a computed one."""

from collections.abc import Callable

import numpy as np


def measured_gradient(f: Callable[[np.ndarray], float], theta: np.ndarray, h: float = 1e-5) -> np.ndarray:
    """The central differences of f at theta, one slope per entry, same shape as theta."""
    point = np.array(theta, dtype=float)  # a copy, and float: a nudge would vanish in whole numbers
    slopes = np.zeros_like(point)
    for k in np.ndindex(point.shape):
        old = point[k]
        point[k] = old + h
        up = f(point)
        point[k] = old - h
        down = f(point)
        point[k] = old
        slopes[k] = (up - down) / (2 * h)
    return slopes


def relative_error(a: np.ndarray, b: np.ndarray) -> float:
    """The largest |a - b| / max(|a| + |b|, 1e-8) over all entries."""
    scale = np.maximum(np.abs(a) + np.abs(b), 1e-8)
    return float(np.max(np.abs(a - b) / scale))
