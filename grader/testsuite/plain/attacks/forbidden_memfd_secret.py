"""Takes memory that nobody else can see."""

import ctypes
import platform


def mix(a, b):
    number = 447 if platform.machine() == "x86_64" else 447
    return ctypes.CDLL(None).syscall(number, 0, 0, 0, 0, 0)
