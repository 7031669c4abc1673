"""The determinant of a square matrix, by expansion along the first row."""


def determinant(A: list[list[float]]) -> float:
    """Return the determinant of the square matrix `A`, a list of rows, which stays unchanged.

    Raises ValueError if `A` is not square.
    """
    n = len(A)
    if any(len(row) != n for row in A):
        raise ValueError("a determinant needs a square matrix")
    if n == 1:
        return A[0][0]
    result = 0.0
    for j in range(n):
        minor = [row[:j] + row[j + 1 :] for row in A[1:]]
        result += (-1) ** j * A[0][j] * determinant(minor)
    return result
