import numpy as np

from grader.checks import cases, close, example, raises


@example
def test_example(student):
    """Centres two rows"""
    close(student.centre(np.array([[1.0, 3.0], [2.0, 6.0]])), np.array([[-1.0, 1.0], [-2.0, 2.0]]))


@cases(rows=[1, 5], columns=[3, 20])
def test_random(student, rng, rows, columns):
    """Centres random rows"""
    x = rng.normal(size=(rows, columns))
    close(student.centre(x), x - x.mean(axis=1, keepdims=True))


def test_refuses_vectors(student):
    """Refuses a vector"""
    with raises(student, "ValueError"):
        student.centre(np.zeros(3))
