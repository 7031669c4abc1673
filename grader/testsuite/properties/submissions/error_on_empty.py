"""Trips over the empty list."""


def ordered(numbers):
    smallest = min(numbers)
    return sorted(numbers) if smallest is not None else []
