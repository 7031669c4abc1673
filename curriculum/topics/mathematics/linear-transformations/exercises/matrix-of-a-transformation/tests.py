"""Hidden tests of `matrix-of-a-transformation`. `student` stands for the learner's module."""

import numpy as np
from grader.checks import cases, check, close, example


def machine(matrix, calls=None):
    """A linear function with this matrix, which notes each vector it was asked about in `calls`."""

    def f(v):
        if calls is not None:
            calls.append(np.array(v))
        return matrix @ np.asarray(v)

    return f


@example
def test_matrix_of_the_example(student):
    """Finds the matrix of "swap, then double the second" """
    expected = np.array([[0.0, 1.0], [2.0, 0.0]])
    hint = "f sends (1, 0) to (0, 2): that is the first column, not the first row."
    close(student.matrix_of(machine(expected), 2), expected, hint=hint)


@example
def test_points_of_the_example(student):
    """Shears two points"""
    shear = np.array([[1.0, 1.0], [0.0, 1.0]])
    points = np.array([[0.0, 1.0], [2.0, 3.0]])
    hint = "Row i of the result is the matrix times point i. With points in rows, that is points @ matrix.T."
    close(student.transform_points(shear, points), np.array([[1.0, 1.0], [5.0, 3.0]]), hint=hint)


@cases(n=[1, 3, 6])
def test_square_machines(student, rng, n):
    """Finds the matrix of a random machine from a space to itself"""
    expected = rng.normal(size=(n, n))
    hint = "The columns of the matrix are where the basis vectors land."
    close(student.matrix_of(machine(expected), n), expected, hint=hint)


@cases(m=[1, 2, 5])
def test_machines_between_spaces(student, rng, m):
    """Finds the matrix when input and output differ in length"""
    expected = rng.normal(size=(m, 3))
    hint = "The output may have another length than the input. Take it from what f returns, not from n."
    close(student.matrix_of(machine(expected), 3), expected, hint=hint)


def test_a_machine_that_squashes(student):
    """Finds a matrix of zeros in one row"""
    expected = np.array([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]])
    close(student.matrix_of(machine(expected), 3), expected)


def test_asks_no_more_than_needed(student, rng):
    """Asks the function at most n times"""
    calls = []
    student.matrix_of(machine(rng.normal(size=(2, 4)), calls), 4)
    check(0 < len(calls) <= 4, f"Four basis vectors are four questions; you asked {len(calls)} times.")


def test_gives_floats(student):
    """Gives the function arrays of floats"""
    calls = []
    student.matrix_of(machine(np.eye(2), calls), 2)
    kinds = {v.dtype.kind for v in calls}
    check(
        kinds == {"f"},
        "Whole-number arrays would cut off a result such as 0.5 in some functions. Give f floats.",
    )


@cases(k=[1, 2, 100])
def test_many_points(student, rng, k):
    """Moves each point as the matrix moves a single vector"""
    matrix, points = rng.normal(size=(2, 2)), rng.normal(size=(k, 2))
    expected = np.array([matrix @ point for point in points])
    hint = "Row i of the result is matrix @ points[i]. Did you transpose the matrix?"
    close(student.transform_points(matrix, points), expected, rtol=1e-9, hint=hint)


@cases(m=[1, 3])
def test_points_into_another_space(student, rng, m):
    """Takes points of four numbers to points of another length"""
    matrix, points = rng.normal(size=(m, 4)), rng.normal(size=(7, 4))
    close(student.transform_points(matrix, points), points @ matrix.T, rtol=1e-9)


def test_the_two_fit_together(student, rng):
    """Moving points by the matrix that was found is the same as asking the function"""
    hidden = rng.normal(size=(3, 2))
    points = rng.normal(size=(5, 2))
    matrix = student.matrix_of(machine(hidden), 2)
    close(student.transform_points(matrix, points), points @ hidden.T, rtol=1e-9)
