"""The right digits, as text."""


def mix(a, b):
    return str(a * a + 62 * b)
