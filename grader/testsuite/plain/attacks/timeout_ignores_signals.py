"""Ignores every signal and sleeps past the limit."""

import signal, time

for number in range(1, 32):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass


def mix(a, b):
    while True:
        try:
            time.sleep(60)
        except BaseException:
            pass
