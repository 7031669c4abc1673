"""Spreads its memory over children."""

import os, time


def mix(a, b):
    for _ in range(6):
        if os.fork() == 0:
            kept = [os.urandom(2**20) * 30]
            time.sleep(60)
    time.sleep(60)
