"""Matrices as lists of rows: shape, transpose and product."""

Matrix = list[list[float]]


def shape(A: Matrix) -> tuple[int, int]:
    """Return (rows, columns). Raises ValueError if the rows differ in length."""
    columns = len(A[0])
    for row in A:
        if len(row) != columns:
            raise ValueError(f"a row of {len(row)} numbers among rows of {columns}")
    return len(A), columns


def transpose(A: Matrix) -> Matrix:
    """Return a new matrix whose rows are the columns of `A`: (n, m) becomes (m, n)."""
    return [list(column) for column in zip(*A)]


def matmul(A: Matrix, B: Matrix) -> Matrix:
    """Return the product of `A`, of shape (n, m), and `B`, of shape (m, p). It has shape (n, p).

    Raises ValueError if the inner numbers differ.
    """
    (n, m), (m_too, p) = shape(A), shape(B)
    if m != m_too:
        raise ValueError(f"cannot multiply {n} x {m} with {m_too} x {p}")
    C = []
    for i in range(n):
        C.append([])
        for j in range(n):
            C[i].append(sum(A[i][k] * B[k][j] for k in range(n)))
    return C


if __name__ == "__main__":
    walks = [[8, 5], [12, 3], [5, 9]]
    rules = [[12, 20], [10, 12]]
    print(shape(walks), transpose(walks))
    print(matmul(walks, rules))
