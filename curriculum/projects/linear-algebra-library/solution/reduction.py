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
    if not 1 <= k <= X.shape[1]:
        raise ValueError(f"k is {k}, but there are {X.shape[1]} features")
    mean = X.mean(axis=0)
    scale = X.std(axis=0) if standardise else np.ones(X.shape[1])
    scale = np.where(scale == 0, 1.0, scale)  # a feature that never varies stays as it is
    centred = (X - mean) / scale
    values, vectors = np.linalg.eigh(centred.T @ centred / (len(X) - 1))  # smallest first, in columns
    values, components = values[::-1], vectors[:, ::-1].T
    return {"mean": mean, "scale": scale, "components": components[:k], "share": values[:k] / values.sum()}


def encode(model: Model, X: np.ndarray) -> np.ndarray:
    """Return the coordinates of `X`, shape (n, d), in the learned directions: shape (n, k)."""
    return (X - model["mean"]) / model["scale"] @ model["components"].T


def decode(model: Model, Z: np.ndarray) -> np.ndarray:
    """Return the examples, shape (n, d), whose coordinates are `Z`, shape (n, k): the way back."""
    return Z @ model["components"] * model["scale"] + model["mean"]
