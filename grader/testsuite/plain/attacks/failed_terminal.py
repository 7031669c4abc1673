"""Opens terminals where two jobs could meet."""

import os


def mix(a, b):
    try:
        return len(os.listdir("/dev/pts")) > 5
    except OSError:
        return None
