"""Hidden tests of `mse-and-bce`."""

import numpy as np

from grader.checks import cases, close, example, gradient, raises


def bce(z, y):
    return np.mean(np.logaddexp(0, z) - z * y)


@example
def test_mse_example(student):
    """Matches the worked example of the squared error"""
    close(student.mse(np.array([1.0, 4.0]), np.array([0.0, 2.0])), 2.5)


@example
def test_bce_example(student):
    """Matches the worked example of the cross-entropy"""
    close(student.bce(np.array([0.0, 0.0]), np.array([0, 1])), float(np.log(2)))


@cases(n=[1, 7, 200])
def test_losses(student, rng, n):
    """Averages over any number of examples"""
    a, b, y = rng.normal(size=n), rng.normal(size=n), rng.integers(0, 2, n)
    close(student.mse(a, b), float(np.mean((a - b) ** 2)), hint="Square each error, then take the mean.")
    close(
        student.bce(a, y), float(bce(a, y)), hint="The inputs are logits. Average the losses of the examples."
    )


def test_mse_gradient(student, rng):
    """Gives the slope of the mean squared error"""
    a, b = rng.normal(size=(2, 8))
    got = student.mse_gradient(a, b)
    gradient(
        lambda v: np.mean((v - b) ** 2),
        a,
        got,
        hint="Twice the error, divided by n: the mean in the loss divides its slope as well.",
    )


def test_bce_gradient(student, rng):
    """Gives the slope of the mean cross-entropy for the logits"""
    z, y = 2 * rng.normal(size=8), rng.integers(0, 2, 8)
    got = student.bce_gradient(z, y)
    gradient(
        lambda v: bce(v, y),
        z,
        got,
        hint="For logits the slope is (p − y) / n. The p(1 − p) of the sigmoid has cancelled.",
    )


def test_sure_and_wrong(student):
    """Stays finite where the model is sure and wrong"""
    z, y = np.array([10_000.0, -10_000.0, 10_000.0]), np.array([0, 1, 1])
    close(
        student.bce(z, y),
        20_000 / 3,
        hint="The log of a probability that has shrunk to 0 is infinite. Use the formula on the logits.",
    )
    close(
        student.bce_gradient(z, y),
        np.array([1, -1, 0]) / 3,
        hint="Sure and wrong is the strongest pull: ±1/n.",
    )


def test_quiet_when_right(student):
    """Keeps the tiny loss of an answer that is nearly certain and right"""
    close(
        student.bce(np.array([40.0]), np.array([1])),
        float(np.exp(-40)),
        atol=0,
        hint="log(1 + tiny) rounds to log(1) = 0. NumPy has log1p for this.",
    )


@cases(name=["mse", "mse_gradient", "bce", "bce_gradient"])
def test_refuses_other_shapes(student, name):
    """Refuses a column where a row is meant"""
    with raises(student, "ValueError"):
        getattr(student, name)(np.zeros((4, 1)), np.zeros(4))
