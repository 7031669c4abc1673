"""Hidden tests of `fit-a-line`."""

import numpy as np

from grader.checks import cases, check, close, example, gradient


def points(rng, n=60):
    x = rng.uniform(-1, 2, n)
    return x, 1.7 * x - 0.6 + rng.normal(0, 0.3, n)


def pair(value):
    """The two numbers of a pair as an array, after a look at what really came."""
    check(isinstance(value, tuple | list) and len(value) == 2, "Return two numbers: one for w, one for b.")
    check(
        all(isinstance(part, float | int | np.number) for part in value),
        "Each of the two must be a plain number.",
    )
    return np.array(value, dtype=float)


@example
def test_worked_example(student):
    """Matches the worked example"""
    x = np.array([0.0, 1.0, 2.0])
    close(pair(student.line_gradient(0.0, 0.0, x, 2 * x)), np.array([-20 / 3, -4.0]))


def test_gradient_is_the_slope_of_the_loss(student, rng):
    """Agrees with the slope measured by small nudges"""
    x, y = points(rng)
    theta = rng.normal(size=2)
    got = pair(student.line_gradient(float(theta[0]), float(theta[1]), x, y))
    gradient(
        lambda p: np.mean((p[0] * x + p[1] - y) ** 2),
        theta,
        got,
        hint="Differentiate the square: the 2 comes down. Then the chain rule: x for w, and 1 for b.",
    )


def test_the_mean_does_not_grow_with_the_data(student, rng):
    """Gives the same slopes when every point is listed a hundred times"""
    x, y = points(rng, 20)
    few = pair(student.line_gradient(0.3, -0.2, x, y))
    many = pair(student.line_gradient(0.3, -0.2, np.tile(x, 100), np.tile(y, 100)))
    close(many, few, hint="A mean does not care how often the whole list is repeated. A sum does.")


def test_one_step_moves_both_together(student, rng):
    """Moves w and b from the same point"""
    x, y = points(rng)
    got = pair(student.fit_line(x, y, rate=0.1, steps=2))
    w = b = 0.0
    for _ in range(2):
        e = w * x + b - y
        w, b = w - 0.2 * np.mean(e * x), b - 0.2 * np.mean(e)
    close(
        got,
        np.array([w, b]),
        hint="Compute both slopes with the old w and the old b. Only then change them.",
    )


def test_no_step(student, rng):
    """Starts at zero"""
    x, y = points(rng)
    close(pair(student.fit_line(x, y, rate=0.1, steps=0)), np.zeros(2))


@cases(n=[10, 1000])
def test_finds_the_best_line(student, rng, n):
    """Arrives at the least-squares line"""
    x, y = points(rng, n)
    got = pair(student.fit_line(x, y, rate=0.2, steps=1500))
    close(
        got,
        np.polyfit(x, y, 1),
        rtol=1e-5,
        hint="After 1500 steps at a rate of 0.2 you should stand at the bottom. "
        "Check that every step uses fresh errors.",
    )


def test_points_far_from_zero(student):
    """Keeps the intercept when all points share a height"""
    x = np.linspace(-1, 1, 21)
    got = pair(student.fit_line(x, np.full(21, 5.0), rate=0.1, steps=200))
    close(got, np.array([0.0, 5.0]), atol=1e-6, hint="A flat cloud at height 5 has slope 0 and intercept 5.")
