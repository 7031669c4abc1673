"""Cross-entropy of logits, and its gradient."""

import numpy as np


def cross_entropy(logits: np.ndarray, labels: np.ndarray) -> float:
    """The mean cross-entropy of a batch.

    logits  one row of scores per example, shape (n, classes)
    labels  the true class of each example, whole numbers, shape (n,)
    """
    # Write your code here.


def cross_entropy_gradient(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The gradient of the mean cross-entropy, shape (n, classes)."""
    # Write your code here.


if __name__ == "__main__":
    print(cross_entropy(np.array([[3.0, 1.0, 0.0]]), np.array([0])))
    print(cross_entropy_gradient(np.array([[3.0, 1.0, 0.0]]), np.array([0])))
