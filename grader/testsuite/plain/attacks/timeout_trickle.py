"""Sends its answer one byte at a time, so that each read succeeds."""

import os, struct, time


def mix(a, b):
    for byte in struct.pack("<II", 1000, 0) + bytes(1000):
        os.write(200, bytes([byte]))
        time.sleep(0.1)
