"""Search by direction: cosine similarity against every row of a matrix."""

import numpy as np


def cosine_similarities(query: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return the cosine between `query`, of shape (d,), and each of `rows`, of shape (n, d).

    The result has shape (n,). Where a norm is zero, the similarity is 0.0.
    """
    lengths = np.linalg.norm(rows, axis=0) * np.linalg.norm(query)  # (n,)
    dots = rows @ query  # (n,), and 0 wherever the length is 0
    return dots / np.where(lengths == 0, 1.0, lengths)


def nearest(query: np.ndarray, rows: np.ndarray, k: int) -> np.ndarray:
    """Return the indices of the `k` rows with the largest cosine, best first; ties by smaller index."""
    similarities = cosine_similarities(query, rows)
    return np.argsort(-similarities, kind="stable")[:k]


if __name__ == "__main__":
    rows = np.array([[3.0, 9.0], [16.0, 4.0], [-4.0, -1.0], [2.0, 1.0]])
    query = np.array([8.0, 2.0])
    print(cosine_similarities(query, rows))
    print(nearest(query, rows, 3))
