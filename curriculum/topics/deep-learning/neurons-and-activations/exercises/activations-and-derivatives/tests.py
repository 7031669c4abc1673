"""Hidden tests of `activations-and-derivatives`."""

import numpy as np

from grader.checks import cases, close, example, gradient

NAMES = ["sigmoid", "sigmoid_slope", "tanh_slope", "relu", "relu_slope"]


@example
def test_sigmoid_example(student):
    """Matches the worked example of the sigmoid"""
    close(student.sigmoid(np.array([-1000.0, 0.0, 1000.0])), np.array([0.0, 0.5, 1.0]))


@example
def test_relu_slope_example(student):
    """Matches the worked example of the ReLU slope"""
    close(student.relu_slope(np.array([-2, 0, 3])), np.array([0.0, 0.0, 1.0]))


@cases(name=NAMES)
def test_keeps_the_shape(student, rng, name):
    """Works on a three-dimensional array"""
    z = rng.normal(size=(2, 3, 4))
    sigmoid = 1 / (1 + np.exp(-z))
    expected = {
        "sigmoid": sigmoid,
        "sigmoid_slope": sigmoid * (1 - sigmoid),
        "tanh_slope": 1 - np.tanh(z) ** 2,
        "relu": z * (z > 0),
        "relu_slope": (z > 0) * 1.0,
    }[name]
    close(
        getattr(student, name)(z),
        expected,
        hint="The input is z, the sum before the activation. Every entry is treated on its own.",
    )


@cases(name=NAMES)
def test_whole_numbers(student, name):
    """Returns floats for whole numbers"""
    z = np.array([-3, -1, 0, 2])
    sigmoid = 1 / (1 + np.exp(-1.0 * z))
    expected = {
        "sigmoid": sigmoid,
        "sigmoid_slope": sigmoid * (1 - sigmoid),
        "tanh_slope": 1 - np.tanh(z) ** 2,
        "relu": np.array([0.0, 0.0, 0.0, 2.0]),
        "relu_slope": np.array([0.0, 0.0, 0.0, 1.0]),
    }[name]
    close(getattr(student, name)(z), expected, hint="The answer is a float array, whatever came in.")


@cases(name=["sigmoid", "tanh"])
def test_slope_agrees_with_small_nudges(student, rng, name):
    """Gives the slope that small nudges measure"""
    z = rng.normal(size=6)
    function = {"sigmoid": lambda v: np.sum(1 / (1 + np.exp(-v))), "tanh": lambda v: np.sum(np.tanh(v))}[name]
    gradient(
        function,
        z,
        getattr(student, f"{name}_slope")(z),
        hint="The formula with the output in it, σ(1 − σ) or 1 − tanh², needs the output. You are given z.",
    )


def test_extremes(student):
    """Survives the largest inputs"""
    z = np.array([-np.inf, -1e4, -710.0, 710.0, 1e4, np.inf])
    close(
        student.sigmoid(z),
        np.array([0.0, 0.0, 0.0, 1.0, 1.0, 1.0]),
        hint="exp(710) is infinite, and infinity over infinity is nan. Take exp of −|z| only.",
    )
    close(student.sigmoid_slope(z), np.zeros(6), hint="Far from zero the sigmoid is flat: its slope is 0.")
    close(student.tanh_slope(z), np.zeros(6), hint="Far from zero tanh is flat: its slope is 0.")


def test_tiny_probabilities(student):
    """Keeps its digits for very negative inputs"""
    close(
        student.sigmoid(np.array([-40.0, -100.0])),
        np.exp(np.array([-40.0, -100.0])),
        atol=0,
        hint="1 minus a number very close to 1 loses all digits. For negative z use exp(z) / (1 + exp(z)).",
    )


def test_corner_of_relu(student):
    """Calls the corner of ReLU flat"""
    close(
        student.relu_slope(np.array([0.0, -0.0, 1e-300])),
        np.array([0.0, 0.0, 1.0]),
        hint="At exactly 0 the custom is slope 0; just to the right of it the slope is 1.",
    )
