"""Sends a message nested ten thousand deep."""

import os, struct


def mix(a, b):
    header = b"\x92\xa2ok" + b"\x91" * 10_000 + b"\xc0"
    os.write(200, struct.pack("<II", len(header), 0) + header)
    return 0
