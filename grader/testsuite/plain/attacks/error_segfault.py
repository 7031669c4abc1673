"""Crashes the interpreter."""

import ctypes


def mix(a, b):
    ctypes.string_at(0)
