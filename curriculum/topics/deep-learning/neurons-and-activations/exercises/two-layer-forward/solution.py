"""The forward pass of a network with one hidden layer."""

import numpy as np


def sigmoid(z: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-z)), without overflow for any z."""
    small = np.exp(-np.abs(z))
    return np.where(z >= 0, 1.0, small) / (1.0 + small)


def forward(
    X: np.ndarray, W1: np.ndarray, b1: np.ndarray, W2: np.ndarray, b2: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Run a batch, shape (n, d), through both layers: hidden responses (n, h), probabilities (n, k)."""
    H = np.maximum(X @ W1 + b1, 0.0)  # (n, d) @ (d, h) -> (n, h)
    P = sigmoid(H @ W2 + b2)  # (n, h) @ (h, k) -> (n, k)
    return H, P
