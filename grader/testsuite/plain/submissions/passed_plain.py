"""Right."""


def mix(a, b):
    return a * a + 62 * b
