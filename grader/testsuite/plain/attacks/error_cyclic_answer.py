"""Answers with a list that holds itself."""


def mix(a, b):
    ring = []
    ring.append(ring)
    return ring
