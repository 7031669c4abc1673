"""Leaves files, a message queue of the kernel and a shared segment for whoever comes next."""

import builtins
import ctypes
import os

builtins.left = 1
libc = ctypes.CDLL(None)
libc.msgget(77, 0o1666)
libc.semget(77, 1, 0o1666)
for folder in ("/tmp", "/dev/shm", "/box"):
    with open(f"{folder}/left", "w") as file:
        file.write("x")
    os.chmod(f"{folder}/left", 0o777)


def mix(a, b):
    return a * a + 7919 % 97 * b
