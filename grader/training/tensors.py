"""Safetensors by hand: a header of JSON that says where each tensor's numbers lie, and the numbers.

Runs on both sides, and in the sandbox on its own: only the standard library, and numpy or torch where the
caller has them. ``check`` is for the trusted side: it reads the header within limits and no tensor at all.
The format: https://huggingface.co/docs/safetensors (eight bytes of header length, header, buffer).
"""

import json
import math
import os
import struct
import sys
from collections.abc import Iterator, Mapping
from typing import IO, Any

MAX_HEADER = 16 * 2**20
MAX_TENSORS = 100_000
MAX_DIMENSIONS = 16
_LENGTH = struct.Struct("<Q")
SIZES = {
    "BOOL": 1, "U8": 1, "I8": 1, "F8_E4M3": 1, "F8_E5M2": 1, "U16": 2, "I16": 2, "F16": 2, "BF16": 2,
    "U32": 4, "I32": 4, "F32": 4, "U64": 8, "I64": 8, "F64": 8,
}  # fmt: skip
_NUMPY = {
    "bool": "BOOL", "uint8": "U8", "int8": "I8", "uint16": "U16", "int16": "I16", "float16": "F16",
    "uint32": "U32", "int32": "I32", "float32": "F32", "uint64": "U64", "int64": "I64", "float64": "F64",
}  # fmt: skip
_TORCH = _NUMPY | {"bfloat16": "BF16", "float8_e4m3fn": "F8_E4M3", "float8_e5m2": "F8_E5M2"}


class NotSafetensors(ValueError):
    """The bytes are not what they claim to be; the message says why, for a person."""


def is_tensor(value: Any) -> bool:
    """Whether a value is a torch tensor or a numpy array, without importing either."""
    torch, numpy = sys.modules.get("torch"), sys.modules.get("numpy")
    return (torch is not None and isinstance(value, torch.Tensor)) or (
        numpy is not None and isinstance(value, numpy.ndarray)
    )


def write(file: IO[bytes], tensors: Mapping[str, Any], metadata: Mapping[str, str]) -> None:
    """Writes tensors and arrays by name. Raises TypeError for a type that the format has no word for."""
    header: dict[str, Any] = {"__metadata__": dict(metadata)} if metadata else {}
    offset = 0
    for name, value in tensors.items():
        size = SIZES[_kind(name, value)] * math.prod(value.shape)
        header[name] = {
            "dtype": _kind(name, value),
            "shape": [int(length) for length in value.shape],
            "data_offsets": [offset, offset + size],
        }
        offset += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    file.write(_LENGTH.pack(len(text)) + text)
    for value in tensors.values():
        file.write(_bytes_of(value))


def _kind(name: str, value: Any) -> str:
    dtype = str(value.dtype).removeprefix("torch.")
    known = _TORCH.get(dtype)
    if known is None:
        raise TypeError(f"{name} holds {dtype}, which safetensors has no word for")
    return known


def _bytes_of(value: Any) -> Any:
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        flat = value.detach().cpu().contiguous().reshape(-1)
        return memoryview(flat.view(torch.uint8).numpy()) if flat.numel() else b""
    import numpy

    plain = numpy.ascontiguousarray(value)
    return plain.reshape(-1).view(numpy.uint8).data if plain.size else b""


def read(path: str | os.PathLike[str], *, as_torch: bool = True) -> tuple[dict[str, Any], dict[str, str]]:
    """The tensors by name, and the metadata. Torch tensors, or numpy arrays where asked for.

    Raises NotSafetensors, and OSError.
    """
    with open(path, "rb") as file:  # noqa: PTH123  also read in the sandbox, where pathlib costs an import
        size = os.fstat(file.fileno()).st_size
        header, metadata, start = _header(file, size)
        _check_layout(header, size - start)
        file.seek(start)
        buffer = bytearray(file.read())
    make = _torch_from if as_torch else _numpy_from
    return {name: make(buffer, entry) for name, entry in header.items()}, metadata


def _torch_from(buffer: bytearray, entry: dict[str, Any]) -> Any:
    import torch

    kind = getattr(torch, next(name for name, word in _TORCH.items() if word == entry["dtype"]))
    begin, end = entry["data_offsets"]
    if begin == end:
        return torch.empty(entry["shape"], dtype=kind)
    count = (end - begin) // SIZES[entry["dtype"]]
    return torch.frombuffer(buffer, dtype=kind, count=count, offset=begin).reshape(entry["shape"]).clone()


def _numpy_from(buffer: bytearray, entry: dict[str, Any]) -> Any:
    import numpy

    name = next((name for name, word in _NUMPY.items() if word == entry["dtype"]), None)
    if name is None:
        raise NotSafetensors(f"numpy has no type for {entry['dtype']}")
    begin, end = entry["data_offsets"]
    return numpy.frombuffer(bytes(buffer[begin:end]), name).reshape(entry["shape"]).copy()


def check(file: IO[bytes]) -> dict[str, str]:
    """Checks header and layout of an open file that anybody may have written. Returns its metadata.

    Takes memory only for the header, which is bounded. Raises NotSafetensors.
    """
    size = os.fstat(file.fileno()).st_size
    file.seek(0)
    header, metadata, start = _header(file, size)
    _check_layout(header, size - start)
    return metadata


def count(file: IO[bytes]) -> int:
    """How many numbers a checked file holds."""
    file.seek(0)
    header, _, _ = _header(file, os.fstat(file.fileno()).st_size)
    return sum(math.prod(entry["shape"]) for entry in header.values())


def _header(file: IO[bytes], size: int) -> tuple[dict[str, Any], dict[str, str], int]:
    """Its entries, its metadata, and where the buffer begins."""
    first = file.read(_LENGTH.size)
    length = _LENGTH.unpack(first)[0] if len(first) == _LENGTH.size else -1
    if not 0 < length <= min(MAX_HEADER, size - _LENGTH.size):
        raise NotSafetensors("it does not begin with the length of a safetensors header")
    try:
        header = json.loads(file.read(length), object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise NotSafetensors(f"its header is not JSON ({type(error).__name__})") from None
    if not isinstance(header, dict) or len(header) > MAX_TENSORS:
        raise NotSafetensors("its header is not a table of at most 100,000 tensors")
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise NotSafetensors("its metadata is not a table of texts")
    return header, metadata, _LENGTH.size + length


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        raise NotSafetensors("its header names something twice")
    return table


def _check_layout(header: Mapping[str, Any], available: int) -> None:
    """Every tensor's place has its shape's size, and together they fill the buffer without a gap."""
    places = sorted(_places(header))
    reached = 0
    for begin, end in places:
        if begin != reached:
            raise NotSafetensors("its tensors overlap, or leave gaps")
        reached = end
    if reached != available:
        raise NotSafetensors("its tensors do not fill the file")


def _places(header: Mapping[str, Any]) -> Iterator[tuple[int, int]]:
    for name, entry in header.items():
        match entry:
            case {"dtype": str(dtype), "shape": list(shape), "data_offsets": [int(begin), int(end)]}:
                if dtype not in SIZES or len(shape) > MAX_DIMENSIONS or not all(map(_is_length, shape)):
                    raise NotSafetensors(f"its tensor {name[:80]!r} has no proper type or shape")
                if not 0 <= begin <= end or end - begin != SIZES[dtype] * math.prod(shape):
                    raise NotSafetensors(f"its tensor {name[:80]!r} has another size than its shape says")
                yield begin, end
            case _:
                raise NotSafetensors(f"its entry {name[:80]!r} describes no tensor")


def _is_length(value: Any) -> bool:
    return type(value) is int and 0 <= value < 2**48
