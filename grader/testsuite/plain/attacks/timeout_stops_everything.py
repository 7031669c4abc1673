"""Stops every process that it can name, and waits."""

import os
import signal
import time


def mix(a, b):
    try:
        os.kill(-1, signal.SIGSTOP)
    except OSError:
        pass
    time.sleep(20)
