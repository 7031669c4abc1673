"""One sigmoid neuron: loss and gradients of a batch."""

import numpy as np


def neuron_gradients(
    X: np.ndarray, y: np.ndarray, w: np.ndarray, b: float
) -> tuple[float, np.ndarray, float]:
    """The mean cross-entropy of the batch and its slopes.

    X, y     examples, shape (n, d), and labels 0 or 1, shape (n,)
    w, b     weights, shape (d,), and bias
    returns  loss, dw of shape (d,), db
    """
    # Forward: z, then the loss from z. Backward: the slope at z, then at w and b.


if __name__ == "__main__":
    X, y = np.array([[1.0, 2.0], [3.0, -1.0]]), np.array([1, 0])
    print(neuron_gradients(X, y, np.zeros(2), 0.0))
