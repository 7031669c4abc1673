"""One sigmoid neuron: loss and gradients of a batch."""

import numpy as np


def sigmoid(z: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-z)), without overflow for any z."""
    small = np.exp(-np.abs(z))
    return np.where(z >= 0, 1.0, small) / (1.0 + small)


def neuron_gradients(
    X: np.ndarray, y: np.ndarray, w: np.ndarray, b: float
) -> tuple[float, np.ndarray, float]:
    """The mean cross-entropy of the batch, its slopes for w, shape (d,), and its slope for b."""
    z = X @ w + b  # (n,)
    loss = np.mean(np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z))))
    dz = (sigmoid(z) - y) / len(y)  # (n,), the mean is in here
    return float(loss), X.T @ dz, float(dz.sum())
