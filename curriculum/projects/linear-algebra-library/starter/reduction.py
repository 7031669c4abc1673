"""Fewer dimensions by principal component analysis: learn from some data, apply to other data, come back.

A model is a dictionary of arrays: what was learned, and nothing else.
"""

import numpy as np

Model = dict[str, np.ndarray]


def fit(X: np.ndarray, k: int, standardise: bool = False) -> Model:
    """Learn the `k` directions of largest variance from `X`, shape (n, d).

    Returns "mean" (d,), "scale" (d,), "components" (k, d) and "share" (k,). With `standardise`, each feature
    is divided by its standard deviation first, so that units do not matter.
    Raises ValueError unless 1 <= k <= d.
    """
    # Write your code here.


def encode(model: Model, X: np.ndarray) -> np.ndarray:
    """Return the coordinates of `X`, shape (n, d), in the learned directions: shape (n, k)."""
    # Write your code here.


def decode(model: Model, Z: np.ndarray) -> np.ndarray:
    """Return the examples, shape (n, d), whose coordinates are `Z`, shape (n, k): the way back."""
    # Write your code here.
