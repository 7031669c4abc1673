"""The forward pass of a network with one hidden layer."""

import numpy as np


def forward(
    X: np.ndarray, W1: np.ndarray, b1: np.ndarray, W2: np.ndarray, b2: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Run a batch through a ReLU layer and a sigmoid layer.

    X        examples, shape (n, d)
    W1, b1   hidden layer, shapes (d, h) and (h,)
    W2, b2   output layer, shapes (h, k) and (k,)
    returns  hidden responses, shape (n, h), and probabilities, shape (n, k)
    """
    # Write your code here.


if __name__ == "__main__":
    print(
        forward(
            np.array([[1.0, 2.0]]),
            np.array([[1.0, 1.0], [0.0, -1.0]]),
            np.array([0.0, 0.0]),
            np.array([[1.0], [1.0]]),
            np.array([-1.0]),
        )
    )
