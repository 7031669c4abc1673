"""Simple moves of the plane, and how to chain them."""

import numpy as np


def rotation(degrees: float) -> np.ndarray:
    """Return the (2, 2) matrix that turns the plane by `degrees` against the clock."""
    angle = np.radians(degrees)
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def shear(k: float) -> np.ndarray:
    """Return the (2, 2) matrix that slides (x, y) to (x + k y, y)."""
    return np.array([[1.0, k], [0.0, 1.0]])


def scaling(a: float, b: float) -> np.ndarray:
    """Return the (2, 2) matrix that stretches by `a` along the first axis, by `b` along the second."""
    return np.diag([float(a), float(b)])


def compose(*matrices: np.ndarray) -> np.ndarray:
    """Return the (2, 2) matrix that applies `matrices` in turn, the first one first."""
    result = np.eye(2)
    for matrix in matrices:
        result = matrix @ result  # what acts later stands further left
    return result


if __name__ == "__main__":
    print(compose(rotation(90), shear(1)) @ np.array([1.0, 0.0]))
