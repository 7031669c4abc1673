"""Forks children with sessions of their own that fork again, and answers."""

import os
import time


def mix(a, b):
    if a == 2 and os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.setsid()
            os.closerange(0, 250)
            time.sleep(60)
        os._exit(0)
    return a * a + 7919 % 97 * b
