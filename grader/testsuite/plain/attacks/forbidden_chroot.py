"""Changes its root."""

import ctypes
import platform


def mix(a, b):
    number = 161 if platform.machine() == "x86_64" else 51
    return ctypes.CDLL(None).syscall(number, 0, 0, 0, 0, 0)
