"""Softmax, for any axis and any logits."""

import numpy as np


def softmax(z: np.ndarray, axis: int = -1) -> np.ndarray:
    """Turn logits into probabilities along ``axis``.

    z     logits, any shape
    axis  the axis whose entries must sum to one
    """
    # Only differences matter: softmax(z) == softmax(z - c) for any number c.


if __name__ == "__main__":
    z = np.array([[2.0, 1.0, 0.1], [1000.0, 1001.0, 1002.0]])
    print(softmax(z))
