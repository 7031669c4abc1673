"""Simple moves of the plane, and how to chain them."""

import numpy as np


def rotation(degrees: float) -> np.ndarray:
    """Return the (2, 2) matrix that turns the plane by `degrees` against the clock."""
    # Write your code here.


def shear(k: float) -> np.ndarray:
    """Return the (2, 2) matrix that slides (x, y) to (x + k y, y)."""
    # Write your code here.


def scaling(a: float, b: float) -> np.ndarray:
    """Return the (2, 2) matrix that stretches by `a` along the first axis, by `b` along the second."""
    # Write your code here.


def compose(*matrices: np.ndarray) -> np.ndarray:
    """Return the (2, 2) matrix that applies `matrices` in turn, the first one first."""
    # Write your code here.


if __name__ == "__main__":
    print(compose(rotation(90), shear(1)) @ np.array([1.0, 0.0]))
