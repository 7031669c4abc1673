"""Compares kernel objects of two processes."""

import ctypes
import platform


def mix(a, b):
    number = 312 if platform.machine() == "x86_64" else 272
    return ctypes.CDLL(None).syscall(number, 0, 0, 0, 0, 0)
