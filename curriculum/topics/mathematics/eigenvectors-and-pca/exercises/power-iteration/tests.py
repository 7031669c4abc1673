"""Hidden tests of `power-iteration`. `student` stands for the learner's module."""

import numpy as np
from grader.checks import at_most, cases, check, close, example, raises


def symmetric(values, rng):
    """A symmetric matrix with these eigenvalues, and its eigenvectors in columns."""
    Q = np.linalg.qr(rng.normal(size=(len(values), len(values))))[0]
    return Q @ np.diag(values) @ Q.T, Q


def found(student, *arguments):
    """What the learner returned, if it is a number and an array, as it should be."""
    got = student.power_iteration(*arguments)
    check(isinstance(got, tuple) and len(got) == 2, "Return a pair: the eigenvalue and the eigenvector.")
    check(isinstance(got[1], np.ndarray), "The second of the pair is the eigenvector, a NumPy array.")
    return got


def same_line(got, expected, hint=""):
    """Passes if `got` is `expected` or its negative: an eigenvector is a line."""
    check(
        got.shape == expected.shape, f"The eigenvector should have shape {expected.shape}, got {got.shape}."
    )
    turned = expected if float(got @ expected) >= 0 else -expected
    close(got, turned, atol=1e-5, hint=hint)


@example
def test_the_example(student):
    """Finds 3 and the diagonal"""
    value, vector = found(student, np.array([[2.0, 1.0], [1.0, 2.0]]), np.array([1.0, 0.0]))
    close(value, 3.0, atol=1e-6)
    same_line(
        vector, np.array([1.0, 1.0]) / np.sqrt(2), hint="Either of the two directions on the line is right."
    )


@example
def test_negative_eigenvalue(student):
    """Finds -3, with its sign"""
    value, vector = found(student, np.array([[-3.0, 0.0], [0.0, 1.0]]), np.array([1.0, 1.0]))
    hint = "The norm of A v is 3 here. Read the eigenvalue off as v @ A @ v, which keeps the sign."
    close(value, -3.0, atol=1e-6, hint=hint)
    same_line(vector, np.array([1.0, 0.0]))


@cases(n=[2, 5, 20])
def test_random_symmetric_matrices(student, rng, n):
    """Agrees with NumPy on random symmetric matrices"""
    values = np.linspace(1.0, 3.0, n)
    values[-1] = 4.0
    A, Q = symmetric(values, rng)
    value, vector = found(student, A, rng.normal(size=n))
    close(value, 4.0, atol=1e-6)
    same_line(vector, Q[:, -1])


def test_negative_one_wins(student, rng):
    """Takes the eigenvalue that is largest in size, here a negative one"""
    A, Q = symmetric([-5.0, 1.0, 4.0], rng)
    value, vector = found(student, A, rng.normal(size=3))
    hint = (
        "-5 is smaller than 4 but stretches more, so it wins. The vector flips at each step: compare lines."
    )
    close(value, -5.0, atol=1e-6, hint=hint)
    same_line(vector, Q[:, 0])


def test_not_symmetric(student):
    """Finds where hikers between three huts settle"""
    P = np.array([[0.7, 0.3, 0.1], [0.2, 0.5, 0.3], [0.1, 0.2, 0.6]])
    value, vector = found(student, P, np.array([1.0, 0.0, 0.0]))
    close(value, 1.0, atol=1e-6)
    settled = np.array([14.0, 11.0, 9.0])
    same_line(vector, settled / np.linalg.norm(settled))


def test_length_one(student, rng):
    """The eigenvector has length 1, whatever the start"""
    A, _ = symmetric([1.0, 2.0, 7.0], rng)
    _, vector = found(student, A, 1000 * rng.normal(size=3))
    close(float(np.linalg.norm(vector)), 1.0, hint="Divide by the norm at each step, and at the end.")


@cases(factor=[1e120, 1e-120])
def test_neither_overflow_nor_underflow(student, rng, factor):
    """Works for huge and for tiny matrices"""
    A, Q = symmetric([1.0, 3.0], rng)
    value, vector = found(student, factor * A, np.array([1.0, 0.5]))
    hint = "Scale to length 1 at every step. Otherwise this matrix soon leaves the range of floats."
    close(value / factor, 3.0, atol=1e-6, hint=hint)
    same_line(vector, Q[:, 1])


def test_slow_matrix(student, rng):
    """Keeps going while the vector still moves"""
    A, Q = symmetric([2.94, 3.0], rng)
    value, vector = found(student, A, Q @ np.array([1.0, 0.2]))
    hint = "Close eigenvalues take hundreds of steps. Stop by the tolerance, not after a fixed few."
    same_line(vector, Q[:, 1], hint=hint)
    close(value, 3.0, atol=1e-6)


def test_respects_max_steps(student, rng):
    """Stops after max_steps"""
    A, Q = symmetric([2.94, 3.0], rng)
    start = Q @ np.array([1.0, 0.2])
    _, vector = found(student, A, start, 1e-10, 3)
    away = abs(float(vector @ Q[:, 1]))
    at_most(away, 0.5, "After 3 steps this vector cannot be near its goal yet. Take at most max_steps steps.")


def test_never_settles(student):
    """A rotation has no line to settle on: returns after max_steps"""
    quarter_turn = np.array([[0.0, -1.0], [1.0, 0.0]])
    _, vector = found(student, quarter_turn, np.array([1.0, 0.0]), 1e-10, 50)
    close(float(np.linalg.norm(vector)), 1.0)


def test_zero_start(student):
    """Refuses to start from zero"""
    with raises(student, "ValueError"):
        student.power_iteration(np.eye(2), np.zeros(2))


def test_sent_to_zero(student):
    """Refuses when the matrix sends the vector to zero"""
    with raises(student, "ValueError"):
        student.power_iteration(np.zeros((2, 2)), np.array([1.0, 0.0]))
