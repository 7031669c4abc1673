"""A process that makes one data set: ``python -m grader.training.loader FOLDER``, told what on its input.

A loader is a module with ``load(**arguments)``, which gives arrays by split and name, such as
``{"train": {"images": ..., "labels": ...}, "hidden": {...}}``. It is an author's, and trusted as tests are.
"""

import importlib
import json
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np

_WORD = re.compile(r"[a-z][a-z0-9_]{0,39}")


def main() -> None:
    """Calls the loader and stores what it gives."""
    work, said = Path(sys.argv[1]), json.load(sys.stdin)
    sys.path.insert(0, str(work))
    splits = importlib.import_module(said["module"]).load(**said["arguments"])
    store(splits, work / "made", said["max_bytes"])


def store(splits: dict[str, dict[str, Any]], folder: Path, max_bytes: int) -> None:
    """Writes the splits' arrays. Raises ValueError for what no data set can hold."""
    for name in ("public", "hidden"):
        (folder / name).mkdir(parents=True, mode=0o755)
    left = max_bytes
    for split, arrays in splits.items():
        for name, value in arrays.items():
            array = _proper(split, name, value)
            left -= array.nbytes
            if left < 0:
                raise ValueError(f"the arrays are larger than the cache, which holds {max_bytes} bytes")
            np.save(_place(folder, split, name), array, allow_pickle=False)


def _proper(split: str, name: str, value: Any) -> np.ndarray:
    array = np.ascontiguousarray(value)
    if not _WORD.fullmatch(split) or not _WORD.fullmatch(name):
        raise ValueError(f"{split!r} and {name!r} are not both lower-case words")
    if array.dtype.hasobject:
        raise ValueError(f"{split}.{name} holds objects; a data set holds numbers or text")
    return array


def _place(folder: Path, split: str, name: str) -> Path:
    return (
        folder / "hidden" / f"{name}.npy" if split == "hidden" else folder / "public" / f"{split}_{name}.npy"
    )


if __name__ == "__main__":
    main()
