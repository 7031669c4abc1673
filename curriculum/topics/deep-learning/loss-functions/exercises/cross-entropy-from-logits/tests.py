"""Hidden tests of `cross-entropy-from-logits`."""

import numpy as np

from grader.checks import cases, close, example, gradient


def loss(logits, labels):
    m = logits.max(axis=1, keepdims=True)
    total = m[:, 0] + np.log(np.exp(logits - m).sum(axis=1))
    return float(np.mean(total - logits[np.arange(len(labels)), labels]))


def batch(rng, n, classes):
    return 2 * rng.normal(size=(n, classes)), rng.integers(0, classes, n)


@example
def test_loss_example(student):
    """Matches the worked example of the loss"""
    close(student.cross_entropy(np.array([[3.0, 1.0, 0.0]]), np.array([0])), 0.16984601955628567)


@example
def test_gradient_example(student):
    """Matches the worked example of the gradient"""
    close(
        student.cross_entropy_gradient(np.array([[3.0, 1.0, 0.0]]), np.array([0])),
        np.array([[-0.15620526, 0.1141952, 0.04201007]]),
    )


@cases(n=[1, 5, 64])
def test_mean_over_the_batch(student, rng, n):
    """Averages over batches of several sizes"""
    logits, labels = batch(rng, n, 10)
    close(
        student.cross_entropy(logits, labels),
        loss(logits, labels),
        hint="Row i needs the logit of its own label: logits[np.arange(n), labels]. Then take the mean.",
    )


@cases(classes=[2, 3, 10])
def test_knowing_nothing(student, classes):
    """Costs log K when all logits are equal"""
    close(
        student.cross_entropy(np.full((4, classes), 7.0), np.array([0, 1, 0, 1])),
        float(np.log(classes)),
        hint="Equal logits mean equal probabilities, 1/K each, and a loss of log K.",
    )


@cases(shape=[(1, 3), (4, 5)])
def test_gradient_agrees_with_small_nudges(student, rng, shape):
    """Gives the gradient that small nudges measure"""
    logits, labels = batch(rng, *shape)
    gradient(
        lambda z: loss(z, labels),
        logits,
        student.cross_entropy_gradient(logits, labels),
        hint="The gradient is (p − y) / n: subtract 1 at the true class, and divide by the number of "
        "examples.",
    )


def test_sure_and_wrong(student):
    """Stays finite where the model is sure and wrong"""
    logits, labels = np.array([[0.0, 800.0], [0.0, -2000.0]]), np.array([0, 1])
    close(
        student.cross_entropy(logits, labels),
        1400.0,
        hint="The probability of the truth has shrunk to 0, but the loss is finite. "
        "Do not take the log of a softmax.",
    )
    close(
        student.cross_entropy_gradient(logits, labels),
        np.array([[-0.5, 0.5], [0.5, -0.5]]),
        hint="Sure and wrong gives the strongest pull.",
    )


def test_large_logits(student):
    """Survives logits of a thousand"""
    logits, labels = np.array([[1002.0, 1001.0, 1000.0], [2.0, 1.0, 0.0]]), np.array([0, 0])
    close(
        student.cross_entropy(logits, labels),
        0.4076059644443804,
        hint="Subtract each row's own maximum first.",
    )


def test_masked_classes(student):
    """Allows classes that are ruled out"""
    logits, labels = np.array([[0.0, -np.inf, 0.0]]), np.array([2])
    close(student.cross_entropy(logits, labels), float(np.log(2)), hint="exp(−∞) is 0, and adds nothing.")
    close(
        student.cross_entropy_gradient(logits, labels),
        np.array([[0.5, 0.0, -0.5]]),
        hint="A class that is ruled out has probability 0 and gradient 0.",
    )
