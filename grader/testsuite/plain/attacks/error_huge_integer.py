"""Answers with an integer of a million bits."""


def mix(a, b):
    return 1 << 1_000_000
