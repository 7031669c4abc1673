"""Sends a frame that claims to hold 16 exabytes."""

import os, struct


def mix(a, b):
    os.write(200, struct.pack("<IIQ", 1, 1, 2**64 - 1) + b"\xc0")
    return 0
