"""Announces parts of many gigabytes."""

import os
import struct


def mix(a, b):
    os.write(200, struct.pack("<II", 8, 4) + struct.pack("<4Q", *[2**62] * 4))
    return 0
