"""Hidden tests of `compose-transformations`. `student` stands for the learner's module."""

import math

import numpy as np
from grader.checks import cases, close, example


def turn(degrees):
    """The reference rotation."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.array([[c, -s], [s, c]])


@example
def test_quarter_turn(student):
    """A quarter turn takes (1, 0) to (0, 1)"""
    hint = "The first column is where (1, 0) lands: up, for a turn against the clock."
    close(student.rotation(90), np.array([[0.0, -1.0], [1.0, 0.0]]), atol=1e-9, hint=hint)


@example
def test_turn_then_shear(student):
    """Turning first and shearing second takes (1, 0) to (1, 1)"""
    matrix = student.compose(np.array([[0.0, -1.0], [1.0, 0.0]]), np.array([[1.0, 1.0], [0.0, 1.0]]))
    hint = "The first argument acts first, so it stands on the right of the product."
    close(matrix, np.array([[1.0, -1.0], [1.0, 0.0]]), hint=hint)


@cases(degrees=[0, 30, -45, 180, 400])
def test_rotations(student, degrees):
    """Rotates by any angle, given in degrees"""
    hint = "np.cos and np.sin expect radians, and the minus sign belongs to the upper right corner."
    close(student.rotation(degrees), turn(degrees), atol=1e-9, hint=hint)


@cases(k=[0.5, -2, 0])
def test_shears(student, k):
    """Slides sideways in proportion to the height"""
    hint = "(1, 0) stays, and (0, 1) lands on (k, 1)."
    close(student.shear(k), np.array([[1.0, k], [0.0, 1.0]]), hint=hint)


def test_scaling(student):
    """Stretches each axis by its own factor"""
    close(student.scaling(2, -0.5), np.array([[2.0, 0.0], [0.0, -0.5]]))


def test_nothing_to_do(student):
    """Composing nothing gives the identity"""
    close(student.compose(), np.eye(2), hint="Doing nothing is the matrix that changes nothing.")


def test_one_matrix(student, rng):
    """Composing one matrix gives it back"""
    A = rng.normal(size=(2, 2))
    close(student.compose(A), A)


def test_three_matrices(student, rng):
    """Three matrices act in the order of the arguments"""
    A, B, C = rng.normal(size=(3, 2, 2))
    hint = "A acts first, so the product is C @ B @ A: read from right to left."
    close(student.compose(A, B, C), C @ B @ A, rtol=1e-9, hint=hint)


def test_turns_add_up(student):
    """Two turns in a row are one turn by the sum of the angles"""
    close(
        student.compose(turn(20), turn(50)),
        turn(70),
        atol=1e-9,
        hint="Chaining is the matrix product @, not *.",
    )


def test_a_move_and_its_undoing(student):
    """A shear and the opposite shear cancel"""
    moves = [student.shear(0.7), student.shear(-0.7)]
    close(student.compose(*moves), np.eye(2), atol=1e-9)


def test_same_answer_twice(student):
    """Calling compose again with the same matrices gives the same"""
    A, B = turn(10), np.array([[1.0, 3.0], [0.0, 1.0]])
    for _ in range(2):
        close(student.compose(A, B), B @ A, hint="Start from a fresh identity at each call.")
