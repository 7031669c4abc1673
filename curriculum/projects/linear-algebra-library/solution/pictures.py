"""What a matrix does to the plane: the coordinates to draw, and an SVG picture made of them.

A line is a pair of points, so lines are an array of shape (m, 2, 2): line, end, coordinate.
"""

import numpy as np


def grid_lines(extent: int) -> np.ndarray:
    """Return the grid from -extent to extent, shape (2 (2 extent + 1), 2, 2).

    First the vertical lines, from x = -extent to the right, each from bottom to top.
    Then the horizontal ones, from y = -extent upwards, each from left to right.
    """
    ticks = range(-extent, extent + 1)
    vertical = [[(x, -extent), (x, extent)] for x in ticks]
    horizontal = [[(-extent, y), (extent, y)] for y in ticks]
    return np.array(vertical + horizontal, dtype=float)


def move_lines(matrix: list[list[float]], lines: np.ndarray) -> np.ndarray:
    """Return the lines, shape (m, 2, 2), after the (2, 2) matrix has moved both ends of each."""
    return lines @ np.array(matrix, dtype=float).T


def to_pixels(points: np.ndarray, extent: float, size: float) -> np.ndarray:
    """Return where points of the plane, shape (..., 2), lie on a square picture of `size` pixels.

    The picture shows -extent to extent on both axes. Pixels count from the upper left corner, downwards.
    """
    per_unit = size / (2 * extent)
    return np.array([0.5 * size, 0.5 * size]) + points * np.array([per_unit, -per_unit])


def draw(matrix: list[list[float]], vectors: list[list[float]], extent: int = 4, size: int = 400) -> str:
    """Return an SVG picture: the moved grid, and each vector drawn from the origin to where it lands."""
    grid = to_pixels(move_lines(matrix, grid_lines(extent)), extent, size)
    arrows = [[(0.0, 0.0), vector] for vector in vectors]
    moved = to_pixels(move_lines(matrix, np.array(arrows, dtype=float).reshape(-1, 2, 2)), extent, size)
    parts = [_line(line, "grid", "#bbbbbb", 1) for line in grid]
    parts += [_line(line, "vector", "#0f7299", 3) for line in moved]
    body = "\n".join(parts)
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}">\n{body}\n</svg>'


def _line(ends: np.ndarray, name: str, colour: str, width: int) -> str:
    """One line of the picture; `ends` has shape (2, 2)."""
    (x1, y1), (x2, y2) = ends
    place = f'x1="{x1:.2f}" y1="{y1:.2f}" x2="{x2:.2f}" y2="{y2:.2f}"'
    return f'<line class="{name}" {place} stroke="{colour}" stroke-width="{width}"/>'
