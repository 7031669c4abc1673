"""What a browser may be told that a file of a stranger is. Everything else is bytes to be saved."""

import struct
import zlib
from typing import IO

OPAQUE = "application/octet-stream"
MAX_PNG = 8 * 2**20
MAX_SIDE = 8192
_PNG = b"\x89PNG\r\n\x1a\n"
_CHUNKS = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"gAMA", b"sRGB", b"pHYs", b"cHRM", b"bKGD", b"sBIT"}
_CHUNKS |= {b"tEXt", b"tIME"}


def media_type(file: IO[bytes], said: str) -> str:
    """``said`` where the bytes bear it out: a whole PNG, or a WAV's header. The file is left at its start."""
    head = file.read(12)
    file.seek(0)
    if said == "image/png" and head.startswith(_PNG):
        data = file.read(MAX_PNG + 1)
        file.seek(0)
        return "image/png" if is_png(data) else OPAQUE
    if said in ("audio/wav", "audio/x-wav") and head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return "audio/wav"
    return OPAQUE


def is_png(data: bytes) -> bool:
    """Whether it is one picture of a sane size and nothing else: known chunks with right sums, to the end."""
    if len(data) > MAX_PNG or not data.startswith(_PNG):
        return False
    at, first = len(_PNG), True
    while at + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        end = at + 12 + length
        if kind not in _CHUNKS or end > len(data) or (first and not _is_sane(kind, data[at + 8 : end - 4])):
            return False
        if zlib.crc32(data[at + 4 : end - 4]) != int.from_bytes(data[end - 4 : end], "big"):
            return False
        if kind == b"IEND":
            return bool(end == len(data))
        at, first = end, False
    return False


def _is_sane(kind: bytes, header: bytes) -> bool:
    if kind != b"IHDR" or len(header) != 13:
        return False
    width, height = struct.unpack_from(">II", header)
    return bool(0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE)
