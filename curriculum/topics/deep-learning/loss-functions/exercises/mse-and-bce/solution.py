"""Two losses and their gradients. All arrays have the shape (n,)."""

import numpy as np


def same_shape(a: np.ndarray, b: np.ndarray) -> None:
    """Raises ValueError if the shapes differ, before broadcasting can hide it."""
    if a.shape != b.shape:
        raise ValueError(f"shapes differ: {a.shape} and {b.shape}")


def mse(predicted: np.ndarray, truth: np.ndarray) -> float:
    """The mean squared error. Raises ValueError if the shapes differ."""
    same_shape(predicted, truth)
    return float(np.mean((predicted - truth) ** 2))


def mse_gradient(predicted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """The slope of the mean squared error for each prediction, shape (n,)."""
    same_shape(predicted, truth)
    return 2 * (predicted - truth) / len(truth)


def bce(z: np.ndarray, y: np.ndarray) -> float:
    """The mean binary cross-entropy of logits z for labels y. Raises ValueError if the shapes differ."""
    same_shape(z, y)
    return float(np.mean(np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z)))))


def bce_gradient(z: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The slope of the mean binary cross-entropy for each logit: what was said minus what is true."""
    same_shape(z, y)
    small = np.exp(-np.abs(z))
    p = np.where(z >= 0, 1.0, small) / (1.0 + small)
    return (p - y) / len(y)
