"""A float where an int was asked for exactly."""


def mix(a, b):
    return float(a * a + 62 * b)
