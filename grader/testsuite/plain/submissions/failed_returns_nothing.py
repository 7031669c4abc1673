"""Forgets to return."""


def mix(a, b):
    a * a + 62 * b
