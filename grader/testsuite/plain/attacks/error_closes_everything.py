"""Closes every descriptor and waits."""

import os, time


def mix(a, b):
    os.closerange(0, 4096)
    time.sleep(60)
