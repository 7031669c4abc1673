"""Prints without end."""


def mix(a, b):
    while True:
        print("x" * 100)
