"""Data sets on a node: made once by a trusted loader, kept by digest, shown to jobs read-only.

An entry of the cache holds two folders of ``.npy`` files. ``public`` has the arrays of all splits but the
hidden one as ``<split>_<name>.npy``; only it is ever shown in a sandbox. ``hidden`` has the hidden split's
arrays as ``<name>.npy``, for the evaluation. An entry appears whole, by a rename, or not at all.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.contract import DatasetUse

_GRADER = Path(__file__).resolve().parent.parent
_LOADER_SECONDS = 1800.0
_FORGOTTEN_SECONDS = 3600.0


class NotPrepared(Exception):
    """A data set could not be made; the message says which and why. Nobody's fault but ours."""


@dataclass(frozen=True)
class Prepared:
    """A data set that is there: read it, never write it."""

    name: str
    folder: Path

    @property
    def public(self) -> Path:
        """The arrays that a training may see."""
        return self.folder / "public"

    @property
    def hidden(self) -> Path:
        """The arrays that only an evaluation may see."""
        return self.folder / "hidden"

    def size(self) -> int:
        """Bytes of all arrays."""
        return _size(self.folder)


class Cache:
    """A folder of data sets, at most so many bytes of them. Safe for several processes."""

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._folder, self._max = folder / "datasets", max_bytes
        self._folder.mkdir(parents=True, exist_ok=True)

    @contextlib.contextmanager
    def holding(self, uses: Sequence[DatasetUse], loaders: dict[str, str]) -> Iterator[list[Prepared]]:
        """The data sets, made where they are missing, and not removed while they are held.

        Raises NotPrepared.
        """
        with contextlib.ExitStack() as held:
            yield [self._held(use, loaders, held) for use in uses]

    def _held(self, use: DatasetUse, loaders: dict[str, str], held: contextlib.ExitStack) -> Prepared:
        if use.loader not in loaders:
            raise NotPrepared(f"The data set {use.name} has no loader {use.loader}.")
        place = self._folder / _key(use, loaders[use.loader])
        with _locked(place.with_suffix(".lock"), fcntl.LOCK_EX):
            if not place.is_dir():
                self._make(use, loaders, place)
        held.enter_context(_locked(place.with_suffix(".lock"), fcntl.LOCK_SH))
        os.utime(place)
        return Prepared(use.name, place)

    def _make(self, use: DatasetUse, loaders: dict[str, str], place: Path) -> None:
        self._make_room()
        work = Path(tempfile.mkdtemp(dir=self._folder, prefix="making-"))
        try:
            _load(use, loaders, work, self._max)
            (work / "made").replace(place)
        finally:
            shutil.rmtree(work, ignore_errors=True)

    def _make_room(self) -> None:
        """Removes what was longest unused and is not held, until half of the cache is free."""
        for left in self._folder.glob("making-*"):
            if time.time() - left.stat().st_mtime > _FORGOTTEN_SECONDS:
                shutil.rmtree(left, ignore_errors=True)
        entries = sorted(self._entries(), key=lambda entry: entry.stat().st_mtime)
        total = sum(map(_size, entries))
        for entry in entries:
            if total <= self._max // 2:
                return
            with (
                contextlib.suppress(BlockingIOError),
                _locked(entry.with_suffix(".lock"), fcntl.LOCK_EX | fcntl.LOCK_NB),
            ):
                total -= _size(entry)
                shutil.rmtree(entry, ignore_errors=True)

    def _entries(self) -> list[Path]:
        return [path for path in self._folder.iterdir() if path.is_dir() and len(path.name) == 64]


def cache_folder() -> Path:
    """CAIRN_CACHE, or ``cache`` in CAIRN_HOME, or the user's own."""
    if named := os.environ.get("CAIRN_CACHE"):
        return Path(named)
    if home := os.environ.get("CAIRN_HOME"):
        return Path(home) / "cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cairn"


def files_folder() -> Path:
    """Where loaders find what was fetched for them: CAIRN_DATASETS, or ``files`` in the cache."""
    return Path(os.environ.get("CAIRN_DATASETS") or cache_folder() / "files").resolve()


def cache() -> Cache:
    """The node's cache; CAIRN_CACHE_GB, by default 20, bounds it."""
    return Cache(cache_folder(), int(float(os.environ.get("CAIRN_CACHE_GB", "20")) * 2**30))


def _key(use: DatasetUse, text: str) -> str:
    """Changes with the loader, its arguments, and what the site says of either."""
    parts = json.dumps([use.digest, text, use.arguments], sort_keys=True)
    return hashlib.sha256(parts.encode()).hexdigest()


def _load(use: DatasetUse, loaders: dict[str, str], work: Path, max_bytes: int) -> None:
    """Runs the loader in a process of its own, for its memory and time are not the node's."""
    for name, text in loaders.items():
        (work / name).write_text(text, encoding="utf-8")
    said = {"module": use.loader.removesuffix(".py"), "arguments": use.arguments, "max_bytes": max_bytes}
    command = [sys.executable, "-m", "grader.training.loader", str(work)]
    environment = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    try:
        done = subprocess.run(  # noqa: S603
            command,
            input=json.dumps(said),
            env=environment
            | {"PYTHONPATH": str(_GRADER.parent), "PYTHONHASHSEED": "0", "HOME": str(work)}
            | {"CAIRN_DATASETS": str(files_folder())},
            cwd=work,
            capture_output=True,
            text=True,
            timeout=_LOADER_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NotPrepared(f"The data set {use.name} was not made within {_LOADER_SECONDS:g} s.") from None
    if done.returncode != 0:
        raise NotPrepared(f"The data set {use.name} could not be made: {done.stderr.strip()[-1500:]}")


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


@contextlib.contextmanager
def _locked(path: Path, kind: int) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, kind)
        yield
