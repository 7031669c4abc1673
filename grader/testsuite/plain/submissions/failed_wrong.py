"""Wrong."""


def mix(a, b):
    return a * a + 61 * b
