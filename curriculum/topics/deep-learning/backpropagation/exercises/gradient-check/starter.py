"""Measure a gradient by experiment, and compare it with a computed one."""

from collections.abc import Callable

import numpy as np


def measured_gradient(f: Callable[[np.ndarray], float], theta: np.ndarray, h: float = 1e-5) -> np.ndarray:
    """The central differences of f at theta.

    f        takes an array with the shape of theta and returns a number
    theta    where to measure, any shape
    returns  one slope per entry, same shape as theta
    """
    # Write your code here. np.ndindex(theta.shape) visits every entry of an array of any shape.


def relative_error(a: np.ndarray, b: np.ndarray) -> float:
    """The largest |a - b| / max(|a| + |b|, 1e-8) over all entries."""
    # Write your code here.


if __name__ == "__main__":
    print(measured_gradient(lambda t: t[0] ** 2 + 3 * t[1], np.array([2.0, 5.0])))
    print(relative_error(np.array([1.0, 2.0]), np.array([1.0, 2.002])))
