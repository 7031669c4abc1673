"""Vectors and matrices from scratch. A vector is a list of numbers, a matrix a list of rows of equal length.

Nothing here changes its arguments. What does not fit together raises ValueError.
"""

import math

Vector = list[float]
Matrix = list[list[float]]


def add(a: Vector, b: Vector) -> Vector:
    """Return the sum of two vectors, place by place."""
    # Write your code here.


def scale(factor: float, a: Vector) -> Vector:
    """Return `factor` times the vector `a`."""
    # Write your code here.


def dot(a: Vector, b: Vector) -> float:
    """Return the dot product: the sum of the products, place by place."""
    # Write your code here.


def norm(a: Vector) -> float:
    """Return the length of the arrow `a`."""
    # Write your code here.


def transpose(A: Matrix) -> Matrix:
    """Return the matrix whose rows are the columns of `A`: (n, m) becomes (m, n)."""
    # Write your code here.


def matmul(A: Matrix, B: Matrix) -> Matrix:
    """Return the product of an (n, m) and an (m, p) matrix, of shape (n, p)."""
    # Write your code here.


def determinant(A: Matrix) -> float:
    """Return the determinant of a square matrix: the factor by which it stretches volume."""
    # Write your code here.


def solve(A: Matrix, b: Vector) -> Vector:
    """Return the vector x with A x = b. Raises ValueError if `A` is singular or not square."""
    # Write your code here.


def inverse(A: Matrix) -> Matrix:
    """Return the matrix that undoes `A`. Raises ValueError if `A` is singular or not square."""
    # Write your code here.


def eigenpairs(A: Matrix, k: int) -> list[tuple[float, Vector]]:
    """Return the `k` eigenvalues of a symmetric matrix that are largest in size, with unit eigenvectors.

    Power iteration finds one; subtracting its part from the matrix (deflation) uncovers the next.
    """
    # Write your code here.
