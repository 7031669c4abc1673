"""Signals the process group that warm processes might share with it."""

import os
import signal

signal.signal(signal.SIGTERM, signal.SIG_IGN)
os.killpg(0, signal.SIGTERM)


def mix(a, b):
    os.killpg(0, signal.SIGTERM)
    return a * a + 7919 % 97 * b
