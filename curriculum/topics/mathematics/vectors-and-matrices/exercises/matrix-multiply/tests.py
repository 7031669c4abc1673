"""Hidden tests of `matrix-multiply`. `student` stands for the learner's module."""

from grader.checks import cases, close, equal, example, raises

WALKS = [[8, 5], [12, 3], [5, 9]]
RULES = [[12, 20], [10, 12]]


@example
def test_shape_of_the_example(student):
    """Three walks of two numbers have shape (3, 2)"""
    equal(student.shape(WALKS), (3, 2), hint="Rows first, then columns, as a tuple.")


@example
def test_product_of_the_example(student):
    """Three walks times two rules give six times"""
    hint = "Each entry is the dot product of a row of A and a column of B."
    equal(student.matmul(WALKS, RULES), [[146, 220], [174, 276], [150, 208]], hint=hint)


def test_transpose(student):
    """The transpose of a 3 by 2 matrix is 2 by 3"""
    equal(
        student.transpose(WALKS),
        [[8, 12, 5], [5, 3, 9]],
        hint="Row 0 of the result is column 0 of A, as a list.",
    )


def test_transpose_of_a_single_row(student):
    """A single row becomes a column of one-number rows"""
    equal(student.transpose([[1, 2, 3]]), [[1], [2], [3]], hint="A column is still a list of rows.")


def test_transpose_twice(student, rng):
    """Transposing twice gives the matrix back"""
    A = rng.integers(-9, 10, size=(4, 6)).tolist()
    equal(student.transpose(student.transpose(A)), A)


def test_ragged_rows(student):
    """Refuses rows of different length"""
    with raises(student, "ValueError"):
        student.shape([[1, 2], [3]])


@cases(n=[1, 2, 5], p=[1, 4])
def test_agrees_with_numpy(student, rng, n, p):
    """Agrees with NumPy on random matrices"""
    A, B = rng.normal(size=(n, 3)), rng.normal(size=(3, p))
    hint = "The result has as many rows as A and as many columns as B; the sum runs over the 3 between them."
    close(student.matmul(A.tolist(), B.tolist()), (A @ B).tolist(), rtol=1e-9, hint=hint)


def test_identity_changes_nothing(student):
    """Multiplying by the identity gives the matrix back"""
    A, identity = [[1, 2], [3, 4]], [[1, 0], [0, 1]]
    equal(student.matmul(A, identity), A)
    equal(student.matmul(identity, A), A)


def test_order_matters(student):
    """From the left, a swap swaps rows; from the right, columns"""
    A, swap = [[1, 2], [3, 4]], [[0, 1], [1, 0]]
    hint = "Rows come from the left matrix, columns from the right one."
    equal(student.matmul(swap, A), [[3, 4], [1, 2]], hint=hint)
    equal(student.matmul(A, swap), [[2, 1], [4, 3]], hint=hint)


def test_rows_are_separate_lists(student):
    """No two rows of the result are the same list"""
    A = student.matmul([[1, 0], [0, 1], [1, 1]], [[1, 2], [3, 4]])
    hint = "[[0] * p] * n repeats one and the same row n times. Build a new list for each row."
    equal(A, [[1, 2], [3, 4], [4, 6]], hint=hint)


@cases(rows=[1, 3, 4])
def test_inner_numbers_must_agree(student, rows):
    """Refuses a matrix of 2 columns times one of another number of rows"""
    with raises(student, "ValueError"):
        student.matmul([[1, 2], [3, 4]], [[1, 1]] * rows)
