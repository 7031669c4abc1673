"""Softmax, for any axis and any logits."""

import numpy as np


def softmax(z: np.ndarray, axis: int = -1) -> np.ndarray:
    """Turn logits of any shape into probabilities that sum to one along ``axis``."""
    shifted = z - z.max(axis=axis, keepdims=True)  # the largest of each row becomes 0, its exponential 1
    e = np.exp(shifted)
    return e / e.sum(axis=axis, keepdims=True)
