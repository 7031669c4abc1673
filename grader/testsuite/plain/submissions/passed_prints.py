"""Right, and prints all sorts of things on the way."""

import sys

print("hello \x1b[31mred\x1b[0m \u202e gnirts \x00", file=sys.stderr)


def mix(a, b):
    print("mixing", end=" ")
    return a * a + 62 * b
