"""Hidden tests of `gradient-descent-loop`."""

import numpy as np

from grader.checks import cases, check, close, equal, example


def reference(matrix, start, rate, steps):
    """The path on f(p) = p·A·p / 2, whose gradient is A p."""
    path = [np.array(start, dtype=float)]
    for _ in range(steps):
        path.append(path[-1] - rate * matrix @ path[-1])
    return np.array(path)


@example
def test_worked_example(student):
    """Matches the worked example"""
    got = student.descend(lambda p: 2 * p, np.array([8.0]), rate=0.25, steps=3)
    close(got, np.array([[8.0], [4.0], [2.0], [1.0]]))


@cases(d=[1, 2, 5])
def test_follows_the_rule(student, rng, d):
    """Follows the rule in any number of dimensions"""
    root = rng.normal(size=(d, d))
    matrix = root @ root.T / d + np.eye(d)
    start = rng.normal(size=d)
    got = student.descend(lambda p: matrix @ p, start, rate=0.05, steps=12)
    close(
        got,
        reference(matrix, start, 0.05, 12),
        hint="Each row must be the row before it minus the rate times the gradient at that row.",
    )


def test_rows_are_positions_not_one_array(student):
    """Keeps each position instead of overwriting it"""
    got = student.descend(lambda p: p, np.array([1.0, -2.0]), rate=0.5, steps=4)
    equal(np.shape(got), (5, 2), hint="4 steps make 5 positions of two numbers, the start included.")
    check(
        not np.allclose(got[0], got[-1]),
        "All rows are equal. If you change one array in place and store it each time, "
        "the list holds that array many times over. Make a new array, or store a copy.",
    )
    close(got[0], np.array([1.0, -2.0]), hint="Row 0 is the start, before any step.")


def test_whole_number_start(student):
    """Starts from whole numbers without losing the fractions"""
    got = student.descend(lambda p: p, np.array([3, -5]), rate=0.1, steps=2)
    close(
        got,
        np.array([[3.0, -5.0], [2.7, -4.5], [2.43, -4.05]]),
        hint="An array of whole numbers cannot hold 2.7. Turn the start into floats first.",
    )


def test_asks_at_the_current_position(student):
    """Asks for the gradient at the current position, once a step"""
    calls = []

    def gradient(p):
        calls.append(np.array(p))
        return 2 * p

    first = student.descend(gradient, np.array([1.0, 2.0]), rate=0.1, steps=3)
    close(
        first,
        reference(2 * np.eye(2), [1.0, 2.0], 0.1, 3),
        hint="Each row must be the row before it minus the rate times the gradient at that row.",
    )
    again = student.descend(gradient, first[0], rate=0.1, steps=3)
    close(again, first, hint="The same start gives the same path twice.")
    close(np.array(calls[:3]), first[:3], hint="Ask for the gradient at the current position, once a step.")


def test_zero_steps(student):
    """Returns only the start for zero steps"""
    got = student.descend(lambda p: p, np.array([1.5, 2.5]), rate=0.1, steps=0)
    close(got, np.array([[1.5, 2.5]]), hint="No step means one row: the start. The shape is (1, d).")


def test_stops_on_flat_ground(student):
    """Stops where the gradient is not longer than the tolerance"""
    got = student.descend(lambda p: p, np.array([1.0]), rate=0.5, steps=100, tolerance=0.2)
    close(
        got,
        np.array([[1.0], [0.5], [0.25], [0.125]]),
        hint="At 0.125 the slope is 0.125, below the tolerance of 0.2. That position is the last row.",
    )


def test_tolerance_measures_length(student):
    """Measures the length of the gradient, not its sum"""
    got = student.descend(lambda p: p, np.array([1.0, -1.0]), rate=0.5, steps=2, tolerance=0.1)
    equal(
        np.shape(got),
        (3, 2),
        hint="The gradient (1, −1) sums to 0 but its length is √2. Use the norm to decide when to stop.",
    )
