"""Ends the process without a word."""

import os


def mix(a, b):
    os._exit(0)
