"""What a loaded data set is like: counted, summed up, compared with the registry, shown in a few samples."""

import base64
import hashlib
import io
import struct
import wave
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from cairn.catalog.datasets import Dataset
from grader.training.data import Prepared

Arrays = dict[str, np.ndarray]
TILES, TEXTS, SOUNDS = 40, 8, 3  # shown of each
RATES = {8000: 8000, 128_000: 16_000}  # samples of a sound: its rate
SHOWN = 200  # characters of a text


def arrays(made: Prepared) -> dict[str, Arrays]:
    """A data set's arrays by split and name, mapped from the disk."""
    found: dict[str, Arrays] = {}
    for path in sorted(made.public.glob("*.npy")):
        split, _, name = path.stem.partition("_")
        found.setdefault(split, {})[name] = np.load(path, mmap_mode="r", allow_pickle=False)
    for path in sorted(made.hidden.glob("*.npy")):
        found.setdefault("hidden", {})[path.stem] = np.load(path, mmap_mode="r", allow_pickle=False)
    return found


def fingerprint(splits: dict[str, Arrays]) -> str:
    """The SHA-256 of all arrays: split, name, type, shape and numbers, in the order of their names."""
    whole = hashlib.sha256()
    for split, name, value in _each(splits):
        whole.update(f"{split} {name} {value.dtype.str} {value.shape}\n".encode())
        whole.update(np.ascontiguousarray(value).data.cast("B") if value.size else b"")
    return whole.hexdigest()


def _each(splits: dict[str, Arrays]) -> Iterator[tuple[str, str, np.ndarray]]:
    for split in sorted(splits):
        for name in sorted(splits[split]):
            yield split, name, splits[split][name]


def rows(split: Arrays) -> int:
    """How many rows a split has: what most of its arrays agree on."""
    lengths = [len(value) for value in split.values() if value.ndim]
    return max(lengths, key=lambda length: (lengths.count(length), length)) if lengths else 0


def differences(dataset: Dataset, made: Prepared) -> list[str]:
    """In which ways it is not what the registry says, in words."""
    splits = arrays(made)
    counted = {name: rows(split) for name, split in splits.items() if name in dataset.splits}
    wrong = [
        f"{name} has {counted.get(name, 0):,} rows, and the registry says {count:,}."
        for name, count in dataset.splits.items()
        if counted.get(name, 0) != count
    ]
    got = fingerprint(splits)
    if dataset.fingerprint and got != dataset.fingerprint:
        wrong.append(f"its fingerprint is {got}, and the registry says {dataset.fingerprint}.")
    return wrong + [f"{count} rows of {one} are also in {other}." for one, other, count in leaks(splits)]


def leaks(splits: dict[str, Arrays]) -> Iterator[tuple[str, str, int]]:
    """Pairs of splits that share rows, and how many. A row is all that the arrays say of one example."""
    known = {name: _rows_of(split) for name, split in splits.items()}
    names = sorted(known)
    for i, one in enumerate(names):
        for other in names[i + 1 :]:
            if count := len(known[one] & known[other]):
                yield one, other, count


def _rows_of(split: Arrays) -> set[bytes]:
    count = rows(split)
    # Labels alone say nothing: only what is large enough to be an example of its own.
    values = [value for value in split.values() if len(value) == count and _is_telling(value)]
    return {b"".join(value[row].tobytes() for value in values) for row in range(count)} if values else set()


def _is_telling(value: np.ndarray) -> bool:
    return value[:1].nbytes > 16 and value.dtype.str != "<U7"


def in_words(made: Prepared) -> str:
    """One line for a shell: rows of each split, megabytes, fingerprint."""
    splits = arrays(made)
    counts = ", ".join(f"{name} {rows(split):,}" for name, split in splits.items())
    return f"{counts}; {made.size() / 2**20:.1f} MB; fingerprint {fingerprint(splits)}"


# --- for its page


def describe(dataset: Dataset, made: Prepared) -> dict[str, Any]:
    """What the page shows: splits, arrays with their statistics, samples. All but the counts is public."""
    splits = arrays(made)
    public = {name: split for name, split in splits.items() if name != "hidden"}
    first = public.get("train") or next(iter(public.values()), {})
    return {
        "splits": {name: rows(split) for name, split in splits.items()} if dataset.splits else {},
        "bytes": made.size(),
        "arrays": [_array(name, value) for name, value in sorted(first.items())],
        "samples": list(_samples(dataset, first)),
    }


def _array(name: str, value: np.ndarray) -> dict[str, Any]:
    kind = "text" if value.dtype.kind == "U" else str(value.dtype)
    return {"name": name, "type": kind, "shape": list(value.shape[1:]), "says": _statistics(value)}


def _statistics(value: np.ndarray) -> str:
    if value.dtype.kind == "U":
        lengths = np.char.str_len(value)
        return f"{len(np.unique(value)):,} different, {lengths.min()} to {lengths.max()} characters"
    if value.dtype.kind in "iu" and value.ndim == 1 and len(np.unique(value)) <= 50:
        counts = np.unique(value, return_counts=True)[1]
        return f"{len(counts)} values, each {counts.min():,} to {counts.max():,} times"
    sample = np.asarray(value[:2000], float)
    return f"{sample.min():.4g} to {sample.max():.4g}, mean {sample.mean():.4g}, spread {sample.std():.4g}"


def _samples(dataset: Dataset, split: Arrays) -> Iterator[dict[str, Any]]:
    """A sheet of pictures, a few texts, a few sounds: whatever there is."""
    picture = next((split[name] for name in ("images", "frames") if name in split), None)
    if picture is not None:
        sheet = _sheet(picture)
        sides = {"width": sheet.shape[1], "height": sheet.shape[0]}
        yield {"media": "image/png", "data": _text(_png(sheet)), "says": _sheet_says(picture)} | sides
    for name in ("stories", "captions", "questions"):
        for row in range(min(TEXTS, len(split.get(name, ())))):
            says = f"{split['answers'][row]}" if "answers" in split else ""
            yield {"media": "text/plain", "data": str(split[name][row])[: 3 * SHOWN], "says": says}
    for row in range(min(SOUNDS, len(split.get("sounds", ())))):
        sound = np.asarray(split["sounds"][row])
        label = f"{split['labels'][row]}" if "labels" in split else f"Sound {row + 1}"
        yield {"media": "audio/wav", "data": _text(_wav(sound)), "says": label}
    if dataset.holds == "table":
        for row in range(3):
            values = ", ".join(f"{value:.4g}" for value in split["values"][row])
            yield {"media": "text/plain", "data": values, "says": f"class {split['labels'][row]}"}


def _sheet_says(value: np.ndarray) -> str:
    shown = min(TILES // 2 if value.ndim == 4 else TILES, len(value))
    if value.ndim == 4 and value.shape[-1] != 3:
        return f"Every second frame of the first {TILES // 8} clips."
    return (
        "The views of the first scenes." if value.ndim == 5 else f"The first {shown} of the training split."
    )


def _sheet(value: np.ndarray) -> np.ndarray:
    """Pictures side by side, eight or ten in a row: (height, width) or (height, width, 3) of bytes."""
    if value.ndim == 5:  # scenes with views
        tiles, across = np.concatenate(list(value[: TILES // value.shape[1]])), value.shape[1]
    elif value.ndim == 4 and value.shape[-1] != 3:  # clips with frames
        tiles, across = np.concatenate(list(value[: TILES // 8, ::2])), 8
    else:
        tiles, across = value[: TILES // 2 if value.ndim == 4 else TILES], 10
    tiles = np.asarray(tiles) if tiles.max() > 16 else np.asarray(tiles) * 15
    tall, wide = tiles.shape[1:3]
    grid = tiles.reshape(len(tiles) // across, across, *tiles.shape[1:]).swapaxes(1, 2)
    return grid.reshape(len(tiles) // across * tall, across * wide, *tiles.shape[3:]).astype(np.uint8)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _png(pixels: np.ndarray) -> bytes:
    """A grey or coloured picture as PNG (https://www.w3.org/TR/png/)."""
    tall, wide = pixels.shape[:2]
    kind = 2 if pixels.ndim == 3 else 0
    lines = b"".join(b"\0" + line.tobytes() for line in pixels)
    head = struct.pack(">IIBBBBB", wide, tall, 8, kind, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b""))
    body = b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + body


def _wav(samples: np.ndarray) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATES.get(len(samples), 8000))
        file.writeframes(samples.astype("<i2").tobytes())
    return out.getvalue()
