"""Asks a name server, to tell somebody the tests."""

import socket


def mix(a, b):
    return socket.gethostbyname("secret.example.com")
