"""Hidden tests of `gradient-check`."""

import numpy as np

from grader.checks import cases, check, close, equal, example


@example
def test_worked_example(student):
    """Matches the worked example of the measured gradient"""
    got = student.measured_gradient(lambda t: t[0] ** 2 + 3 * t[1], np.array([2.0, 5.0]))
    close(got, np.array([4.0, 3.0]))


@example
def test_relative_error_example(student):
    """Matches the worked example of the relative error"""
    close(student.relative_error(np.array([1.0, 2.0]), np.array([1.0, 2.002])), 0.002 / 4.002)


@cases(shape=[(4,), (2, 3), (2, 1, 3)])
def test_any_shape(student, rng, shape):
    """Measures every entry of an array of any shape"""
    theta, weights = rng.normal(size=shape), rng.normal(size=shape)
    got = student.measured_gradient(lambda t: float(np.sum(weights * np.sin(t))), theta)
    close(
        got,
        weights * np.cos(theta),
        rtol=1e-6,
        atol=1e-7,
        hint="One slope per entry. np.ndindex visits the entries of an array of any shape.",
    )


def test_from_both_sides(student):
    """Nudges to both sides"""
    got = student.measured_gradient(lambda t: float(np.sum(t**2)), np.array([1.0, -2.0]), h=0.1)
    close(
        got,
        np.array([2.0, -4.0]),
        hint="For a parabola the central difference is exact, even with a nudge of 0.1. "
        "A one-sided one is off by 0.1.",
    )


def test_one_entry_at_a_time(student, rng):
    """Nudges one entry at a time, twice, and puts it back"""
    theta, asked = rng.normal(size=(2, 3)), []

    def f(t):
        asked.append(np.array(t))
        return float(np.sum(t))

    got = student.measured_gradient(f, theta, h=0.01)
    close(got, np.ones((2, 3)), rtol=1e-6, hint="The slope of a sum is 1 for every entry.")
    equal(len(asked), 12, hint="Six entries need twelve calls of f.")
    moved = [int(np.sum(np.abs(point - theta) > 1e-9)) for point in asked]
    check(
        moved == [1] * 12,
        "In some calls more than one entry, or none, differed from theta. "
        "Put each entry back before you nudge the next.",
    )


def test_whole_numbers(student):
    """Works for a theta of whole numbers"""
    got = student.measured_gradient(
        lambda t: float(np.sum(np.asarray(t, dtype=float) ** 2)), np.array([1, 2, 3])
    )
    close(
        got,
        np.array([2.0, 4.0, 6.0]),
        hint="In an array of whole numbers 2 + 0.00001 is cut back to 2. Make a float copy first.",
    )


def test_uses_the_given_nudge(student):
    """Uses the nudge that it is given"""
    got = student.measured_gradient(lambda t: float(np.sum(t**3)), np.array([0.0]), h=0.5)
    close(got, np.array([0.25]), hint="For a cube at 0 the central difference is h², here 0.25.")


def test_relative_error_takes_the_largest(student, rng):
    """Finds one bad entry among many good ones"""
    a = rng.uniform(1, 2, size=(5, 4))
    b = a.copy()
    b[3, 1] = -b[3, 1]
    close(
        student.relative_error(a, b),
        1.0,
        hint="An entry of the wrong sign has relative error 1. A mean would hide it among the good ones.",
    )


def test_zero_agrees_with_zero(student):
    """Lets zero agree with zero"""
    close(
        student.relative_error(np.array([0.0, 1.0]), np.array([0.0, 1.0])),
        0.0,
        hint="0 / 0 is nan. The 1e-8 in the denominator is there for this case.",
    )
