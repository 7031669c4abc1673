"""Stops the kernel in a page fault."""

import ctypes
import platform


def mix(a, b):
    number = 323 if platform.machine() == "x86_64" else 282
    return ctypes.CDLL(None).syscall(number, 0, 0, 0, 0, 0)
