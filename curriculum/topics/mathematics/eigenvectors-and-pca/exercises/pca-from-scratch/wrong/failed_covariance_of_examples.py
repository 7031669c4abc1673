"""Principal component analysis: learn directions, project onto them, come back."""

import numpy as np


def fit(X: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the mean (d,), the first `k` components (k, d) and their share of the variance (k,).

    `X` has shape (n, d). Raises ValueError unless 1 <= k <= d.
    """
    if not 1 <= k <= X.shape[1]:
        raise ValueError(f"k is {k}, but there are {X.shape[1]} features")
    mean = X.mean(axis=0)
    centred = X - mean
    covariance = centred @ centred.T / (len(X) - 1)
    values, vectors = np.linalg.eigh(covariance)  # smallest first, eigenvectors in columns
    values, components = values[::-1], vectors[:, ::-1].T  # largest first, one component per row
    return mean, components[:k], values[:k] / values.sum()


def project(X: np.ndarray, mean: np.ndarray, components: np.ndarray) -> np.ndarray:
    """Return the coordinates of `X`, shape (n, d), along the components: shape (n, k)."""
    return (X - mean) @ components.T


def reconstruct(Z: np.ndarray, mean: np.ndarray, components: np.ndarray) -> np.ndarray:
    """Return the points, shape (n, d), whose coordinates along the components are `Z`, shape (n, k)."""
    return Z @ components + mean


if __name__ == "__main__":
    X = np.array([[1.0, 2.0], [4.0, 6.0], [7.0, 10.0], [-2.0, -2.0]])
    print(fit(X, 1))
