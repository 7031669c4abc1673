"""Takes a descriptor out of another process."""

import ctypes
import platform


def mix(a, b):
    number = 438 if platform.machine() == "x86_64" else 438
    return ctypes.CDLL(None).syscall(number, 0, 0, 0, 0, 0)
