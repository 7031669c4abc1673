"""Answers with a generator that has no end."""


def mix(a, b):
    while True:
        yield a
