"""Recurses without end."""


def mix(a, b):
    return mix(b, a)
