"""A network with one hidden layer: its loss and all its gradients."""

import numpy as np


def loss_and_gradients(
    params: dict[str, np.ndarray], X: np.ndarray, y: np.ndarray
) -> tuple[float, dict[str, np.ndarray]]:
    """The mean cross-entropy of a tanh network, and its slope for every parameter.

    params   W1 (d, h), b1 (h,), W2 (h, k), b2 (k,)
    X, y     examples, shape (n, d), and their classes, whole numbers, shape (n,)
    returns  the loss, and a dictionary of gradients with the names and shapes of params
    """
    # Forward: keep H, you will need it on the way back.
    # Backward: start with the slope at the logits.


if __name__ == "__main__":
    params = {"W1": np.zeros((2, 3)), "b1": np.zeros(3), "W2": np.zeros((3, 2)), "b2": np.zeros(2)}
    print(loss_and_gradients(params, np.array([[1.0, 2.0]]), np.array([1])))
