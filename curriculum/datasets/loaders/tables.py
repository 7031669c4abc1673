"""Small tables and digits that scikit-learn ships."""

import numpy as np
from sklearn import datasets


def load(name: str, seed: int) -> dict[str, dict[str, np.ndarray]]:
    """``values`` (n, features) and ``labels`` (n,); of digits ``images`` (n, 8, 8) from 0 to 16.

    Three fifths are for training, a fifth each for validation and hidden, with the classes in equal shares.
    Tables have ``names`` of their features and ``classes`` in train.
    """
    table = getattr(datasets, f"load_{name}")()
    values, labels = table.data, table.target.astype(np.int64)
    rng = np.random.default_rng(seed)
    orders = [rng.permutation(np.flatnonzero(labels == label)) for label in np.unique(labels)]
    ranks = np.concatenate([(np.arange(len(order)) + 0.5) / len(order) for order in orders])
    rows = np.concatenate(orders)[np.argsort(ranks, kind="stable")]  # classes in turn, in proportion
    fifth = len(rows) // 5 + (len(rows) % 5 > 2)
    parts = {
        "hidden": rows[:fifth],
        "valid": rows[fifth : 2 * fifth],
        "train": rng.permutation(rows[2 * fifth :]),
    }
    splits = {
        split: _arrays(name, values[parts[split]], labels[parts[split]])
        for split in ("train", "valid", "hidden")
    }
    if name != "digits":
        splits["train"] |= {"names": np.array(table.feature_names), "classes": np.array(table.target_names)}
    return splits


def _arrays(name: str, values: np.ndarray, labels: np.ndarray) -> dict[str, np.ndarray]:
    if name == "digits":
        return {"images": values.reshape(-1, 8, 8).astype(np.uint8), "labels": labels}
    return {"values": values.astype(np.float64), "labels": labels}
