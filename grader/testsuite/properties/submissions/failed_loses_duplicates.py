"""Loses numbers that are there twice."""


def ordered(numbers):
    return sorted(set(numbers))
