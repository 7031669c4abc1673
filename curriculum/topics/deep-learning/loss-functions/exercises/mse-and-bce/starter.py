"""Two losses and their gradients. All arrays have the shape (n,)."""

import numpy as np


def mse(predicted: np.ndarray, truth: np.ndarray) -> float:
    """The mean squared error. Raises ValueError if the shapes differ."""
    # Write your code here.


def mse_gradient(predicted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """The slope of the mean squared error for each prediction, shape (n,)."""
    # Write your code here.


def bce(z: np.ndarray, y: np.ndarray) -> float:
    """The mean binary cross-entropy of logits z for labels y. Raises ValueError if the shapes differ."""
    # Write your code here.


def bce_gradient(z: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The slope of the mean binary cross-entropy for each logit, shape (n,)."""
    # Write your code here.


if __name__ == "__main__":
    print(mse(np.array([1.0, 4.0]), np.array([0.0, 2.0])))
    print(bce(np.array([0.0, 0.0]), np.array([0, 1])))
