"""Opens a file system to mount."""

import ctypes
import platform


def mix(a, b):
    number = 430 if platform.machine() == "x86_64" else 430
    return ctypes.CDLL(None).syscall(number, 0, 0, 0, 0, 0)
