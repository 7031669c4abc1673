"""Rosenblatt's perceptron: a single neuron that learns from its mistakes."""

import numpy as np


def predict(X: np.ndarray, w: np.ndarray, b: float) -> np.ndarray:
    """Answer 0 or 1 for each row.

    X        examples, shape (n, d)
    w, b     weights, shape (d,), and bias
    returns  whole numbers, shape (n,)
    """
    # Write your code here.


def train(X: np.ndarray, y: np.ndarray, epochs: int) -> tuple[np.ndarray, float]:
    """Learn weights and bias from labelled rows.

    X, y     examples, shape (n, d), and their labels 0 or 1, shape (n,)
    returns  w, shape (d,), and b
    """
    # Write your code here.


if __name__ == "__main__":
    X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    print(train(X, np.array([0, 0, 0, 1]), epochs=1))
