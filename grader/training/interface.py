"""Puts one network interface into a cell's network namespace, and hands its other end to the node.

Started as ``python -I -S -B interface.py PID ADDRESS SOCKET``: PID is any process of the cell, SOCKET the
descriptor over which the node is sent the interface's own. It enters two namespaces, which only a process
without threads may, and so it is a process of its own. Nothing of the cell is executed or read.
"""

import ctypes
import fcntl
import os
import socket
import struct
import sys
from pathlib import Path

NAME = "cairn0"
MTU = 60_000  # bytes of one packet: large ones cost the node as much as small ones
DEVICE = Path("/dev/net/tun")

_NEW_USER, _NEW_NET = 0x10000000, 0x40000000
_GET_USER_NAMESPACE = 0xB701
_SET_INTERFACE, _TUN, _NO_INFORMATION = 0x400454CA, 0x0001, 0x1000
_SET_FLAGS, _SET_ADDRESS, _SET_MASK, _SET_MTU = 0x8914, 0x8916, 0x891C, 0x8922
_UP_AND_RUNNING = 0x41
_MASK = "255.255.255.0"


def main() -> None:
    """Makes the interface and sends its descriptor. Raises OSError, of which the node shows the last line."""
    pid, address, number = sys.argv[1:]
    _enter(f"/proc/{pid}/ns/net")
    tun = os.open(DEVICE, os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tun, _SET_INTERFACE, _named(struct.pack("H", _TUN | _NO_INFORMATION)))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, _SET_MTU, _named(struct.pack("i", MTU)))
        fcntl.ioctl(sock, _SET_FLAGS, _named(struct.pack("H", _UP_AND_RUNNING)))
        fcntl.ioctl(sock, _SET_ADDRESS, _named(_address(address)))
        fcntl.ioctl(sock, _SET_MASK, _named(_address(_MASK)))
    with socket.socket(fileno=int(number)) as node:
        socket.send_fds(node, [b"."], [tun])


def _enter(path: str) -> None:
    """Joins a network namespace by way of the user namespace that owns it, where this user may do it."""
    network = os.open(path, os.O_RDONLY)
    owner = fcntl.ioctl(network, _GET_USER_NAMESPACE)
    libc = ctypes.CDLL(None, use_errno=True)
    for namespace, kind in ((owner, _NEW_USER), (network, _NEW_NET)):
        if libc.setns(namespace, kind):
            raise OSError(ctypes.get_errno(), f"entering a namespace: {os.strerror(ctypes.get_errno())}")


def _named(value: bytes) -> bytes:
    """A ``struct ifreq`` of our interface."""
    return struct.pack("16s24s", NAME.encode(), value)


def _address(text: str) -> bytes:
    """A ``struct sockaddr_in``."""
    return struct.pack("HH4s", socket.AF_INET, 0, socket.inet_aton(text))


if __name__ == "__main__":
    main()
