"""MNIST as its four files have it."""

import gzip

import numpy as np

from kept import file


def load(valid: int) -> dict[str, dict[str, np.ndarray]]:
    """Images (n, 28, 28) of bytes and labels (n,). The last ``valid`` training images are for validation."""
    train, test = _part("train"), _part("t10k")
    return {
        "train": {name: values[:-valid] for name, values in train.items()},
        "valid": {name: values[-valid:] for name, values in train.items()},
        "hidden": test,
    }


def _part(name: str) -> dict[str, np.ndarray]:
    images, labels = (
        _numbers(f"mnist/{name}-images-idx3-ubyte.gz"),
        _numbers(f"mnist/{name}-labels-idx1-ubyte.gz"),
    )
    return {"images": images, "labels": labels.astype(np.int64)}


def _numbers(name: str) -> np.ndarray:
    """An IDX file: two zero bytes, the type (8: bytes), the number of axes, their lengths, the numbers."""
    data = gzip.decompress(file(name).read_bytes())
    if data[:3] != b"\x00\x00\x08":
        raise ValueError(f"{name} is no IDX file of bytes")
    shape = np.frombuffer(data, ">i4", data[3], 4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * data[3]).reshape(shape)
