"""Opens a raw socket."""

import socket


def mix(a, b):
    socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
