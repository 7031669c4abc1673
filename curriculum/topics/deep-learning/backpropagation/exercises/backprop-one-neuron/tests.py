"""Hidden tests of `backprop-one-neuron`."""

import numpy as np

from grader.checks import cases, check, close, example, gradient


def triple(value):
    """The answer (loss, dw, db), after a look at what really came."""
    check(isinstance(value, tuple | list) and len(value) == 3, "Return the triple (loss, dw, db).")
    return value


def loss(X, y, w, b):
    z = X @ w + b
    return float(np.mean(np.logaddexp(0, z) - z * y))


def problem(rng, n, d):
    return rng.normal(size=(n, d)), rng.integers(0, 2, n), rng.normal(size=d), float(rng.normal())


@example
def test_worked_example(student):
    """Matches the worked example"""
    X, y = np.array([[1.0, 2.0], [3.0, -1.0]]), np.array([1, 0])
    got, dw, db = triple(student.neuron_gradients(X, y, np.zeros(2), 0.0))
    close(got, float(np.log(2)))
    close(dw, np.array([0.5, -0.75]))
    close(db, 0.0)


@cases(shape=[(1, 3), (10, 2), (6, 6)])
def test_loss(student, rng, shape):
    """Computes the mean loss of batches of several shapes"""
    X, y, w, b = problem(rng, *shape)
    got, _, _ = triple(student.neuron_gradients(X, y, w, b))
    close(
        got, loss(X, y, w, b), hint="The loss of an example is minus the log of the probability of its label."
    )


@cases(shape=[(1, 3), (10, 2), (6, 6)])
def test_slopes_of_the_weights(student, rng, shape):
    """Gives the slopes of the weights that small nudges measure"""
    X, y, w, b = problem(rng, *shape)
    _, dw, _ = triple(student.neuron_gradients(X, y, w, b))
    gradient(
        lambda v: loss(X, y, v, b),
        w,
        dw,
        hint="Each weight adds up input times slope at z, over the examples: X.T @ dz with dz = (p − y) / n.",
    )


@cases(shape=[(1, 3), (10, 2)])
def test_slope_of_the_bias(student, rng, shape):
    """Gives the slope of the bias that small nudges measure"""
    X, y, w, b = problem(rng, *shape)
    _, _, db = triple(student.neuron_gradients(X, y, w, b))
    gradient(
        lambda v: loss(X, y, w, v),
        b,
        db,
        hint="The bias is added to every example, so its slope is the sum of all slopes at z.",
    )


def test_listing_twice_changes_nothing(student, rng):
    """Changes nothing when every example is listed twice"""
    X, y, w, b = problem(rng, 7, 3)
    _, once, bias_once = triple(student.neuron_gradients(X, y, w, b))
    _, twice, bias_twice = triple(student.neuron_gradients(np.tile(X, (2, 1)), np.tile(y, 2), w, b))
    hint = "The loss is a mean, and so are its slopes. Divide by the number of examples, once."
    close(twice, once, hint=hint)
    close(bias_twice, bias_once, hint=hint)


def test_sure_and_wrong(student):
    """Stays finite, and still learns, where it is sure and wrong"""
    X, y = np.array([[1.0], [-1.0]]), np.array([0, 1])
    got, dw, db = triple(student.neuron_gradients(X, y, np.array([10_000.0]), 0.0))
    close(
        got, 10_000.0, hint="The log of a probability that shrank to 0 is infinite. Compute the loss from z."
    )
    close(dw, np.array([1.0]), hint="Sure and wrong must give the strongest slope, not a vanishing one.")
    close(db, 0.0)


def test_a_step_downhill(student, rng):
    """Lowers the loss by a small step against the slopes"""
    X, y, w, b = problem(rng, 30, 4)
    before, dw, db = triple(student.neuron_gradients(X, y, w, b))
    close(before, loss(X, y, w, b), hint="The first of the three is the loss.")
    after = loss(X, y, w - 0.05 * np.asarray(dw), b - 0.05 * db)
    check(after < loss(X, y, w, b), "A small step against the slopes must lower the loss. Check their sign.")
