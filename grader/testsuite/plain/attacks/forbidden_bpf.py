"""Loads a BPF program."""

import ctypes, platform


def mix(a, b):
    return ctypes.CDLL(None).syscall(321 if platform.machine() == "x86_64" else 280, 0, 0, 0)
