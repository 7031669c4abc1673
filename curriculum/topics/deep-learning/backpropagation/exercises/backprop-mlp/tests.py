"""Hidden tests of `backprop-mlp`."""

import numpy as np

from grader.checks import cases, check, close, example, gradient

NAMES = ("W1", "b1", "W2", "b2")


def both(value):
    """The pair (loss, gradients), after a look at what really came."""
    check(isinstance(value, tuple | list) and len(value) == 2, "Return the pair (loss, gradients).")
    check(
        isinstance(value[1], dict) and set(value[1]) == set(NAMES),
        "The gradients are a dictionary with the names W1, b1, W2 and b2.",
    )
    return value


def loss(params, X, y):
    H = np.tanh(X @ params["W1"] + params["b1"])
    Z = H @ params["W2"] + params["b2"]
    m = Z.max(axis=1, keepdims=True)
    total = m[:, 0] + np.log(np.exp(Z - m).sum(axis=1))
    return float(np.mean(total - Z[np.arange(len(y)), y]))


def problem(rng, n, d, h, k):
    shapes = {"W1": (d, h), "b1": (h,), "W2": (h, k), "b2": (k,)}
    params = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    return params, rng.normal(size=(n, d)), rng.integers(0, k, n)


def agree(student, name, params, X, y, hint):
    """Compares one gradient with the slopes that nudges of that parameter measure."""
    _, gradients = both(student.loss_and_gradients(params, X, y))
    gradient(lambda value: loss(params | {name: value}, X, y), params[name], gradients[name], hint=hint)


@example
def test_worked_example(student):
    """Matches the worked example"""
    params = {"W1": np.zeros((2, 3)), "b1": np.zeros(3), "W2": np.zeros((3, 2)), "b2": np.zeros(2)}
    got, gradients = both(student.loss_and_gradients(params, np.array([[1.0, 2.0]]), np.array([1])))
    close(got, float(np.log(2)))
    close(gradients["b2"], np.array([0.5, -0.5]))


@cases(sizes=[(1, 2, 3, 2), (5, 3, 4, 6)])
def test_loss(student, rng, sizes):
    """Computes the mean loss"""
    params, X, y = problem(rng, *sizes)
    got, _ = both(student.loss_and_gradients(params, X, y))
    close(
        got,
        loss(params, X, y),
        hint="tanh in the hidden layer, nothing on the logits, then the cross-entropy.",
    )


def test_slopes_of_the_output_layer(student, rng):
    """Gives the slopes of W2 and b2 that nudges measure"""
    params, X, y = problem(rng, 5, 3, 4, 6)
    agree(student, "W2", params, X, y, "The slope of W2 is H.T @ dZ, with dZ = (p − y) / n.")
    agree(
        student,
        "b2",
        params,
        X,
        y,
        "The slope of b2 is the sum of the rows of dZ. The division by n is in dZ already.",
    )


def test_slopes_of_the_hidden_layer(student, rng):
    """Gives the slopes of W1 and b1 that nudges measure"""
    params, X, y = problem(rng, 5, 3, 4, 6)
    agree(
        student,
        "W1",
        params,
        X,
        y,
        "On the way back through tanh multiply by its slope, 1 − H². H is its output.",
    )
    agree(student, "b1", params, X, y, "The slope of b1 is the sum of the rows of dZ1.")


def test_square_layers(student, rng):
    """Gives the right slopes where a missing transpose would fit by accident"""
    params, X, y = problem(rng, 3, 3, 3, 3)
    for name in NAMES:
        agree(
            student,
            name,
            params,
            X,
            y,
            f"All layers are square here, so `W2` and `W2.T` both fit, and the slope of {name} tells "
            "which one you used.",
        )


def test_listing_twice_changes_nothing(student, rng):
    """Changes nothing when every example is listed twice"""
    params, X, y = problem(rng, 4, 3, 5, 2)
    _, once = both(student.loss_and_gradients(params, X, y))
    _, twice = both(student.loss_and_gradients(params, np.tile(X, (2, 1)), np.tile(y, 2)))
    for name in NAMES:
        close(
            twice[name], once[name], hint="Loss and slopes are means over the batch. Divide by n once, in dZ."
        )


def test_huge_logits(student):
    """Stays finite for logits of a thousand"""
    params = {
        "W1": np.array([[50.0]]),
        "b1": np.zeros(1),
        "W2": np.array([[1000.0, -1000.0]]),
        "b2": np.zeros(2),
    }
    got, gradients = both(student.loss_and_gradients(params, np.array([[1.0]]), np.array([1])))
    close(got, 2000.0, hint="The probability of the truth has shrunk to 0. Compute the loss from the logits.")
    close(
        gradients["b2"], np.array([1.0, -1.0]), hint="Sure and wrong gives the strongest slope at the logits."
    )


def test_learns(student, rng):
    """Learns XOR when its slopes are followed"""
    X, y = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), np.array([0, 1, 1, 0])
    params, _, _ = problem(rng, 4, 2, 8, 2)
    for _ in range(300):
        _, gradients = both(student.loss_and_gradients(params, X, y))
        for name in NAMES:
            close(np.shape(gradients[name]), params[name].shape, hint=f"The slope of {name} has its shape.")
            params[name] = params[name] - 0.5 * np.asarray(gradients[name])
    check(
        loss(params, X, y) < 0.3,
        "After 300 steps against your slopes the loss on XOR should be far below log 2.",
    )
