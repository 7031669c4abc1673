"""Reads another process's memory by system call."""

import ctypes


def mix(a, b):
    return ctypes.CDLL(None).syscall(310 if ctypes.sizeof(ctypes.c_void_p) == 8 else 0, 1, 0, 0, 0, 0, 0)
