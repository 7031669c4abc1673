"""Writes a frame whose header is no message."""

import os
import struct


def mix(a, b):
    os.write(200, struct.pack("<II", 4, 0) + b"\xc1\xc1\xc1\xc1")
    return 0
