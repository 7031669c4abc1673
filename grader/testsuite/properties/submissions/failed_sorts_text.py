"""Sorts as text."""


def ordered(numbers):
    return sorted(numbers, key=str)
