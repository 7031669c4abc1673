"""Hidden tests of `descent-with-momentum`."""

import numpy as np

from grader.checks import at_most, cases, close, equal, example

CURVATURES = np.array([1.0, 20.0])


def valley(p):
    """Gradient of (x² + 20 y²) / 2."""
    return CURVATURES * p


def reference(start, rate, momentum, steps):
    position, velocity = np.array(start, dtype=float), np.zeros(len(start))
    path = [position]
    for _ in range(steps):
        velocity = momentum * velocity - rate * valley(position)
        position = position + velocity
        path.append(position)
    return np.array(path)


@example
def test_worked_example(student):
    """Matches the worked example"""
    got = student.descend_with_momentum(
        lambda p: np.ones(1), np.array([0.0]), rate=1.0, momentum=0.5, steps=3
    )
    close(got, np.array([[0.0], [-1.0], [-2.5], [-4.25]]))


@cases(momentum=[0.3, 0.7, 0.9])
def test_follows_the_rule(student, rng, momentum):
    """Follows the rule in a narrow valley"""
    start = rng.normal(size=2)
    got = student.descend_with_momentum(valley, start, rate=0.03, momentum=momentum, steps=15)
    close(
        got,
        reference(start, 0.03, momentum, 15),
        hint="The velocity keeps momentum times itself and loses the full rate times the gradient.",
    )


def test_no_momentum_is_plain_descent(student):
    """Becomes plain descent without momentum"""
    got = student.descend_with_momentum(valley, np.array([4.0, 1.0]), rate=0.05, momentum=0.0, steps=2)
    close(
        got,
        np.array([[4.0, 1.0], [3.8, 0.0], [3.61, 0.0]]),
        atol=1e-12,
        hint="With momentum 0 the velocity is just minus the rate times the gradient.",
    )


def test_first_step_is_a_plain_step(student):
    """Starts at rest"""
    got = student.descend_with_momentum(valley, np.array([-10.0, 1.0]), rate=0.01, momentum=0.9, steps=1)
    close(
        got,
        np.array([[-10.0, 1.0], [-9.9, 0.8]]),
        hint="The velocity is zero at first, so momentum has nothing to keep.",
    )


def test_gradient_at_the_current_position(student):
    """Asks for the gradient once a step, at the current position"""
    asked = []

    def watched(p):
        asked.append(np.array(p))
        return valley(p)

    path = student.descend_with_momentum(watched, np.array([2.0, -1.0]), rate=0.02, momentum=0.8, steps=6)
    equal(len(asked), 6, hint="One call of the gradient per step.")
    close(
        path,
        reference([2.0, -1.0], 0.02, 0.8, 6),
        hint="The velocity loses the rate times the gradient at the current position.",
    )
    close(np.array(asked), path[:-1], hint="The gradient belongs to the position before the step.")


def test_beats_plain_descent_in_the_valley(student):
    """Gets closer than plain descent can in the same number of steps"""
    path = student.descend_with_momentum(valley, np.array([-10.0, 1.0]), rate=0.046, momentum=0.7, steps=25)
    equal(np.shape(path), (26, 2), hint="25 steps make 26 positions of two numbers.")
    at_most(
        float(np.linalg.norm(path[-1])),
        0.2,
        "Momentum should end within 0.2 of the minimum here. Plain descent ends 0.9 away.",
    )


def test_whole_number_start(student):
    """Starts from whole numbers without losing the fractions"""
    first = student.descend_with_momentum(valley, np.array([3, 1]), rate=0.02, momentum=0.5, steps=3)
    close(first, reference([3, 1], 0.02, 0.5, 3), hint="Row 0 is the start. Positions are floats.")
