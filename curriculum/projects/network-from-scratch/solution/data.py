"""Practice data: two arcs that reach into each other, as the hidden data do. Nothing to change here."""

import numpy as np


def make_arcs(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw n points, shape (n, 2), and their classes 0 or 1, shape (n,).

    The second feature is measured in a smaller unit, and so its numbers are twenty times larger.
    The hidden data are made in the same way, but turned by an angle that you do not know.
    """
    y = rng.integers(0, 2, n)
    t = rng.uniform(0, np.pi, n)
    across = np.where(y == 0, np.cos(t), 1 - np.cos(t)) - 0.5
    along = np.where(y == 0, np.sin(t), 0.7 - np.sin(t)) - 0.35
    points = np.column_stack([across, along]) + rng.normal(0, 0.12, (n, 2))
    return points * [1.0, 20.0] + [0.0, 50.0], y
