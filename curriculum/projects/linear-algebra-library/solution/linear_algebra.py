"""A small linear algebra library: its face. Import from here; the work is done in the three modules."""

from operations import add, determinant, dot, eigenpairs, inverse, matmul, norm, scale, solve, transpose
from pictures import draw, grid_lines, move_lines, to_pixels
from reduction import decode, encode, fit

__all__ = [
    "add",
    "decode",
    "determinant",
    "dot",
    "draw",
    "eigenpairs",
    "encode",
    "fit",
    "grid_lines",
    "inverse",
    "matmul",
    "move_lines",
    "norm",
    "scale",
    "solve",
    "to_pixels",
    "transpose",
]

if __name__ == "__main__":
    print(matmul([[8, 5], [12, 3]], [[12, 20], [10, 12]]))
    print(draw([[2, -1], [1, 1]], [[1, 0], [0, 1]], extent=6, size=300))
