"""Hidden evaluation of `network-from-scratch`: data the learner never sees, and a look at the slopes."""

import time

import numpy as np

from grader.checks import at_most, check, close, equal, example, gradient, metric

CORNERS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
XOR = np.array([0, 1, 1, 0])


def make_arcs(rng, n, angle):
    """The data of the project's `data.py`, turned by an angle."""
    y = rng.integers(0, 2, n)
    t = rng.uniform(0, np.pi, n)
    across = np.where(y == 0, np.cos(t), 1 - np.cos(t)) - 0.5
    along = np.where(y == 0, np.sin(t), 0.7 - np.sin(t)) - 0.35
    points = np.column_stack([across, along]) + rng.normal(0, 0.12, (n, 2))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return points @ turn.T * [1.0, 20.0] + [0.0, 50.0], y


def line_accuracy(X, y, X_new, y_new):
    """What the best straight line in the least-squares sense achieves on the same data."""
    weights = np.linalg.lstsq(np.column_stack([X, np.ones(len(X))]), 2 * y - 1, rcond=None)[0]
    return float(np.mean((np.column_stack([X_new, np.ones(len(X_new))]) @ weights > 0) == y_new))


def entropy(p, y):
    """The mean cross-entropy of probabilities that are neither 0 nor 1."""
    return float(-np.mean(np.where(y == 1, np.log(p), np.log(1 - p))))


def parameters(network):
    """The network's ``params``, after a look at what really came."""
    params = network.params
    check(
        isinstance(params, dict)
        and len(params) > 0
        and all(isinstance(v, np.ndarray) for v in params.values()),
        "`params` must be a dictionary of NumPy arrays that holds everything the network learns.",
    )
    return params


def trained(student, X, y, seed):
    """A network that the learner's ``train`` built."""
    network = student.train(X, y, seed=seed)
    check(network is not None, "`train` must return the network that it has trained.")
    return network


def small_problem(rng):
    return rng.normal(size=(12, 2)), np.array([0, 1] * 6)


def test_accuracy_on_hidden_data(student, rng):
    """Classifies three thousand hidden points, after training on three hundred, three times"""
    accuracies, lines = [], []
    for round_ in range(3):
        angle = rng.uniform(0, 2 * np.pi)
        X, y = make_arcs(rng, 300, angle)
        X_new, y_new = make_arcs(rng, 1000, angle)
        got = trained(student, X, y, round_).predict(X_new)
        close(np.shape(got), (1000,), hint="`predict` gives one class for each row.")
        accuracies.append(float(np.mean(np.asarray(got) == y_new)))
        lines.append(line_accuracy(X, y, X_new, y_new))
    metric("test_accuracy", np.mean(accuracies))
    metric("line_accuracy", np.mean(lines))


@example
def test_learns_xor(student):
    """Learns XOR, from three different seeds"""
    for seed in (0, 1, 2):
        equal(
            trained(student, CORNERS, XOR, seed).predict(CORNERS),
            XOR,
            hint=f"With seed {seed} XOR is not learned. A single line cannot do it; a hidden layer with "
            f"a bend can.",
        )


def test_loss_is_the_mean_cross_entropy(student, rng):
    """Has the mean cross-entropy as its loss"""
    X, y = small_problem(rng)
    network = student.Network(2, 4, seed=3)
    p = network.predict_proba(X)
    close(np.shape(p), (12,), hint="`predict_proba` gives one probability for each row.")
    check(bool(np.all((p > 0) & (p < 1))), "An untrained network should give probabilities between 0 and 1.")
    close(
        network.loss(X, y),
        entropy(p, y),
        hint="Average minus the log of the probability that `predict_proba` gives to each label.",
    )


def test_gradients_agree_with_nudges(student, rng):
    """Computes slopes that agree with small nudges of every parameter"""
    X, y = small_problem(rng)
    network = student.Network(2, 3, seed=5)
    params = parameters(network)
    slopes = network.gradients(X, y)
    check(
        isinstance(slopes, dict) and set(slopes) == set(params),
        "`gradients` returns one array for each name in `params`, and nothing else.",
    )

    def loss_with(name, value):
        network.params = params | {name: value}
        return network.loss(X, y)

    for name, value in params.items():
        check(
            loss_with(name, value + 0.1) != loss_with(name, value),
            f"Changing `{name}` in `params` changes nothing. The network must read its numbers from "
            f"`params`.",
        )
        gradient(
            lambda nudged, name=name: loss_with(name, nudged),
            value,
            slopes[name],
            hint=f"The slope of `{name}` disagrees with nudges. "
            f"What lies to the right of it may be wrong as well.",
        )


def test_gradients_come_from_one_pass_back(student, rng):
    """Computes the slopes of four thousand parameters in one pass"""
    X, y = rng.normal(size=(1000, 20)), rng.integers(0, 2, 1000)
    network = student.Network(20, 200, seed=0)
    network.gradients(X[:10], y[:10])
    began = time.monotonic()
    slopes = network.gradients(X, y)
    seconds = time.monotonic() - began
    count = sum(np.size(slope) for slope in slopes.values()) if isinstance(slopes, dict) else 0
    check(
        count == sum(value.size for value in parameters(network).values()),
        "`gradients` must return a slope for every number in `params`.",
    )
    at_most(
        seconds,
        2.0,
        "This took longer than 2 seconds. Nudging every parameter runs the network thousands of times. "
        "Backpropagation needs one pass forward and one back.",
    )


def test_training_lowers_the_loss(student, rng):
    """Lowers its loss in training, and tells how"""
    X = rng.normal(size=(60, 2))
    y = (X @ [1.0, -1.0] > 0).astype(int)
    network = student.Network(2, 8, seed=1)
    before = network.loss(X, y)
    losses = network.fit(X, y, rate=0.1, steps=1000)
    check(
        isinstance(losses, list) and len(losses) == 1000, "`fit` returns a list with one loss for each step."
    )
    close(losses[0], before, hint="The first number is the loss before the first step.")
    at_most(
        network.loss(X, y) / before,
        0.8,
        "A line separates these points. After 1000 steps the loss should be clearly lower than at the start. "
        "Check the sign of the step.",
    )


def test_same_seed_same_network(student, rng):
    """Gives the same network for the same seed, and another for another"""
    X, _ = small_problem(rng)
    first, again, other = (student.Network(2, 5, seed=seed).predict_proba(X) for seed in (7, 7, 8))
    check(isinstance(first, np.ndarray), "`predict_proba` returns an array.")
    close(again, first, hint="Draw the weights from np.random.default_rng(seed).")
    check(
        not np.allclose(np.asarray(other), np.asarray(first)),
        "Two seeds give the same network. Use the seed that is passed in.",
    )


def test_predictions_follow_the_probabilities(student, rng):
    """Predicts 1 exactly where the probability is above one half"""
    X, _ = small_problem(rng)
    network = student.Network(2, 6, seed=2)
    p = network.predict_proba(X)
    check(isinstance(p, np.ndarray), "`predict_proba` returns an array.")
    equal(
        network.predict(X), (p > 0.5).astype(int), hint="Whole numbers: 1 where the probability is above 0.5."
    )


def test_decision_grid(student, rng):
    """Draws the decision boundary: probabilities on a grid"""
    X, y = make_arcs(rng, 100, 0.0)
    network = trained(student, X, y, 0)
    xs, ys = np.linspace(-2, 2, 7), np.linspace(20, 80, 5)
    expected = np.array([network.predict_proba(np.array([[x, height] for x in xs])) for height in ys])
    close(
        student.decision_grid(network, xs, ys),
        expected,
        hint="Row i belongs to ys[i] and column j to xs[j], so the shape is (len(ys), len(xs)).",
    )
