"""The largest eigenvalue of a matrix, by power iteration."""

import numpy as np


def power_iteration(
    A: np.ndarray, start: np.ndarray, tolerance: float = 1e-10, max_steps: int = 10000
) -> tuple[float, np.ndarray]:
    """Return the eigenvalue of `A`, shape (n, n), that is largest in size, with its unit eigenvector (n,).

    Raises ValueError if `start` is zero or is sent to zero.
    """
    if not start.any():
        raise ValueError("the zero vector has no direction")
    vector = start / np.linalg.norm(start)
    while True:
        new = A @ vector
        if not new.any():
            raise ValueError("the matrix sends the vector to zero")
        new = new / np.linalg.norm(new)
        if np.linalg.norm(new - vector) < tolerance:
            return float(new @ A @ new), new
        vector = new
