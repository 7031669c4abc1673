"""Loads a kernel module."""

import ctypes
import platform


def mix(a, b):
    number = 313 if platform.machine() == "x86_64" else 273
    return ctypes.CDLL(None).syscall(number, 0, 0, 0, 0, 0)
