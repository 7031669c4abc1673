"""How values cross between the judge and the learner's process: msgpack, with array buffers beside it.

A frame is ``header length, number of parts, length of each part, header, parts``. The header is msgpack;
what msgpack has no type for is an extension, and an array's numbers travel as a part, untouched. Nothing
is ever unpickled. The judge reads frames that hostile code wrote: every size is checked against a limit
before memory is taken for it, and whatever is wrong with a frame is a ``CodecError``.

This file runs on both sides, and in the sandbox on its own: only the standard library and msgpack.
"""

import math
import re
import socket
import struct
import sys
import time
from collections.abc import Callable
from typing import Any

import msgpack  # type: ignore[import-untyped]

MAX_HEADER = 16 * 2**20
MAX_PARTS = 20_000
MAX_BYTES = 256 * 2**20
MAX_ITEMS = 2_000_000
MAX_DEPTH = 64
MAX_BIGINT = 4096

_TOO_LARGE = f"the value is too large to send (over {MAX_BYTES // 2**20} MB)"
_HEAD = struct.Struct("<II")


class _Ext:
    """Codes of the extension types."""

    TUPLE, SET, FROZENSET, COMPLEX, BIGINT, ARRAY, SCALAR, TENSOR, REFERENCE, SLICE, RANGE = range(1, 12)


_DTYPE = re.compile(r"[<>|=]?([biufc](1|2|4|8|16)|[SU]\d{1,6})")
_TENSOR_TYPES = {
    "bool": 1, "uint8": 1, "int8": 1, "int16": 2, "int32": 4, "int64": 8,
    "float16": 2, "bfloat16": 2, "float32": 4, "float64": 8, "complex64": 8, "complex128": 16,
}  # fmt: skip

Outgoing = Callable[[Any], tuple[str, int, str, bool]]
Incoming = Callable[[str, int, str, bool], Any]


class CodecError(Exception):
    """A value that cannot cross, or a frame that is not what it claims to be."""


class Closed(ConnectionError):
    """The other side is gone."""


class Encoder:
    """Turns a message into buffers. ``outgoing`` names what must stay behind: (kind, id, type, callable)."""

    def __init__(self, outgoing: Outgoing) -> None:
        self._outgoing = outgoing
        self._parts: list[Any] = []
        self._depth = self._size = 0

    def encode(self, message: Any) -> list[Any]:
        """Returns the frame's buffers in order. Raises CodecError for a value that cannot cross."""
        self._parts, self._depth, self._size = [], 0, 0
        try:
            header = self._pack(message)
        except CodecError:
            raise
        except (ValueError, OverflowError, RecursionError, TypeError) as error:
            raise CodecError(f"the value cannot be sent: {error}") from None
        sizes = [len(part) for part in self._parts]
        if len(header) > MAX_HEADER or len(sizes) > MAX_PARTS or sum(sizes) > MAX_BYTES:
            raise CodecError(_TOO_LARGE)
        head = _HEAD.pack(len(header), len(sizes)) + struct.pack(f"<{len(sizes)}Q", *sizes)
        return [head, header, *self._parts]

    def _pack(self, value: Any) -> bytes:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise CodecError("the value is nested too deeply to send")
        packed: bytes = msgpack.packb(
            value, default=self._extension, strict_types=True, unicode_errors="replace"
        )
        self._depth -= 1
        return packed

    def _extension(self, value: Any) -> Any:
        """Called by msgpack for everything that is not exactly one of its own types."""
        kind = type(value)
        if kind is tuple:
            return msgpack.ExtType(_Ext.TUPLE, self._pack(list(value)))
        if kind is set or kind is frozenset:
            return msgpack.ExtType(_Ext.SET if kind is set else _Ext.FROZENSET, self._pack(list(value)))
        if kind is int:
            return _bigint(value)
        if kind is complex:
            return msgpack.ExtType(_Ext.COMPLEX, struct.pack("<dd", value.real, value.imag))
        if kind is slice:
            return msgpack.ExtType(_Ext.SLICE, self._pack([value.start, value.stop, value.step]))
        if kind is range:
            return msgpack.ExtType(_Ext.RANGE, self._pack([value.start, value.stop, value.step]))
        for cross in (self._array, _plain_base):
            if (crossed := cross(value)) is not None:
                return crossed
        return self._reference(value)

    def _array(self, value: Any) -> Any:
        numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
        if numpy is not None and isinstance(value, numpy.generic) and value.dtype.kind in "biufcSU":
            return msgpack.ExtType(_Ext.SCALAR, self._pack([value.dtype.str, value.tobytes()]))
        if numpy is not None and isinstance(value, numpy.ndarray) and value.dtype.kind in "biufcSU":
            return self._numpy(numpy, value)
        if torch is not None and isinstance(value, torch.Tensor) and value.layout is torch.strided:
            return self._torch(torch, value)
        return None

    def _numpy(self, numpy: Any, value: Any) -> Any:
        plain = numpy.array(value, copy=None, subok=False, order="C")
        part = self._add(memoryview(plain.reshape(-1).view(numpy.uint8)) if plain.size else b"")
        return msgpack.ExtType(_Ext.ARRAY, self._pack([plain.dtype.str, list(plain.shape), part]))

    def _add(self, part: Any) -> int:
        """Puts a part beside the message, unless that makes it too large: then the rest need not be seen."""
        self._parts.append(part)
        self._size += len(part)
        if self._size > MAX_BYTES or len(self._parts) > MAX_PARTS:
            raise CodecError(_TOO_LARGE)
        return len(self._parts) - 1

    def _torch(self, torch: Any, value: Any) -> Any:
        name = str(value.dtype).removeprefix("torch.")
        if name not in _TENSOR_TYPES:
            return None
        # resolve_*: a conjugated or negated view would otherwise show the bytes of what it is a view of.
        plain = value.detach().cpu().resolve_conj().resolve_neg().contiguous()
        flat = plain.reshape(-1).view(torch.uint8).numpy() if plain.numel() else b""
        mine = self._add(memoryview(flat))
        grad = value.grad if value.is_leaf else None
        return msgpack.ExtType(_Ext.TENSOR, self._pack([name, list(plain.shape), mine, grad]))

    def _reference(self, value: Any) -> Any:
        kind, number, label, is_callable = self._outgoing(value)
        return msgpack.ExtType(_Ext.REFERENCE, self._pack([kind, number, label[:80], is_callable]))


def _bigint(value: int) -> Any:
    if value.bit_length() > MAX_BIGINT * 8 - 8:
        raise CodecError("the integer is too large to send")
    return msgpack.ExtType(_Ext.BIGINT, value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True))


def _plain_base(value: Any) -> Any:
    """A subclass of a plain type (an enum, a Counter) crosses as that type; the rest gives None."""
    if isinstance(value, dict):
        return dict(value)
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, bytes | bytearray):
        return bytes(value)
    if isinstance(value, int):
        return int.__index__(value)
    return float.__float__(value) if isinstance(value, float) else None


class Decoder:
    """Turns buffers into a message. ``incoming`` makes what stands for a thing that stayed behind."""

    def __init__(self, incoming: Incoming) -> None:
        self._incoming = incoming
        self._parts: list[bytearray] = []
        self._depth = 0

    def decode(self, header: bytes, parts: list[bytearray]) -> Any:
        """Returns the message. Raises CodecError for anything that is wrong with it."""
        self._parts, self._depth = parts, 0
        try:
            return self._unpack(header)
        except CodecError:
            raise
        except Exception as error:  # msgpack, struct, numpy and torch each raise their own for bad bytes
            raise CodecError(f"the message is malformed: {type(error).__name__}") from None

    def _unpack(self, data: bytes) -> Any:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise CodecError("the message is nested too deeply")
        value = msgpack.unpackb(
            data,
            ext_hook=self._extension,
            strict_map_key=False,
            max_str_len=MAX_HEADER,
            max_bin_len=MAX_HEADER,
            max_array_len=MAX_ITEMS,
            max_map_len=MAX_ITEMS,
            max_ext_len=MAX_HEADER,
            unicode_errors="replace",
        )
        self._depth -= 1
        return value

    def _extension(self, code: int, data: bytes) -> Any:
        if code == _Ext.BIGINT:
            return int.from_bytes(data[:MAX_BIGINT], "little", signed=True)
        if code == _Ext.COMPLEX:
            return complex(*struct.unpack("<dd", data))
        value = self._unpack(data)
        if not isinstance(value, list):
            raise CodecError("an extension holds no list")
        return self._build(code, value)

    def _build(self, code: int, value: list[Any]) -> Any:
        match code:
            case _Ext.TUPLE:
                return tuple(value)
            case _Ext.SET:
                return set(value)
            case _Ext.FROZENSET:
                return frozenset(value)
            case _Ext.SLICE:
                return slice(*value)
            case _Ext.RANGE:
                return range(*(_integer(number) for number in value))
            case _Ext.SCALAR:
                return self._scalar(*value)
            case _Ext.ARRAY:
                return self._numpy(*value)
            case _Ext.TENSOR:
                return self._torch(*value)
            case _Ext.REFERENCE:
                kind, number, label, is_callable = value
                return self._incoming(str(kind), _integer(number), str(label)[:80], is_callable is True)
        raise CodecError(f"there is no extension {code}")

    def _scalar(self, dtype: str, data: bytes) -> Any:
        import numpy

        kind = _numpy_type(numpy, dtype)
        if kind.itemsize != len(data):
            raise CodecError("a scalar has the wrong number of bytes")
        return numpy.frombuffer(data, kind)[0]

    def _numpy(self, dtype: str, shape: list[int], index: int) -> Any:
        import numpy

        kind = _numpy_type(numpy, dtype)
        part, dims = self._part(shape, index, kind.itemsize)
        return numpy.frombuffer(part, kind).reshape(dims) if part else numpy.empty(dims, kind)

    def _torch(self, dtype: str, shape: list[int], index: int, grad: Any) -> Any:
        if dtype not in _TENSOR_TYPES:
            raise CodecError("a tensor of a type that cannot cross")
        part, dims = self._part(shape, index, _TENSOR_TYPES[dtype])
        import torch

        kind = getattr(torch, dtype)
        tensor = torch.frombuffer(part, dtype=kind).reshape(dims) if part else torch.empty(dims, dtype=kind)
        if type(grad) is torch.Tensor and grad.shape == tensor.shape and grad.dtype == tensor.dtype:
            tensor.grad = grad
        return tensor

    def _part(self, shape: Any, index: Any, itemsize: int) -> tuple[bytearray, tuple[int, ...]]:
        """The buffer of an array, after its size was found to be what its shape says, in exact integers."""
        dims = tuple(_integer(size) for size in shape)
        part = self._parts[_integer(index)]
        if len(dims) > 32 or any(size < 0 or size > 2**40 for size in dims):
            raise CodecError("an array has an impossible shape")
        if math.prod(dims) * itemsize != len(part):
            raise CodecError("an array's shape does not match its size")
        return part, dims


def _integer(value: Any) -> int:
    if type(value) is not int:
        raise CodecError("a whole number was expected")
    return value


def _numpy_type(numpy: Any, dtype: Any) -> Any:
    if not isinstance(dtype, str) or not _DTYPE.fullmatch(dtype):
        raise CodecError("an array of a type that cannot cross")
    kind = numpy.dtype(dtype)
    if kind.itemsize == 0:
        raise CodecError("an array of a type that has no size")
    return kind


class Channel:
    """Frames over a stream socket. Not safe for two threads."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._buffer = bytearray()

    def send(self, buffers: list[Any], deadline: float | None = None) -> None:
        """Sends one frame. Raises TimeoutError after ``deadline`` (monotonic), Closed if none reads."""
        small = sum(len(buffer) for buffer in buffers) < 2**16
        self._sock.settimeout(None if deadline is None else max(deadline - time.monotonic(), 1e-3))
        try:
            for buffer in [b"".join(buffers)] if small else buffers:
                self._sock.sendall(buffer)
        except TimeoutError:
            raise
        except OSError as error:
            raise Closed(str(error)) from None

    def receive(self, deadline: float | None = None) -> tuple[bytes, list[bytearray]]:
        """Receives one frame. Raises TimeoutError, Closed, or CodecError for sizes over the limits."""
        header_size, count = _HEAD.unpack(self._read(_HEAD.size, deadline))
        if header_size > MAX_HEADER or count > MAX_PARTS:
            raise CodecError("a message is over the limits")
        sizes = struct.unpack(f"<{count}Q", self._read(8 * count, deadline)) if count else ()
        if sum(sizes) > MAX_BYTES:
            raise CodecError("a message is over the limits")
        header = bytes(self._read(header_size, deadline))
        return header, [self._read(size, deadline) for size in sizes]

    def quiet(self) -> bool:
        """Whether nothing has come that was not received: after an answer, nothing was asked for."""
        self._sock.settimeout(0)
        try:
            return not self._buffer and not self._sock.recv(1, socket.MSG_PEEK)
        except OSError:
            return not self._buffer

    def _read(self, size: int, deadline: float | None) -> bytearray:
        """Grows with what really arrives, so that a frame that lies about its length costs nothing."""
        while len(self._buffer) < size:
            self._sock.settimeout(None if deadline is None else max(deadline - time.monotonic(), 1e-3))
            try:
                chunk = self._sock.recv(min(max(size - len(self._buffer), 2**16), 2**20))
            except TimeoutError:
                raise
            except OSError as error:
                raise Closed(str(error)) from None
            if not chunk:
                raise Closed("the connection was closed")
            self._buffer += chunk
        if len(self._buffer) == size:
            taken, self._buffer = self._buffer, bytearray()
            return taken
        taken = self._buffer[:size]
        del self._buffer[:size]
        return taken
