"""Reads the keyrings of the kernel."""

import ctypes
import platform


def mix(a, b):
    number = 250 if platform.machine() == "x86_64" else 219
    return ctypes.CDLL(None).syscall(number, 0, 0, 0, 0, 0)
