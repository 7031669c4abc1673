"""True is not 1."""


def mix(a, b):
    return True
