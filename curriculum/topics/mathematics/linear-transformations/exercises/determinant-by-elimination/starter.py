"""The determinant of a square matrix, by elimination."""


def determinant(A: list[list[float]]) -> float:
    """Return the determinant of the square matrix `A`, a list of rows, which stays unchanged.

    Raises ValueError if `A` is not square.
    """
    # Write your code here.


if __name__ == "__main__":
    print(determinant([[3.0, 1.0], [1.0, 2.0]]))
    print(determinant([[0.0, 2.0], [3.0, 0.0]]))
    print(determinant([[2.0, 4.0], [1.0, 2.0]]))
