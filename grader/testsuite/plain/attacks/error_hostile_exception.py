"""Raises an exception that cannot be shown."""


class Hostile(Exception):
    def __str__(self):
        raise self

    __repr__ = __str__


def mix(a, b):
    raise Hostile
