"""What a sandbox needs of this machine: the interpreter, its library, the packages learners may import."""

import functools
import os
import re
import sys
import sysconfig
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

_GRADER = Path(__file__).resolve().parent.parent
_HARNESS = ("learner", "codec", "warm_learner", "forks", "room")
_FRESH_SECONDS = 0.5
_REQUIREMENTS = _GRADER / "requirements.txt"


@dataclass(frozen=True)
class Runtime:
    """Paths on the host. ``packages`` are files and folders of site-packages."""

    python: Path
    libraries: tuple[Path, ...]
    packages: tuple[Path, ...]
    harness: tuple[Path, ...]


@functools.cache
def runtime() -> Runtime:
    """What this machine has. Raises PackageNotFoundError if a required package is not installed."""
    base = Path(sys.base_prefix)
    libraries = {
        Path(sysconfig.get_path("stdlib", vars={"base": str(base), "installed_base": str(base)})).parent
    }
    libraries |= {base / name for name in ("lib", "lib64") if (base / name).is_dir()}
    return Runtime(
        python=Path(os.path.realpath(sys._base_executable)),  # type: ignore[attr-defined]
        libraries=tuple(sorted(libraries)),
        packages=tuple(sorted(packages_of(_REQUIREMENTS, "msgpack"))),
        harness=tuple(_GRADER / "harness" / f"{name}.py" for name in _HARNESS),
    )


Mark = tuple[tuple[int, int, int], ...]


def fingerprint(paths: Iterable[str]) -> Mark:
    """What changes when one of these is edited or replaced. Raises FileNotFoundError if one is gone.

    Asked for often, so of strings: a Path would double its price.
    """
    return tuple((at.st_dev, at.st_ino, at.st_mtime_ns) for at in map(os.stat, paths))


class Watch:
    """A fingerprint of paths that are found when it is first asked for. Safe for several threads.

    Every job asks. It is taken anew when the last one is half a second old: whoever edits a file is slower.
    """

    def __init__(self, find: Callable[[], Iterable[str]]) -> None:
        self._find, self._paths = find, list[str]()
        self._last: tuple[float, Mark] | None = None

    def now(self) -> Mark:
        """The fingerprint. Raises FileNotFoundError if one of the paths is gone."""
        last, at = self._last, time.monotonic()
        if last is None or at - last[0] > _FRESH_SECONDS:
            self._paths = self._paths or sorted(self._find())
            self._last = last = (at, fingerprint(self._paths))
        return last[1]


def seen_by(paths: Iterable[Path]) -> set[str]:
    """Of which to take a fingerprint, so that it also shows when one of ``paths`` is replaced.

    For a folder of site-packages that is site-packages itself: to replace a package changes it.
    """
    return {str(path.parent if _is_package(path) else path) for path in paths}


def _is_package(path: Path) -> bool:
    return path.is_dir() and path.parent.name in ("site-packages", "dist-packages")


def packages_of(requirements: Path, *more: str) -> set[Path]:
    """The files of the packages that a file and ``more`` name, and of all that they need.

    Raises PackageNotFoundError if one is not installed.
    """
    lines = [line.partition("#")[0].strip() for line in requirements.read_text().splitlines()]
    waiting = [_name(line) for line in lines if line] + list(more)
    seen: set[str] = set()
    found: set[Path] = set()
    while waiting:
        if (name := waiting.pop()) in seen:
            continue
        seen.add(name)
        distribution = metadata.distribution(name)
        found |= _top_level(distribution)
        waiting += [_name(need) for need in distribution.requires or () if _applies(need)]
    return found


def _top_level(distribution: metadata.Distribution) -> set[Path]:
    root = Path(str(distribution.locate_file("")))
    names = {file.parts[0] for file in distribution.files or ()}
    return {root / name for name in names if name not in ("..", "__pycache__") and (root / name).exists()}


def _name(requirement: str) -> str:
    return re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0]


def _applies(requirement: str) -> bool:
    """Whether a dependency is meant for this machine: one that is optional or not installed is not."""
    if "extra ==" in requirement:
        return False
    try:
        metadata.distribution(_name(requirement))
    except metadata.PackageNotFoundError:
        return False
    return True
