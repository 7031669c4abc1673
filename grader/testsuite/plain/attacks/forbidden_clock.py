"""Sets the clock."""

import ctypes
import platform


def mix(a, b):
    number = 227 if platform.machine() == "x86_64" else 112
    return ctypes.CDLL(None).syscall(number, 0, 0, 0, 0, 0)
