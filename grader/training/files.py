"""Files that hostile code offers: copied within limits, then looked at. Nothing in them is ever unpickled.

A file comes as an open descriptor, so that no path and no link of the sandbox is ever followed here. What it
is, the node sees for itself: safetensors, an array, a picture, a sound, text. Everything else is refused.
"""

import io
import json
import os
import stat
import struct
import wave
import zlib
from pathlib import Path
from typing import IO

from grader.harness.text import readable_size
from grader.training import tensors

MAX_SAMPLE = 4 * 2**20
_MAX_SIDE = 4096
_MAX_SECONDS = 120
_MAX_TEXT = 16 * 2**20
_CHUNK = 2**20
_PNG = b"\x89PNG\r\n\x1a\n"
_COLOURS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # of a PNG's colour type: samples a pixel
_UNPICKLED = "loading it would run whatever code is in it"
_INSTEAD = 'Keep the model\'s tensors instead: cairn.save("model", model).'


class Refused(Exception):
    """A file is not kept. The message is for the learner, and completes "NAME was not kept: "."""


def copy(number: int, to: Path, most: int) -> int:
    """Copies what a descriptor's file holds. Returns its size. Raises Refused, and OSError.

    A descriptor may be anything: only a regular file is read, and no more of it than it had at first.
    """
    status = os.fstat(number)
    if not stat.S_ISREG(status.st_mode):
        raise Refused("it is not a regular file.")
    if status.st_size > most:
        raise Refused(f"it has {readable_size(status.st_size)}, and {readable_size(most)} is the most.")
    left = status.st_size
    with to.open("wb") as file:
        while left and (chunk := os.pread(number, min(left, _CHUNK), status.st_size - left)):
            file.write(chunk)
            left -= len(chunk)
    if left:
        raise Refused("it became shorter as it was read.")
    return status.st_size


def kind_of(path: Path) -> str:
    """The media type of a file, by its contents. Raises Refused for what is not one of the known kinds."""
    with path.open("rb") as file:
        start = file.read(256)
        if start.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
            raise Refused(
                f"it is a zip archive, as torch.save and numpy.savez write, and {_UNPICKLED}. {_INSTEAD}"
            )
        if start.startswith(_PNG):
            return "image/png"
        if start[:4] == b"RIFF" and start[8:12] == b"WAVE":
            return "audio/wav"
        if start.startswith(b"\x93NUMPY"):
            return _array(start)
        try:
            tensors.check(file)
        except tensors.NotSafetensors:
            return _text(file, start)
        return "application/octet-stream"


def _array(start: bytes) -> str:
    if b"'O'" in start or b"'|O'" in start or b"O'" in start.partition(b"descr")[2][:16]:
        raise Refused(f"it is an array of objects, which are pickled, and {_UNPICKLED}.")
    return "application/octet-stream"


def _text(file: IO[bytes], start: bytes) -> str:
    """Plain text or JSON, or a reason why not."""
    if len(start) > 1 and start[0] == 0x80 and start[1] < 6:
        raise Refused(f"it is a pickle, and {_UNPICKLED}. {_INSTEAD}")
    file.seek(0)
    data = file.read(_MAX_TEXT + 1)
    if len(data) > _MAX_TEXT:
        raise Refused(
            f"it is none of safetensors, .npy, PNG or WAV, and for text it is over {_MAX_TEXT >> 20} MB."
        )
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("it is none of safetensors, .npy, PNG, WAV or text in UTF-8.") from None
    if "\0" in text:
        raise Refused("it is none of safetensors, .npy, PNG, WAV or text in UTF-8.")
    return "application/json" if text[:1] in ("{", "[") and _is_json(text) else "text/plain"


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def check_tensors(path: Path) -> None:
    """Raises Refused for what is no proper safetensors file."""
    with path.open("rb") as file:
        try:
            tensors.check(file)
        except tensors.NotSafetensors as error:
            raise Refused(f"{error}. Only safetensors are kept.") from None


def picture(path: Path) -> bytes:
    """A PNG made anew of the pixels of one: what else was in the file is gone. Raises Refused."""
    chunks = _chunks(path.read_bytes())
    header = chunks.get(b"IHDR", b"")
    if len(header) != 13:
        raise Refused("it is no complete PNG.")
    width, height, depth, colour, compression, filtering, laced = struct.unpack(">IIBBBBB", header)
    if not (0 < width <= _MAX_SIDE and 0 < height <= _MAX_SIDE):
        raise Refused(f"its sides are {width} and {height} pixels, and {_MAX_SIDE} is the most.")
    if colour not in _COLOURS or depth not in (1, 2, 4, 8, 16) or compression or filtering or laced:
        raise Refused("it is a PNG of a rare kind: keep it with 8 bits, and not interlaced.")
    row = (width * _COLOURS[colour] * depth + 7) // 8 + 1
    try:
        inflater = zlib.decompressobj()
        pixels = inflater.decompress(chunks.get(b"IDAT", b""), row * height + 1)
    except zlib.error:
        raise Refused("its pixels cannot be unpacked.") from None
    if len(pixels) != row * height:
        raise Refused("it holds more or fewer pixels than its size says.")
    kept = [(b"IHDR", header), (b"IDAT", zlib.compress(pixels, 6)), (b"IEND", b"")]
    if b"PLTE" in chunks:
        kept.insert(1, (b"PLTE", chunks[b"PLTE"][:768]))
    return _PNG + b"".join(_chunk(name, data) for name, data in kept)


def _chunks(data: bytes) -> dict[bytes, bytes]:
    """The chunks that matter, those of the same name joined."""
    found: dict[bytes, bytes] = {}
    place = len(_PNG)
    while data.startswith(_PNG) and place + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, place)
        name = data[place + 4 : place + 8]
        if name in (b"IHDR", b"PLTE", b"IDAT"):
            found[name] = found.get(name, b"") + data[place + 8 : place + 8 + length]
        if name == b"IEND":
            break
        place += 12 + length
    return found


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def sound(path: Path) -> bytes:
    """A WAV made anew of the samples of one. Raises Refused."""
    try:
        with wave.open(str(path), "rb") as file:
            count, rate = file.getnframes(), file.getframerate()
            channels, width = file.getnchannels(), file.getsampwidth()
            if channels not in (1, 2) or width != 2 or not 4000 <= rate <= 96_000:
                raise Refused("it is a sound of a rare kind: keep it with 16 bits, in one or two channels.")
            if count > rate * _MAX_SECONDS:
                raise Refused(f"it lasts longer than {_MAX_SECONDS} s.")
            frames = file.readframes(count)
    except (wave.Error, EOFError, OSError, struct.error):
        raise Refused("it is no complete WAV.") from None
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as made:
        made.setnchannels(channels)
        made.setsampwidth(2)
        made.setframerate(rate)
        made.writeframes(frames)
    return buffer.getvalue()
