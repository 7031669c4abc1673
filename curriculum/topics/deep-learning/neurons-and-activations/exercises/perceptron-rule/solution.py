"""Rosenblatt's perceptron: a single neuron that learns from its mistakes."""

import numpy as np


def predict(X: np.ndarray, w: np.ndarray, b: float) -> np.ndarray:
    """Answer 0 or 1 for each row of ``X``, shape (n, d). Returns whole numbers, shape (n,)."""
    return (X @ w + b > 0).astype(int)


def train(X: np.ndarray, y: np.ndarray, epochs: int) -> tuple[np.ndarray, float]:
    """Learn weights, shape (d,), and a bias from rows labelled 0 or 1."""
    w, b = np.zeros(X.shape[1]), 0.0
    for _ in range(epochs):
        mistakes = 0
        for x, label in zip(X, y):
            error = int(label) - int(w @ x + b > 0)  # 0 if right, otherwise +1 or −1
            w, b = w + error * x, b + error
            mistakes += error != 0
        if mistakes == 0:
            break
    return w, b
