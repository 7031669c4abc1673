import random

from grader.checks import cases, close, equal, example

SECRET = 7919


def mix(a, b):
    return a * a + SECRET % 97 * b


@example
def test_example(student):
    """Mixes 2 and 3"""
    equal(student.mix(2, 3), mix(2, 3))


@cases(n=[1, 2, 3])
def test_random(student, rng, n):
    """Mixes random numbers"""
    for _ in range(20):
        a, b = (int(number) for number in rng.integers(-(10**6), 10**6, 2))
        equal(student.mix(a, b), mix(a, b))


def test_fractions(student, rng):
    """Mixes fractions"""
    a, b = rng.normal(size=2).tolist()
    close(student.mix(a, b), mix(a, b))
