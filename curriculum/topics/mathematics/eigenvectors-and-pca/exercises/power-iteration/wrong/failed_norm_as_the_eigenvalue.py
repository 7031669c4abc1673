"""The largest eigenvalue of a matrix, by power iteration."""

import numpy as np


def unit(v: np.ndarray) -> np.ndarray:
    """Return `v` scaled to length 1. Raises ValueError if it is zero."""
    length = np.linalg.norm(v)
    if length == 0:
        raise ValueError("the zero vector has no direction")
    return v / length


def power_iteration(
    A: np.ndarray, start: np.ndarray, tolerance: float = 1e-10, max_steps: int = 10000
) -> tuple[float, np.ndarray]:
    """Return the eigenvalue of `A`, shape (n, n), that is largest in size, with its unit eigenvector (n,).

    Raises ValueError if `start` is zero or is sent to zero.
    """
    vector = unit(start)
    for _ in range(max_steps):
        last, vector = vector, unit(A @ vector)
        # A line has two unit vectors; with a negative eigenvalue the steps alternate between them.
        if min(np.linalg.norm(vector - last), np.linalg.norm(vector + last)) < tolerance:
            break
    return float(np.linalg.norm(A @ vector)), vector


if __name__ == "__main__":
    print(power_iteration(np.array([[2.0, 1.0], [1.0, 2.0]]), np.array([1.0, 0.0])))
    print(power_iteration(np.array([[-3.0, 0.0], [0.0, 1.0]]), np.array([1.0, 1.0])))
