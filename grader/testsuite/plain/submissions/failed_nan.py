"""NaN."""


def mix(a, b):
    return float("nan")
