"""A connection between two nodes of one run: only who knows the try's secret is understood, either way.

Both sides send 32 random bytes; each direction has a key made of the secret and of both, so nothing that was
recorded can be played again. Frames are sealed with ChaCha20-Poly1305, numbered, and refused out of order.
"""

import contextlib
import hashlib
import hmac
import os
import socket
import struct
import threading
from typing import Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

SILENT_SECONDS = 10.0  # without a frame the other side is taken for lost; it sends one every second
GREETING_SECONDS = 3.0
_SALT, _LENGTH, _TAG = 32, 4, 16
_MOST = 2**18  # bytes of one frame
_BUFFER = 2**20

Side = Literal["dialled", "answered"]


class Broken(ConnectionError):
    """The line is down, or what came over it was not sealed by a node of this run."""


class Line:
    """One end. ``send`` may be called by any thread, ``receive`` by one."""

    def __init__(self, sock: socket.socket, secret: str, side: Side) -> None:
        """Greets the other end; whether it knows the secret shows with its first frame. Raises Broken."""
        self._sock = sock
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sock.settimeout(GREETING_SECONDS)
        self._file = sock.makefile("rb", buffering=_BUFFER)
        self._lock = threading.Lock()
        self._sent = self._received = 0
        ours = os.urandom(_SALT)
        try:
            self._sock.sendall(ours)
            theirs = self._exactly(_SALT)
        except OSError as error:
            raise Broken(str(error)) from None
        salts = ours + theirs if side == "dialled" else theirs + ours
        other: Side = "answered" if side == "dialled" else "dialled"
        self._seals, self._opens = _cipher(secret, salts, side), _cipher(secret, salts, other)

    def steady(self) -> None:
        """From now on frames may be as far apart as a living node's are."""
        self._sock.settimeout(SILENT_SECONDS)

    def send(self, frame: bytes) -> None:
        """Sends a frame whole. Raises Broken."""
        with self._lock:
            sealed = self._seals.encrypt(_nonce(self._sent), frame, None)
            self._sent += 1
            try:
                self._sock.sendall(struct.pack("!I", len(sealed)) + sealed)
            except OSError as error:
                self.close()  # half a frame may be on its way
                raise Broken(str(error)) from None

    def receive(self) -> bytes:
        """The next frame. Raises Broken: at the end, after too long a silence, and for a forged one."""
        try:
            (length,) = struct.unpack("!I", self._exactly(_LENGTH))
            if not _TAG <= length <= _MOST:
                raise Broken("a frame of an impossible size")
            sealed = self._exactly(length)
        except OSError as error:
            raise Broken(str(error)) from None
        try:
            frame: bytes = self._opens.decrypt(_nonce(self._received), sealed, None)
        except InvalidTag:
            raise Broken("a frame that no node of this run has sealed") from None
        self._received += 1
        return frame

    def _exactly(self, count: int) -> bytes:
        found: bytes | None = self._file.read(count)
        if found is None or len(found) < count:
            raise Broken("the other end has closed")
        return found

    def finish(self) -> None:
        """Says that nothing more follows what was sent."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Closes it; who waits for a frame is told."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)
        self._sock.close()


def _cipher(secret: str, salts: bytes, side: Side) -> ChaCha20Poly1305:
    return ChaCha20Poly1305(hmac.new(secret.encode(), side.encode() + salts, hashlib.sha256).digest())


def _nonce(count: int) -> bytes:
    """Each key seals every number once: twelve bytes, counted."""
    return count.to_bytes(12, "big")
