"""What the tests of a training may ask for: ``data``, ``curves`` and ``parameters``. On the trusted side.

The node writes a folder, the judge reads it. A test that names one of these as its parameter gets it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NAMES = ("data", "curves", "parameters")


@dataclass(frozen=True)
class Dataset:
    """A data set's arrays. ``public`` by split and name, as ``train_images``; ``hidden`` by name."""

    public: dict[str, Any]
    hidden: dict[str, Any]


def write(
    folder: Path,
    parameters: Mapping[str, Any],
    data: Mapping[str, Mapping[str, Path]],
    curves: Mapping[str, tuple[Any, Any, Any]],
) -> None:
    """Lays materials out: parameters as they are, data sets by where they lie, curves as arrays."""
    import numpy

    folder.mkdir()
    places = {name: {half: str(place) for half, place in halves.items()} for name, halves in data.items()}
    said = {"parameters": dict(parameters), "data": places, "curves": list(curves)}
    (folder / "materials.json").write_text(json.dumps(said))
    columns = {
        f"{index}-{column}": array
        for index, arrays in enumerate(curves.values())
        for column, array in zip(("steps", "values", "seconds"), arrays, strict=True)
    }
    numpy.savez(folder / "curves.npz", **columns)


def read(folder: Path, name: str) -> Any:
    """One of the materials. Raises KeyError where the job has none."""
    if name not in NAMES or not (folder / "materials.json").is_file():
        raise KeyError(name)
    said = json.loads((folder / "materials.json").read_text())
    if name == "parameters":
        return said["parameters"]
    if name == "data":
        return {
            key: Dataset(_arrays(places["public"]), _arrays(places["hidden"]))
            for key, places in said["data"].items()
        }
    return _curves(folder, said["curves"])


def _arrays(place: str) -> dict[str, Any]:
    import numpy

    return {
        path.stem: numpy.load(path, mmap_mode="r", allow_pickle=False)
        for path in sorted(Path(place).glob("*.npy"))
    }


def _curves(folder: Path, names: list[str]) -> dict[str, Any]:
    import numpy

    from grader.checks.curves import Curves

    with numpy.load(folder / "curves.npz", allow_pickle=False) as columns:
        return Curves({name: _curve(columns, index, name) for index, name in enumerate(names)})


def _curve(columns: Any, index: int, name: str) -> Any:
    from grader.checks.curves import Curve

    steps, values, seconds = (columns[f"{index}-{column}"] for column in ("steps", "values", "seconds"))
    return Curve(steps, values, seconds, name)
