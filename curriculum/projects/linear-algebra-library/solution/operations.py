"""Vectors and matrices from scratch. A vector is a list of numbers, a matrix a list of rows of equal length.

Nothing here changes its arguments. What does not fit together raises ValueError.
"""

import math

Vector = list[float]
Matrix = list[list[float]]


def add(a: Vector, b: Vector) -> Vector:
    """Return the sum of two vectors, place by place."""
    _same_length(a, b)
    return [x + y for x, y in zip(a, b)]


def scale(factor: float, a: Vector) -> Vector:
    """Return `factor` times the vector `a`."""
    return [factor * x for x in a]


def dot(a: Vector, b: Vector) -> float:
    """Return the dot product: the sum of the products, place by place."""
    _same_length(a, b)
    return sum(x * y for x, y in zip(a, b))


def norm(a: Vector) -> float:
    """Return the length of the arrow `a`."""
    return math.sqrt(dot(a, a))


def transpose(A: Matrix) -> Matrix:
    """Return the matrix whose rows are the columns of `A`: (n, m) becomes (m, n)."""
    return [list(column) for column in zip(*A)]


def matmul(A: Matrix, B: Matrix) -> Matrix:
    """Return the product of an (n, m) and an (m, p) matrix, of shape (n, p)."""
    if len(A[0]) != len(B):
        raise ValueError(f"cannot multiply {len(A)} x {len(A[0])} with {len(B)} x {len(B[0])}")
    columns = transpose(B)
    return [[dot(row, column) for column in columns] for row in A]


def determinant(A: Matrix) -> float:
    """Return the determinant of a square matrix: the factor by which it stretches volume."""
    _square(A)
    rows, sign = _triangle(A)
    return sign * math.prod(rows[i][i] for i in range(len(rows)))


def solve(A: Matrix, b: Vector) -> Vector:
    """Return the vector x with A x = b. Raises ValueError if `A` is singular or not square."""
    return [row[0] for row in _solve_columns(A, [[x] for x in b])]


def inverse(A: Matrix) -> Matrix:
    """Return the matrix that undoes `A`. Raises ValueError if `A` is singular or not square."""
    return _solve_columns(A, _identity(len(A)))


def eigenpairs(A: Matrix, k: int) -> list[tuple[float, Vector]]:
    """Return the `k` eigenvalues of a symmetric matrix that are largest in size, with unit eigenvectors.

    Power iteration finds one; subtracting its part from the matrix (deflation) uncovers the next.
    """
    _square(A)
    rest, pairs = [list(row) for row in A], []
    for index in range(k):
        value, vector = _largest(rest, start=[1.0 / (i + index + 1) for i in range(len(A))])
        pairs.append((value, vector))
        rest = [add(row, scale(-value * x, vector)) for row, x in zip(rest, vector)]
    return pairs


def _largest(
    A: Matrix, start: Vector, tolerance: float = 1e-12, max_steps: int = 20_000
) -> tuple[float, Vector]:
    """The eigenvalue of `A` that is largest in size, and its unit eigenvector."""
    vector = scale(1 / norm(start), start)
    for _ in range(max_steps):
        moved = [dot(row, vector) for row in A]
        length = norm(moved)
        if length == 0:  # `A` sends this vector to zero: it is an eigenvector with eigenvalue 0
            break
        last, vector = vector, scale(1 / length, moved)
        # A line has two unit vectors; with a negative eigenvalue the steps alternate between them.
        if min(norm(add(vector, last)), norm(add(vector, scale(-1, last)))) < tolerance:
            break
    return dot(vector, [dot(row, vector) for row in A]), vector


def _solve_columns(A: Matrix, B: Matrix) -> Matrix:
    """Return X with A X = B: eliminate in both at once, then fill in from the last row upwards."""
    _square(A)
    n = len(A)
    if len(B) != n:
        raise ValueError(f"{n} equations, but {len(B)} right sides")
    rows, _ = _triangle([list(row) + list(right) for row, right in zip(A, B)])
    largest = max(abs(x) for row in A for x in row)
    if any(abs(rows[i][i]) <= 1e-13 * largest for i in range(n)):
        raise ValueError("the matrix is singular: it squashes space, and there is no way back")
    X: Matrix = [[] for _ in range(n)]
    for i in reversed(range(n)):
        right = rows[i][n:]
        for j in range(i + 1, n):
            right = add(right, scale(-rows[i][j], X[j]))
        X[i] = scale(1 / rows[i][i], right)
    return X


def _triangle(A: Matrix) -> tuple[Matrix, int]:
    """Eliminate below the diagonal, with pivoting. Returns the triangle, and -1 if the swaps were odd."""
    rows, sign = [list(row) for row in A], 1
    for column in range(len(rows)):
        pivot = max(range(column, len(rows)), key=lambda i: abs(rows[i][column]))
        if rows[pivot][column] == 0:
            continue
        if pivot != column:
            rows[column], rows[pivot], sign = rows[pivot], rows[column], -sign
        for i in range(column + 1, len(rows)):
            rows[i] = add(rows[i], scale(-rows[i][column] / rows[column][column], rows[column]))
    return rows, sign


def _identity(n: int) -> Matrix:
    return [[1.0 if i == j else 0.0 for j in range(n)] for i in range(n)]


def _square(A: Matrix) -> None:
    if any(len(row) != len(A) for row in A):
        raise ValueError("the matrix is not square")


def _same_length(a: Vector, b: Vector) -> None:
    if len(a) != len(b):
        raise ValueError(f"lengths differ: {len(a)} and {len(b)}")
