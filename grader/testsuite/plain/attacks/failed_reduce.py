"""Answers with a thing that would run code if it were pickled."""

import os


class Bomb:
    def __reduce__(self):
        return os.system, ("touch /tmp/hit",)

    def __array__(self, *_):
        raise SystemExit

    def __array_function__(self, *_):
        return True

    def __index__(self):
        return 7


def mix(a, b):
    return Bomb()
