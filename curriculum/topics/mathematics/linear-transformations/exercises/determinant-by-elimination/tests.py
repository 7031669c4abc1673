"""Hidden tests of `determinant-by-elimination`. `student` stands for the learner's module."""

import numpy as np
from grader.checks import cases, close, example, raises


@example
def test_two_by_two(student):
    """The parallelogram on (3, 1) and (1, 2) has area 5"""
    close(student.determinant([[3.0, 1.0], [1.0, 2.0]]), 5.0)


@example
def test_a_swap(student):
    """A zero on the diagonal calls for a swap, and a swap turns the sign"""
    hint = "Swap the rows, and remember the minus sign."
    close(student.determinant([[0.0, 2.0], [3.0, 0.0]]), -6.0, hint=hint)


@example
def test_columns_on_one_line(student):
    """A matrix that squashes the plane has determinant 0"""
    close(student.determinant([[2.0, 4.0], [1.0, 2.0]]), 0.0, atol=1e-12)


def test_one_by_one(student):
    """A single number is its own determinant"""
    close(student.determinant([[-7.0]]), -7.0)


def test_triangle(student):
    """A triangle needs no elimination: multiply the diagonal"""
    A = [[2.0, 9.0, -4.0], [0.0, 3.0, 5.0], [0.0, 0.0, -1.0]]
    close(student.determinant(A), -6.0)


@cases(order=[(1, 0, 2), (1, 2, 0), (3, 2, 1, 0), (2, 0, 1, 3)])
def test_permutations(student, order):
    """A shuffled identity has determinant 1 or -1, by the number of swaps"""
    A = np.eye(len(order))[list(order)]
    hint = "Each swap of two rows changes the sign once. Two swaps cancel."
    close(student.determinant(A.tolist()), float(round(np.linalg.det(A))), hint=hint)


@cases(n=[3, 5, 8])
def test_random_matrices(student, rng, n):
    """Agrees with NumPy on random matrices"""
    A = rng.normal(size=(n, n))
    hint = "After clearing a column, the numbers further right in the row have changed as well."
    close(student.determinant(A.tolist()), float(np.linalg.det(A)), rtol=1e-8, hint=hint)


def test_whole_numbers(student):
    """Works for whole numbers, too"""
    close(student.determinant([[4, 3], [2, 5]]), 14.0, hint="Divide with /, not with //.")


def test_zero_that_appears_on_the_way(student):
    """Finds a pivot also where the zero only appears during elimination"""
    A = [[1.0, 2.0, 3.0], [2.0, 4.0, 7.0], [1.0, 1.0, 1.0]]
    hint = "Clearing the first column leaves two zeros in the second row. Look for a pivot at every column."
    close(student.determinant(A), 1.0, hint=hint)


def test_flat_in_three_dimensions(student):
    """A column of zeros gives 0"""
    A = [[1.0, 0.0, 2.0], [3.0, 0.0, 4.0], [5.0, 0.0, 6.0]]
    close(
        student.determinant(A), 0.0, atol=1e-12, hint="No row offers a pivot: the matrix is flat. Return 0.0."
    )


def test_tiny_pivot(student):
    """Keeps its digits when a tiny number stands on the diagonal"""
    A = [[1e-20, 1.0, 2.0], [1.0, 1.0, 3.0], [1.0, 2.0, 1.0]]
    hint = (
        "Dividing by 1e-20 drowns the other digits. Swap the row with the largest absolute value to the top."
    )
    close(student.determinant(A), 4.0, rtol=1e-9, hint=hint)


def test_largest_in_absolute_value(student):
    """A large negative number makes a good pivot"""
    A = [[1e-20, 1.0, 2.0], [-1.0, 1.0, 3.0], [-1.0, 2.0, 1.0]]
    close(
        student.determinant(A),
        -4.0,
        rtol=1e-9,
        hint="Compare absolute values: -1 is a far better pivot than 1e-20.",
    )


def test_twelve_by_twelve(student, rng):
    """Takes a 12 by 12 matrix in its stride"""
    A = rng.normal(size=(12, 12))
    close(student.determinant(A.tolist()), float(np.linalg.det(A)), rtol=1e-8)


@cases(rows=[1, 2, 4])
def test_not_square(student, rows):
    """Refuses a matrix that is not square"""
    with raises(student, "ValueError"):
        student.determinant([[1.0, 2.0, 3.0]] * rows)
