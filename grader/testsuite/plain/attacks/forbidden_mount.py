"""Mounts a file system."""

import ctypes


def mix(a, b):
    return ctypes.CDLL(None).mount(b"none", b"/box", b"tmpfs", 0, None)
