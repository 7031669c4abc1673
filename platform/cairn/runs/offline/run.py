"""Repeats a training run from its capsule, with no network and no site: ``python run.py``.

The program gets the same module ``cairn`` as on a node; here it writes ``out/curves.csv``, and what it keeps
to ``out/``. At the end the last value of every curve stands beside the recorded one.
"""

import csv
import hashlib
import importlib
import json
import os
import runpy
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
OUT = HERE / "out"


class Recorder:
    """Takes the messages that would go to a node: points to a file of curves, files to a folder."""

    def __init__(self) -> None:
        OUT.mkdir(exist_ok=True)
        self._file = (OUT / "curves.csv").open("w", newline="")
        self._rows = csv.writer(self._file)
        self._rows.writerow(("curve", "try", "step", "seconds", "value"))
        self.last: dict[str, float] = {}

    def points(self, points: list[tuple[str, int, float, float]]) -> None:
        """Numbers for curves, as (name, step, value, seconds)."""
        for name, step, value, seconds in points:
            self._rows.writerow((name, 1, step, seconds, value))
            self.last[name] = value

    def tell(self, message: dict[str, Any], file: int | None = None) -> None:
        """Anything else: files are copied by name, the rest needs no answer here."""
        if file is None or "name" not in message:
            return
        size = os.fstat(file).st_size
        place = OUT / str(message["name"]).replace("/", "-")
        place.write_bytes(os.pread(file, size, 0))

    def close(self) -> None:
        """All is on disk afterwards."""
        self._file.close()


def main() -> int:
    """Run the program; 1 where data or inputs are missing or are not what they were."""
    about = json.loads((HERE / "capsule.json").read_text())
    if missing := absent(about):
        sys.stderr.write(missing + "\n")
        return 1
    recorder = prepare(about)
    os.chdir(HERE / "code")
    sys.path.insert(0, str(HERE / "code"))
    try:
        runpy.run_path(about["entry"], run_name="__main__")
    finally:
        recorder.close()
    compare(recorder.last, about["last"])
    return 0


def absent(about: dict[str, Any]) -> str:
    """What is not here, in words; empty where all is."""
    for name, digest in about["inputs"].items():
        place = HERE / "given" / "inputs" / name
        if not place.is_file() or hashlib.sha256(place.read_bytes()).hexdigest() != digest:
            return f"The input {name} with SHA-256 {digest} belongs into {place}. Download it from its run."
    for name, digest in about["datasets"].items():
        place = HERE / "data" / name
        if not place.is_dir():
            return (
                f"The public arrays of the data set {name} (loader {digest}) belong into {place}. "
                f"On a machine with Cairn: python manage.py datasets export {name} --to {HERE / 'data'}"
            )
    return ""


def prepare(about: dict[str, Any]) -> Recorder:
    """The module ``cairn`` as the program expects it, and its seeds set as a node sets them."""
    sys.path.insert(0, str(HERE))
    cairn: Any = importlib.import_module("cairn")
    recorder = Recorder()
    cairn._wire = recorder
    cairn._given = {"inputs": list(about["inputs"]), "datasets": list(about["datasets"])}
    cairn.GIVEN, cairn.DATA = str(HERE / "given"), str(HERE / "data")
    cairn.parameters = cairn.Parameters(about["parameters"])
    cairn.device, cairn.seed = "cpu", about["seed"]
    importlib.import_module("_cairn_shims").install(about["seed"], estimate=False)  # seeds, too
    return recorder


def compare(now: dict[str, float], then: dict[str, float | None]) -> None:
    """Print the last value of each curve, repeated and recorded."""
    for name, value in sorted(now.items()):
        known = then.get(name)
        recorded = f"{known:.6g}" if known is not None else "not recorded"
        sys.stdout.write(f"{name}: {value:.6g} (recorded: {recorded})\n")


if __name__ == "__main__":
    sys.exit(main())
