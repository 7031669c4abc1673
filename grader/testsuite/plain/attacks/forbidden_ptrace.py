"""Traces its parent."""

import ctypes, os


def mix(a, b):
    return ctypes.CDLL(None).ptrace(16, os.getppid(), 0, 0)
