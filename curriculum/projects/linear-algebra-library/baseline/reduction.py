"""Fewer dimensions the naive way: keep the features that vary most, and forget the others.

It ignores that features go together, and that their units differ.
"""

import numpy as np

Model = dict[str, np.ndarray]


def fit(X: np.ndarray, k: int, standardise: bool = False) -> Model:
    """Choose the `k` features of largest variance in `X`, shape (n, d)."""
    if not 1 <= k <= X.shape[1]:
        raise ValueError(f"k is {k}, but there are {X.shape[1]} features")
    variance = X.var(axis=0)
    chosen = np.argsort(-variance)[:k]
    components = np.eye(X.shape[1])[chosen]
    return {"mean": X.mean(axis=0), "components": components, "share": variance[chosen] / variance.sum()}


def encode(model: Model, X: np.ndarray) -> np.ndarray:
    """Return the chosen features of `X`, measured from their means: shape (n, k)."""
    return (X - model["mean"]) @ model["components"].T


def decode(model: Model, Z: np.ndarray) -> np.ndarray:
    """Return the examples with the chosen features in place, and the mean for the others."""
    return Z @ model["components"] + model["mean"]
