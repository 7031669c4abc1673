"""Matrices as lists of rows: shape, transpose and product."""

Matrix = list[list[float]]


def shape(A: Matrix) -> tuple[int, int]:
    """Return (rows, columns). Raises ValueError if the rows differ in length."""
    # Write your code here.


def transpose(A: Matrix) -> Matrix:
    """Return a new matrix whose rows are the columns of `A`: (n, m) becomes (m, n)."""
    # Write your code here.


def matmul(A: Matrix, B: Matrix) -> Matrix:
    """Return the product of `A`, of shape (n, m), and `B`, of shape (m, p). It has shape (n, p).

    Raises ValueError if the inner numbers differ.
    """
    # Write your code here.


if __name__ == "__main__":
    walks = [[8, 5], [12, 3], [5, 9]]
    rules = [[12, 20], [10, 12]]
    print(shape(walks), transpose(walks))
    print(matmul(walks, rules))
