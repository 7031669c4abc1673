"""Hidden tests of `nearest-by-cosine`. They run outside the sandbox; `student` is the learner's module."""

import numpy as np
from grader.checks import cases, check, close, example

ROWS = np.array([[3.0, 9.0], [16.0, 4.0], [-4.0, -1.0], [2.0, 1.0]])
QUERY = np.array([8.0, 2.0])


def cosines(query, rows):
    """The reference: one row at a time, zero where a norm is zero."""
    lengths = [np.linalg.norm(query) * np.linalg.norm(row) for row in rows]
    return np.array([row @ query / length if length else 0.0 for row, length in zip(rows, lengths)])


def indices(student, query, rows, k):
    """What `nearest` returned, as a list of whole numbers."""
    got = np.asarray(student.nearest(query, rows, k))
    check(
        got.shape == (k,), f"nearest should return {k} indices in an array of shape ({k},), got {got.shape}."
    )
    check(got.dtype.kind in "iu", f"Indices are whole numbers; yours have dtype {got.dtype}.")
    return got.tolist()


@example
def test_similarities_of_the_example(student):
    """Gives 1 for the same direction and -1 for the opposite one"""
    close(student.cosine_similarities(QUERY, ROWS), cosines(QUERY, ROWS))


@example
def test_nearest_of_the_example(student):
    """Finds the three nearest rows, best first"""
    got = indices(student, QUERY, ROWS, 3)
    check(
        got == [1, 3, 0], f"The cosines are about 0.537, 1, -1 and 0.976, so rows 1, 3, 0; yours are {got}."
    )


@cases(n=[1, 7, 40], d=[2, 50])
def test_similarities_of_random_rows(student, rng, n, d):
    """Agrees with a row by row computation"""
    query, rows = rng.normal(size=d), rng.normal(size=(n, d))
    hint = "Each row has its own norm: one number per row, so the norm runs along axis 1."
    close(student.cosine_similarities(query, rows), cosines(query, rows), rtol=1e-9, hint=hint)


def test_length_does_not_count(student, rng):
    """Making the rows longer changes nothing"""
    query, rows = rng.normal(size=5), rng.normal(size=(6, 5))
    stretched = rows * np.array([1.0, 10.0, 100.0, 0.1, 5.0, 1000.0])[:, None]
    hint = "A cosine sees the direction only. Divide by the norm of each row."
    close(student.cosine_similarities(query, stretched), cosines(query, rows), rtol=1e-9, hint=hint)


def test_a_long_row_does_not_win(student):
    """A long row that points elsewhere is not the nearest"""
    rows = np.array([[100.0, 100.0], [1.0, 0.1]])
    got = indices(student, np.array([1.0, 0.0]), rows, 1)
    check(got == [1], "Row 0 is long but off by 45 degrees. Rank by the cosine, not by the dot product.")


def test_zero_row(student):
    """A row of zeros has similarity 0, not nan"""
    rows = np.array([[0.0, 0.0], [1.0, 1.0]])
    hint = "0 divided by 0 is nan. Replace the norm where it is 0, before you divide."
    close(
        student.cosine_similarities(np.array([1.0, 0.0]), rows),
        cosines(np.array([1.0, 0.0]), rows),
        hint=hint,
    )


def test_zero_query(student):
    """A query of zeros has similarity 0 with everything"""
    hint = "The query's norm can be 0 as well."
    close(student.cosine_similarities(np.zeros(2), ROWS), np.zeros(4), hint=hint)


@cases(k=[1, 5, 20])
def test_nearest_of_random_rows(student, rng, k):
    """Finds the k best among two hundred, in order"""
    query, rows = rng.normal(size=8), rng.normal(size=(200, 8))
    expected = np.argsort(-cosines(query, rows), kind="stable")[:k].tolist()
    got = indices(student, query, rows, k)
    check(got == expected, f"Largest cosine first: expected {expected}, got {got}. argsort sorts upwards.")


def test_ties_go_to_the_smaller_index(student):
    """Of equal rows, the first one comes first"""
    rows = np.tile([[0.0, 1.0], [1.0, 0.0]], (20, 1))
    expected = list(range(1, 40, 2)) + list(range(0, 40, 2))
    got = indices(student, np.array([1.0, 0.0]), rows, 40)
    hint = "Sort the negated similarities with kind='stable'. Reversing a sorted list reverses the ties, too."
    check(got == expected, hint)
