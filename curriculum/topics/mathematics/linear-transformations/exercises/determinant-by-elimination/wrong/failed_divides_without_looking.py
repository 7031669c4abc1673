"""The determinant of a square matrix, by elimination."""


def determinant(A: list[list[float]]) -> float:
    """Return the determinant of the square matrix `A`, a list of rows, which stays unchanged.

    Raises ValueError if `A` is not square.
    """
    n = len(A)
    if any(len(row) != n for row in A):
        raise ValueError("a determinant needs a square matrix")
    rows = [list(row) for row in A]  # copies: the caller's matrix stays as it is
    result = 1.0
    for column in range(n):
        result *= rows[column][column]
        for lower in rows[column + 1 :]:
            factor = lower[column] / rows[column][column]
            for j in range(column, n):
                lower[j] -= factor * rows[column][j]
    return result


if __name__ == "__main__":
    print(determinant([[3.0, 1.0], [1.0, 2.0]]))
    print(determinant([[0.0, 2.0], [3.0, 0.0]]))
    print(determinant([[2.0, 4.0], [1.0, 2.0]]))
