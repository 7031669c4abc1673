"""Dot product, norm and angle of vectors, in plain Python."""

import math


def dot(a: list[float], b: list[float]) -> float:
    """Return the sum of the products of `a` and `b`, place by place.

    Raises ValueError if the lengths differ.
    """
    # Write your code here.


def norm(a: list[float]) -> float:
    """Return the length of the arrow `a`."""
    # Write your code here.


def angle(a: list[float], b: list[float]) -> float:
    """Return the angle between `a` and `b` in degrees, from 0 to 180.

    Raises ValueError if one of them is all zeros.
    """
    # Write your code here.


if __name__ == "__main__":
    print(dot([1.0, 2.0, 3.0], [4.0, 5.0, 6.0]))
    print(norm([3.0, 4.0]))
    print(angle([1.0, 0.0], [1.0, 1.0]))
