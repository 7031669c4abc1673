"""Hidden tests of `two-layer-forward`."""

import numpy as np

from grader.checks import cases, check, close, example

XOR = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])


def both(value):
    """The pair (H, P), after a look at what really came."""
    check(isinstance(value, tuple | list) and len(value) == 2, "Return the pair (H, P).")
    return value


def network(rng, d, h, k):
    return rng.normal(size=(d, h)), rng.normal(size=h), rng.normal(size=(h, k)), rng.normal(size=k)


def reference(X, W1, b1, W2, b2):
    H = np.maximum(X @ W1 + b1, 0)
    return H, 1 / (1 + np.exp(-(H @ W2 + b2)))


@example
def test_worked_example(student):
    """Matches the worked example"""
    H, P = both(
        student.forward(
            np.array([[1.0, 2.0]]),
            np.array([[1.0, 1.0], [0.0, -1.0]]),
            np.array([0.0, 0.0]),
            np.array([[1.0], [1.0]]),
            np.array([-1.0]),
        )
    )
    close(H, np.array([[1.0, 0.0]]))
    close(P, np.array([[0.5]]))


@cases(shape=[(5, 3, 4, 1), (1, 2, 6, 3), (7, 4, 4, 4)])
def test_random_networks(student, rng, shape):
    """Agrees with the formula for networks of several shapes"""
    n, d, h, k = shape
    X, weights = rng.normal(size=(n, d)), network(rng, d, h, k)
    H, P = both(student.forward(X, *weights))
    expected_H, expected_P = reference(X, *weights)
    close(
        H,
        expected_H,
        hint="Hidden responses are relu(X @ W1 + b1): one row per example, one column per neuron.",
    )
    close(P, expected_P, hint="Probabilities are the sigmoid of H @ W2 + b2, with nothing in between.")


def test_rows_do_not_mix(student, rng):
    """Gives a row the same answer alone and in a batch"""
    X, weights = rng.normal(size=(6, 3)), network(rng, 3, 3, 2)
    _, together = both(student.forward(X, *weights))
    _, alone = both(student.forward(X[2:3], *weights))
    check(np.shape(together) == (6, 2), "Six examples and two outputs make P of shape (6, 2).")
    close(alone, together[2:3], hint="An example's answer must not depend on who else is in the batch.")


def test_each_neuron_has_its_own_bias(student):
    """Adds one bias per neuron, not one per example"""
    H, _ = both(
        student.forward(np.zeros((3, 3)), np.eye(3), np.array([1.0, 2.0, -3.0]), np.ones((3, 1)), np.zeros(1))
    )
    close(
        H,
        np.tile([1.0, 2.0, 0.0], (3, 1)),
        hint="With all inputs zero each row of H shows the biases, bent by ReLU.",
    )


def test_solves_xor(student):
    """Runs the XOR network of the lesson"""
    _, P = both(
        student.forward(
            XOR,
            np.ones((2, 2)),
            np.array([0.0, -1.0]),
            np.array([[10.0], [-20.0]]),
            np.array([-5.0]),
        )
    )
    low, high = 1 / (1 + np.exp(5)), 1 / (1 + np.exp(-5))
    close(
        P,
        np.array([[low], [high], [high], [low]]),
        hint="Without the bend in the hidden layer no weights can produce this pattern.",
    )


def test_huge_sums(student):
    """Stays finite for huge sums"""
    _, P = both(
        student.forward(
            np.array([[1.0]]), np.array([[1e4]]), np.zeros(1), np.array([[1.0, -1.0]]), np.zeros(2)
        )
    )
    close(
        P, np.array([[1.0, 0.0]]), hint="The sums are 10,000 and −10,000. Use a sigmoid that cannot overflow."
    )
