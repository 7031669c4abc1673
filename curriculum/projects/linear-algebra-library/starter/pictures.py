"""What a matrix does to the plane: the coordinates to draw, and an SVG picture made of them.

A line is a pair of points, so lines are an array of shape (m, 2, 2): line, end, coordinate.
"""

import numpy as np


def grid_lines(extent: int) -> np.ndarray:
    """Return the grid from -extent to extent, shape (2 (2 extent + 1), 2, 2).

    First the vertical lines, from x = -extent to the right, each from bottom to top.
    Then the horizontal ones, from y = -extent upwards, each from left to right.
    """
    # Write your code here.


def move_lines(matrix: list[list[float]], lines: np.ndarray) -> np.ndarray:
    """Return the lines, shape (m, 2, 2), after the (2, 2) matrix has moved both ends of each."""
    # Write your code here.


def to_pixels(points: np.ndarray, extent: float, size: float) -> np.ndarray:
    """Return where points of the plane, shape (..., 2), lie on a square picture of `size` pixels.

    The picture shows -extent to extent on both axes. Pixels count from the upper left corner, downwards.
    """
    # Write your code here.


def draw(matrix: list[list[float]], vectors: list[list[float]], extent: int = 4, size: int = 400) -> str:
    """Return an SVG picture: the moved grid, and each vector drawn from the origin to where it lands."""
    # Write your code here.
