"""Hidden tests of `stable-softmax`."""

import numpy as np

from grader.checks import cases, check, close, example


def reference(z, axis=-1):
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


@example
def test_worked_example(student):
    """Matches the worked example"""
    close(student.softmax(np.array([1.0, 2.0, 3.0])), np.array([0.09003057, 0.24472847, 0.66524096]))


@example
def test_sums_to_one(student):
    """Sums to one along the last axis"""
    got = student.softmax(np.array([[2.0, 1.0, 0.1], [0.0, 0.0, 0.0]]))
    close(
        got,
        np.array([[0.65900114, 0.24243297, 0.09856589], [1 / 3, 1 / 3, 1 / 3]]),
        hint="Each row is a distribution of its own, so each row has a total of its own.",
    )


def test_keeps_shape_and_dtype(student, rng):
    """Keeps shape and dtype"""
    z = rng.normal(size=(5, 3)).astype(np.float32)
    got = student.softmax(z)
    close(got, reference(z), rtol=1e-5)
    check(
        str(got.dtype) == "float32", f"Logits of dtype float32 came back as {got.dtype}. Do not convert them."
    )


def test_a_constant_changes_nothing(student, rng):
    """Adding a constant changes nothing"""
    z = rng.normal(size=(4, 6))
    close(
        student.softmax(z + 700.0),
        reference(z),
        hint="exp(710) is infinite. Subtract the largest logit before you exponentiate.",
    )
    close(
        student.softmax(z - 800.0), reference(z), hint="Here every plain exponential is 0, and 0 / 0 is nan."
    )


def test_rows_of_very_different_scale(student):
    """Rows of very different scale"""
    z = np.array([[0.0, 1.0, 2.0], [1000.0, 1001.0, 1002.0]])
    close(
        student.softmax(z),
        np.tile([0.09003057, 0.24472847, 0.66524096], (2, 1)),
        hint="Rows must not influence each other. One maximum for the whole array is too few.",
    )


@cases(axis=[0, 1, 2, -2])
def test_any_axis(student, rng, axis):
    """Any axis of a three-dimensional batch"""
    z = 5 * rng.normal(size=(2, 3, 4))
    close(
        student.softmax(z, axis=axis),
        reference(z, axis),
        hint="Both the maximum and the total run along `axis`. "
        "`keepdims=True` keeps their shapes compatible.",
    )


def test_square_arrays(student, rng):
    """Keeps rows and columns apart in a square array"""
    z = 4 * rng.normal(size=(3, 3))
    close(
        student.softmax(z, axis=1),
        reference(z, 1),
        hint="In a square array a maximum of shape (3,) broadcasts along the wrong axis without a word.",
    )


def test_masked_logits(student):
    """Masked logits get probability zero"""
    z = np.array([[0.0, -np.inf, 0.0], [-np.inf, -np.inf, -5.0]])
    close(
        student.softmax(z),
        np.array([[0.5, 0.0, 0.5], [0.0, 0.0, 1.0]]),
        hint="exp(−∞) is exactly 0. Leave these logits alone and they work out by themselves.",
    )
