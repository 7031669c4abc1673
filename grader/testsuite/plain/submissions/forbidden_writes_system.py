"""Writes where only the system writes."""


def mix(a, b):
    with open("/usr/lib/mine", "w") as file:
        file.write("x")
