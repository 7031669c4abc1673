"""Read the matrix out of a linear function, and apply it to many points."""

from collections.abc import Callable

import numpy as np


def matrix_of(f: Callable[[np.ndarray], np.ndarray], n: int) -> np.ndarray:
    """Return the matrix, of shape (m, n), of the linear function `f` from n to m components.

    Calls `f` at most n times.
    """
    matrix = np.zeros((n, n))
    for j in range(n):
        matrix[:, j] = f(np.eye(n)[j])
    return matrix


def transform_points(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Apply `matrix`, of shape (m, n), to each row of `points`, of shape (k, n). Returns (k, m)."""
    return points @ matrix.T


if __name__ == "__main__":

    def swap_and_double(v):
        return np.array([v[1], 2 * v[0]])

    print(matrix_of(swap_and_double, 2))
    shear = np.array([[1.0, 1.0], [0.0, 1.0]])
    print(transform_points(shear, np.array([[0.0, 1.0], [2.0, 3.0]])))
