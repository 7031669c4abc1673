"""A line, fitted by gradient descent."""

import numpy as np


def line_gradient(w: float, b: float, x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """The slopes of the mean squared error of w * x + b, for w and for b.

    x, y   the points, shape (n,) each
    """
    # Write your code here.


def fit_line(x: np.ndarray, y: np.ndarray, rate: float = 0.1, steps: int = 1000) -> tuple[float, float]:
    """Fit w and b by ``steps`` steps of gradient descent from w = b = 0."""
    # Write your code here.


if __name__ == "__main__":
    x = np.array([0.0, 1.0, 2.0])
    print(line_gradient(0.0, 0.0, x, 2 * x))
    print(fit_line(x, 2 * x))
