"""The largest eigenvalue of a matrix, by power iteration."""

import numpy as np


def power_iteration(
    A: np.ndarray, start: np.ndarray, tolerance: float = 1e-10, max_steps: int = 10000
) -> tuple[float, np.ndarray]:
    """Return the eigenvalue of `A`, shape (n, n), that is largest in size, with its unit eigenvector (n,).

    Raises ValueError if `start` is zero or is sent to zero.
    """
    # Write your code here.


if __name__ == "__main__":
    print(power_iteration(np.array([[2.0, 1.0], [1.0, 2.0]]), np.array([1.0, 0.0])))
    print(power_iteration(np.array([[-3.0, 0.0], [0.0, 1.0]]), np.array([1.0, 1.0])))
