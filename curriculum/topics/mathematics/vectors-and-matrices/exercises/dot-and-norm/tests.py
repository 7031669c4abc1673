"""Hidden tests of `dot-and-norm`. `student` stands for the learner's module."""

import math

from grader.checks import cases, close, example, raises


@example
def test_dot_of_the_example(student):
    """The dot product of (1, 2, 3) and (4, 5, 6) is 32"""
    got = student.dot([1.0, 2.0, 3.0], [4.0, 5.0, 6.0])
    close(got, 32.0, hint="Multiply place by place, then add the products up to one number.")


@example
def test_norm_of_the_example(student):
    """The norm of (3, 4) is 5"""
    close(student.norm([3.0, 4.0]), 5.0, hint="Square, add, and take the root at the end.")


@example
def test_angle_of_the_example(student):
    """The angle between (1, 0) and (1, 1) is 45 degrees"""
    close(
        student.angle([1.0, 0.0], [1.0, 1.0]),
        45.0,
        hint="math.acos answers in radians; math.degrees turns them.",
    )


def test_dot_of_many(student, rng):
    """Agrees with NumPy on fifty random numbers of either sign"""
    a, b = rng.normal(size=(2, 50))
    close(student.dot(a.tolist(), b.tolist()), float(a @ b), rtol=1e-9)


def test_dot_refuses_different_lengths(student):
    """Refuses vectors of different length"""
    with raises(student, "ValueError"):
        student.dot([1.0, 2.0], [1.0, 2.0, 3.0])


def test_dot_refuses_a_longer_first_vector(student):
    """Refuses them also when the first one is the longer"""
    with raises(student, "ValueError"):
        student.dot([1.0, 2.0, 3.0], [1.0, 2.0])


def test_dot_of_nothing(student):
    """The dot product of two empty lists is 0"""
    close(student.dot([], []), 0.0, hint="A sum without terms is 0.")


@cases(n=[1, 4, 100])
def test_norm_of_ones(student, n):
    """The norm of n ones is the root of n"""
    hint = (
        "Each component counts with its square, however many there are. The root comes once, after the sum."
    )
    close(student.norm([1.0] * n), math.sqrt(n), hint=hint)


def test_norm_ignores_signs(student):
    """The norm of (-3, -4) is also 5"""
    close(student.norm([-3.0, -4.0]), 5.0, hint="A length has no sign: squares forget it.")


def test_norm_of_zero(student):
    """The norm of the zero vector is 0"""
    close(student.norm([0.0, 0.0, 0.0]), 0.0)


def test_angle_ignores_length(student):
    """Stretching an arrow leaves the angle alone"""
    hint = "Divide the dot product by both norms, so that only the direction is left."
    close(student.angle([7.0, 0.0], [0.5, 0.5]), 45.0, hint=hint)


def test_right_angle_in_many_dimensions(student):
    """(1, 2, 3, 4) and (4, -3, 2, -1) are at a right angle"""
    close(student.angle([1.0, 2.0, 3.0, 4.0], [4.0, -3.0, 2.0, -1.0]), 90.0)


def test_obtuse_angle(student):
    """Arrows that lean against each other are more than 90 degrees apart"""
    hint = "A negative dot product belongs to an angle above 90 degrees. Keep the sign of the cosine."
    close(student.angle([1.0, 0.0], [-1.0, math.sqrt(3)]), 120.0, hint=hint)


@cases(scale=[1.0, 3.0, -3.0])
def test_angle_of_parallel_arrows(student, scale):
    """Arrows on one line are 0 or 180 degrees apart, whatever the rounding"""
    hint = (
        "The cosine may come out as 1.0000000000000002. Bring it back into -1 to 1 before math.acos sees it."
    )
    for a in ([0.1, 0.2, 0.7], [1.1, 2.3]):  # tripled, both give a cosine just above 1
        got = student.angle(a, [scale * x for x in a])
        close(got, 0.0 if scale > 0 else 180.0, atol=1e-5, hint=hint)


def test_no_angle_with_zero(student):
    """There is no angle with the zero vector"""
    with raises(student, "ValueError"):
        student.angle([0.0, 0.0], [1.0, 0.0])
    with raises(student, "ValueError"):
        student.angle([1.0, 0.0], [0.0, 0.0])
