"""Leaves a daemon behind, in a session of its own; right otherwise. It ends with the run."""

import os, time

if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(600)
    os._exit(0)


def mix(a, b):
    return a * a + 62 * b
