"""Finds no message queue and no semaphore of another submission."""

import ctypes

libc = ctypes.CDLL(None)
assert libc.msgget(77, 0) == -1
assert libc.semget(77, 0, 0) == -1


def mix(a, b):
    return a * a + 7919 % 97 * b
