"""How many principal components keep a given share of the variance."""

import numpy as np


def components_needed(values: np.ndarray, goal: float) -> int:
    """Return how many of the largest eigenvalues, shape (d,), hold at least the share `goal` of their sum.

    Raises ValueError unless 0 < goal <= 1, and if all eigenvalues are zero.
    """
    if not 0 < goal <= 1:
        raise ValueError(f"the goal is {goal}, but a share is above 0 and at most 1")
    variances = np.sort(np.maximum(values, 0.0))[::-1]
    if variances.sum() == 0:
        raise ValueError("nothing varies")
    kept = np.cumsum(variances) / variances.sum()
    # Sums of floats can end at 0.9999999999999999, so a goal missed by rounding counts as reached.
    return int(np.argmax(kept >= goal - 1e-9)) + 1


if __name__ == "__main__":
    print(components_needed(np.array([6.0, 3.0, 0.8, 0.2]), 0.9))
    print(components_needed(np.array([0.2, 0.8, 3.0, 6.0]), 0.91))
    print(components_needed(np.array([5.0, 5.0, 0.0]), 1.0))
