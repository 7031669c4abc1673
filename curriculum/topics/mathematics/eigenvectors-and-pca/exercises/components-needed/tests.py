"""Hidden tests of `components-needed`. `student` stands for the learner's module."""

import numpy as np
from grader.checks import cases, check, equal, example, raises


def needed(student, values, goal):
    """What the learner returned, which should be a plain whole number."""
    got = student.components_needed(np.array(values, dtype=float), goal)
    whole = isinstance(got, int | np.integer) and not isinstance(got, bool)
    check(whole, f"Return a whole number, not {got!r}.")
    return int(got)


@example
def test_exactly_enough(student):
    """6 and 3 of 10 are 90 percent: two components"""
    equal(needed(student, [6.0, 3.0, 0.8, 0.2], 0.9), 2, hint="Equal to the goal is enough.")


@example
def test_smallest_first(student):
    """Smallest first, as eigh gives them: three components for 91 percent"""
    equal(needed(student, [0.2, 0.8, 3.0, 6.0], 0.91), 3, hint="Sort first: the largest count first.")


def test_any_order(student):
    """Takes the eigenvalues in any order"""
    equal(needed(student, [1.0, 7.0, 2.0], 0.85), 2, hint="The largest are 7 and 2, wherever they stand.")


@cases(goal=[0.01, 0.5, 0.6])
def test_one_is_the_least(student, goal):
    """Returns at least 1"""
    equal(needed(student, [6.0, 3.0, 1.0], goal), 1, hint="Position 0 of the sum stands for one component.")


@cases(d=[3, 6, 7, 10])
def test_everything(student, d):
    """Equal eigenvalues and a goal of 1 need all components"""
    hint = "The running sum may end just below 1. argmax of nothing but False is 0: allow for rounding."
    equal(needed(student, [0.1] * d, 1.0), d, hint=hint)


@cases(k=[3, 6, 7])
def test_goals_that_rounding_misses(student, k):
    """k of ten equal eigenvalues keep k tenths, whatever the rounding"""
    hint = "Ten times 0.1 is not quite 1 in floating point. Count a goal that is missed by 1e-9 as reached."
    equal(needed(student, [0.1] * 10, k / 10), k, hint=hint)


def test_zeros_add_nothing(student):
    """A goal of 1 is reached without the zeros"""
    equal(needed(student, [5.0, 0.0, 5.0, 0.0], 1.0), 2)


def test_tiny_negative(student):
    """A tiny negative eigenvalue is a zero"""
    hint = "Rounding makes -1e-17 of a zero. Treat it as zero."
    equal(needed(student, [-1e-17, 3.0, 1.0], 1.0), 2, hint=hint)


def test_random_spectra(student, rng):
    """Agrees with adding up one by one"""
    for goal in (0.3, 0.77, 0.95):
        values = rng.exponential(size=30)
        total, k = 0.0, 0
        for value in sorted(values, reverse=True):
            total, k = total + value, k + 1
            if total >= goal * values.sum():
                break
        equal(needed(student, values, goal), k)


@cases(goal=[0.0, -0.1, 1.5])
def test_goal_out_of_range(student, goal):
    """Refuses a goal that is no share"""
    with raises(student, "ValueError"):
        student.components_needed(np.array([1.0, 2.0]), goal)


def test_nothing_varies(student):
    """Refuses eigenvalues that are all zero"""
    with raises(student, "ValueError"):
        student.components_needed(np.zeros(3), 0.9)
