"""Hidden evaluation of `handwritten-digits`: a thousand digits nobody trained on, and the curves."""

import numpy as np

from grader.checks import (
    at_least,
    at_most,
    cases,
    check,
    close,
    equal,
    example,
    lesson,
    metric,
)
from grader.checks.curves import falls, no_nan

TRUTH = np.array([0, 0, 0, 1, 1, 2, 2, 2, 2])
GUESS = np.array([0, 0, 1, 1, 2, 2, 2, 0, 2])


def counted(truth, predicted, classes):
    """The confusion matrix, counted one by one."""
    matrix = np.zeros((classes, classes), dtype=np.int64)
    for right, said in zip(truth, predicted, strict=True):
        matrix[right, said] += 1
    return matrix


def predicted(student, images):
    """What the trained network says, after a look at what really came."""
    got = student.predict(images)
    check(
        isinstance(got, np.ndarray) and got.shape == (len(images),) and got.dtype.kind in "iu",
        "`predict` must return one whole number for each image, as an array of shape (n,).",
    )
    return got


def accuracy(student, split):
    """The share of a split that the trained network gets right."""
    return float(np.mean(predicted(student, split["images"]) == split["labels"]))


def test_accuracy_on_hidden_digits(student, data):
    """Reads a thousand hidden digits"""
    hidden, public = data["digits"].hidden, data["digits"].public
    metric("accuracy", accuracy(student, hidden))
    valid = {name: public[f"valid_{name}"] for name in ("images", "labels")}
    metric("accuracy/public", accuracy(student, valid))
    metric("worst_recall", worst_recall(student, hidden))


def worst_recall(student, split):
    """The recall of the digit that is recognised worst."""
    matrix = counted(split["labels"], predicted(student, split["images"]), 10)
    return float((np.diag(matrix) / matrix.sum(1)).min())


@lesson("regularization")
def test_one_at_a_time(student, data):
    """Says the same of a digit alone as of a digit among others"""
    images = data["digits"].hidden["images"][:60]
    together = predicted(student, images)
    alone = np.concatenate([predicted(student, images[row : row + 1]) for row in range(60)])
    equal(
        alone,
        together,
        hint="A digit's answer depends on the digits beside it. Is the model in evaluation mode when it predicts?",
    )


@example
def test_confusion_matrix(student):
    """Counts what was taken for what"""
    equal(
        student.confusion_matrix(TRUTH, GUESS, 3),
        np.array([[2, 1, 0], [0, 1, 1], [1, 0, 3]]),
        hint="Row: the true class. Column: the predicted one. Whole numbers.",
    )


@cases(classes=[2, 5, 10])
def test_confusion_matrix_of_many(student, rng, classes):
    """Counts any number of classes"""
    truth, guess = rng.integers(classes, size=(2, 300))
    equal(
        student.confusion_matrix(truth, guess, classes),
        counted(truth, guess, classes),
        hint="Row: the true class. Column: the predicted one.",
    )


@example
def test_precision_recall(student):
    """Computes the precision and the recall of each class"""
    precision, recall = both(student, np.array([[2, 1, 0], [0, 1, 1], [1, 0, 3]]))
    close(
        precision, np.array([2 / 3, 1 / 2, 3 / 4]), hint="Precision: of all that were called so (a column)."
    )
    close(recall, np.array([2 / 3, 1 / 2, 3 / 4]), hint="Recall: of all that are so (a row).")


def test_precision_is_not_recall(student):
    """Keeps precision and recall apart"""
    precision, recall = both(student, np.array([[90, 10], [0, 5]]))
    close(precision, np.array([1.0, 1 / 3]), hint="Precision divides by the sum of a column.")
    close(recall, np.array([0.9, 1.0]), hint="Recall divides by the sum of a row.")


def test_handles_absent_class(student):
    """Gives 0 for a class that was never predicted, or never there"""
    precision, recall = both(student, np.array([[4, 0, 1], [2, 0, 0], [0, 0, 0]]))
    close(precision, np.array([4 / 6, 0.0, 0.0]), hint="Never predicted: say 0, and divide by nothing.")
    close(recall, np.array([4 / 5, 0.0, 0.0]), hint="Never there: say 0, and divide by nothing.")


def both(student, matrix):
    """What ``precision_recall`` returns, two arrays."""
    got = student.precision_recall(matrix)
    check(
        isinstance(got, list | tuple) and len(got) == 2,
        "`precision_recall` returns two arrays: the precisions, then the recalls.",
    )
    return got


def test_baseline_shapes(student, data):
    """Has a perceptron as its baseline, which gives ten scores for each digit"""
    images = data["digits"].public["train_images"][:7]
    got = student.scores(student.baseline(), images)
    check(isinstance(got, np.ndarray), "`scores` returns an array.")
    close(np.shape(got), (7, 10), hint="Ten scores for each of seven images.")
    check(bool(np.isfinite(got).all()), "The scores must be finite numbers.")


@lesson("pytorch-training-loop")
def test_baseline_trains(student, data):
    """Teaches the baseline one batch by heart"""
    by_heart(student, student.baseline(), data)


@lesson("pytorch-training-loop")
def test_network_overfits_one_batch(student, data):
    """Teaches the network one batch by heart"""
    by_heart(student, student.network(), data)


def by_heart(student, model, data, steps=60):
    """A network that cannot learn 32 digits by heart has a mistake in its training step."""
    images = data["digits"].public["train_images"][:32]
    labels = data["digits"].public["train_labels"][:32]
    losses = student.fit(model, images, labels, steps=steps)
    check(
        isinstance(losses, list) and len(losses) == steps and all(np.isfinite(losses)),
        "`fit` returns the loss before each step, as a list of finite numbers.",
    )
    at_least(losses[0], 1.5, "An untrained network should be about as unsure as a die with ten sides: 2.3.")
    at_most(
        losses[-1] / losses[0],
        0.3,
        "After 60 steps on the same 32 digits the loss has hardly fallen. Look at the order of the four lines of a "
        "step: loss, zero_grad, backward, step.",
    )
    found = student.scores(model, images)
    at_least(
        float(np.mean(np.argmax(found, 1) == labels)),
        0.9,
        "The network does not recognise the very digits it has just learned. Does `scores` leave dropout on, or "
        "prepare its images differently from `fit`?",
    )


@lesson("pytorch-training-loop")
def test_loss_falls(curves):
    """The training loss falls, and stays a number"""
    no_nan(curves["loss"])
    falls(curves["loss"], 0.4)


@lesson("overfitting-and-bias-variance")
def test_generalises(curves):
    """What holds for the training digits holds for those it was not trained on"""
    gap = curves["accuracy"].end() - curves["valid/accuracy"].end()
    metric("gap", gap)
    at_most(
        gap,
        0.04,
        "It is much better on the digits it was trained on. Augmentation, dropout and fewer steps help.",
    )
