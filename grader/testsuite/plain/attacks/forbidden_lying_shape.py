"""Sends an array whose shape claims 10^12 numbers in 16 bytes."""

import os, struct, msgpack


def mix(a, b):
    array = msgpack.packb(msgpack.ExtType(6, msgpack.packb(["<f8", [10**6, 10**6], 0])))
    header = b"\x92\xa2ok" + array
    os.write(200, struct.pack("<IIQ", len(header), 1, 16) + header + bytes(16))
    return 0
