"""A line, fitted by gradient descent."""

import numpy as np


def line_gradient(w: float, b: float, x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """The slopes of the mean squared error of w * x + b, for w and for b."""
    error = w * x + b - y  # (n,)
    return 2 * float(np.mean(error * x)), 2 * float(np.mean(error))


def fit_line(x: np.ndarray, y: np.ndarray, rate: float = 0.1, steps: int = 1000) -> tuple[float, float]:
    """Fit w and b by ``steps`` steps of gradient descent from w = b = 0."""
    w = b = 0.0
    for _ in range(steps):
        slope_w, slope_b = line_gradient(w, b, x, y)
        w, b = w - rate * slope_w, b - rate * slope_b
    return w, b
