"""Exits."""

import sys


def mix(a, b):
    sys.exit(0)
