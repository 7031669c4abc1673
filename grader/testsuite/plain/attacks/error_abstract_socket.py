"""Looks for a service of the host on abstract Unix sockets."""

import socket


def mix(a, b):
    with socket.socket(socket.AF_UNIX) as s:
        s.connect("\0/tmp/dbus-session")
