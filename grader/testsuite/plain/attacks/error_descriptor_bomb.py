"""Opens files until none is left."""


def mix(a, b):
    held = []
    while True:
        held.append(open("/dev/null"))
