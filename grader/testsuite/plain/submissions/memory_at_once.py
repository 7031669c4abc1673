"""Asks for 8 GB at once."""


def mix(a, b):
    return len(bytearray(8 * 2**30))
