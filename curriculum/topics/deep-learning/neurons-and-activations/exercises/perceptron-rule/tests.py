"""Hidden tests of `perceptron-rule`."""

import numpy as np

from grader.checks import cases, check, close, equal, example

CORNERS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])


def learned(value):
    """The pair (w, b), after a look at what really came."""
    check(isinstance(value, tuple | list) and len(value) == 2, "`train` returns the pair (w, b).")
    return value


def reference(X, y, epochs):
    w, b = np.zeros(X.shape[1]), 0.0
    for _ in range(epochs):
        for x, label in zip(X, y, strict=True):
            error = label - int(w @ x + b > 0)
            w, b = w + error * x, b + float(error)
    return w, b


@example
def test_worked_example(student):
    """Matches the worked example"""
    w, b = learned(student.train(CORNERS, np.array([0, 0, 0, 1]), epochs=1))
    close(w, np.array([1.0, 1.0]))
    close(b, 1.0)


def test_predict_uses_the_bias(student):
    """Adds the bias before it decides"""
    got = student.predict(CORNERS, np.array([1.0, 1.0]), -1.5)
    equal(
        got, np.array([0, 0, 0, 1]), hint="With these weights and this bias only (1, 1) gives a positive sum."
    )


def test_zero_does_not_fire(student):
    """Answers 0 where the sum is exactly zero"""
    got = student.predict(np.array([[2.0, 1.0], [2.0, 1.5]]), np.array([-1.0, 2.0]), 0.0)
    equal(got, np.array([0, 1]), hint="The neuron fires for z > 0. Zero is not greater than zero.")


@cases(epochs=[1, 2, 3, 4])
def test_follows_the_rule(student, epochs):
    """Takes the same walk as the rule"""
    w, b = learned(student.train(CORNERS, np.array([0, 0, 0, 1]), epochs=epochs))
    expected_w, expected_b = reference(CORNERS, [0, 0, 0, 1], epochs)
    hint = "Update after each row, by (y − ŷ) times the row. A right answer changes nothing."
    close(w, expected_w, hint=hint)
    close(b, expected_b, hint="The bias learns too: it changes by (y − ŷ).")


@cases(name=["AND", "OR", "NAND"])
def test_learns_what_a_line_can_do(student, name):
    """Learns what a line can do"""
    labels = {"AND": [0, 0, 0, 1], "OR": [0, 1, 1, 1], "NAND": [1, 1, 1, 0]}[name]
    w, b = learned(student.train(CORNERS, np.array(labels), epochs=50))
    equal(
        student.predict(CORNERS, w, b), np.array(labels), hint="A line can do this. Fifty epochs are plenty."
    )


def test_separates_a_cloud(student, rng):
    """Separates two hundred points in five dimensions"""
    X = rng.normal(size=(400, 5))
    distance = X @ np.array([1.0, -2.0, 0.5, 0.0, 1.0]) + 0.7
    far = np.abs(distance) > 0.8
    X, y = X[far][:200], (distance[far][:200] > 0).astype(int)
    w, b = learned(student.train(X, y, epochs=500))
    equal(
        student.predict(X, w, b), y, hint="A line with a clear margin exists here, so no mistake may remain."
    )


def test_gives_up_on_xor(student):
    """Stops after the epochs it was given, even where no line exists"""
    w, b = learned(student.train(CORNERS, np.array([0, 1, 1, 0]), epochs=10))
    expected_w, expected_b = reference(CORNERS, [0, 1, 1, 0], 10)
    close(
        w, expected_w, hint="XOR never gets through an epoch without a mistake. Count epochs, not successes."
    )
    close(b, expected_b)
