"""Makes files in memory, which no folder's size limits."""

import os


def mix(a, b):
    return os.memfd_create("hidden")
