"""Answers twice: the second answer is taken for the next question's, and then nothing fits any more."""

import os, struct


def mix(a, b):
    header = b"\x92\xa2ok\x00"
    os.write(200, struct.pack("<II", len(header), 0) + header)
    raise ValueError
