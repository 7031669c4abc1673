"""Dot product, norm and angle of vectors, in plain Python."""

import math


def dot(a: list[float], b: list[float]) -> float:
    """Return the sum of the products of `a` and `b`, place by place.

    Raises ValueError if the lengths differ.
    """
    if len(a) != len(b):
        raise ValueError(f"lengths differ: {len(a)} and {len(b)}")
    return sum(x * y for x, y in zip(a, b))


def norm(a: list[float]) -> float:
    """Return the length of the arrow `a`."""
    return math.sqrt(dot(a, a))


def angle(a: list[float], b: list[float]) -> float:
    """Return the angle between `a` and `b` in degrees, from 0 to 180.

    Raises ValueError if one of them is all zeros.
    """
    lengths = norm(a) * norm(b)
    if lengths == 0:
        raise ValueError("the zero vector has no direction")
    cosine = dot(a, b) / lengths
    # Rounding can carry the cosine just outside its range, where acos would raise.
    return math.degrees(math.acos(max(-1.0, min(1.0, cosine))))


if __name__ == "__main__":
    print(dot([1.0, 2.0, 3.0], [4.0, 5.0, 6.0]))
    print(norm([3.0, 4.0]))
    print(angle([1.0, 0.0], [1.0, 1.0]))
