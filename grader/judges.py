"""The node's judges: forks of warm processes on the trusted side, each with one job at a time."""

import atexit
import contextlib
import os
import secrets
import shutil
import sys
import tempfile
import threading
import time
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from subprocess import DEVNULL, Popen
from typing import IO

from grader.harness.forks import runtime_for
from grader.harness.judge import SCRATCH
from grader.nursery import Fork, Nursery
from grader.sandbox.runtime import Mark, Watch, runtime, seen_by

_GRADER = Path(__file__).resolve().parent

_PREFIX = "cairn-judge-"
_STAYING = max(2, os.cpu_count() or 1)  # judges of each runtime that wait for more
_TIDY_SECONDS = 0.02  # what one that has just judged may take until it can again
_FORGOTTEN_SECONDS = 3 * 3600.0  # no job may take as long

_recent: deque[Path] = deque(maxlen=32)  # scratch folders that their judges are about to remove

_lock = threading.Lock()
_staff: "_Staff | None" = None
_of: Mark = ()


class Judge:
    """A judge with a job, whose files are in ``scratch``."""

    def __init__(self, fork: Fork, staff: "_Staff", runtime: str, scratch: Path) -> None:
        self._fork, self._staff, self._runtime, self._scratch = fork, staff, runtime, scratch

    @property
    def pid(self) -> int:
        """Its process."""
        return self._fork.pid

    def dismiss(self, *, stays: bool) -> None:
        """The job is over. It may wait for another if it ``stays``; else it ends, whatever it is doing."""
        if stays:
            _recent.append(self._scratch)
            self._staff.keep(self._runtime, self._fork)
        else:
            _end(self._fork)
            shutil.rmtree(self._scratch, ignore_errors=True)  # what it had no time to remove


class _Staff:
    """A nursery, and those of its forks that have judged and wait for more. Safe for several threads."""

    def __init__(self) -> None:
        self.nursery = Nursery(_start)
        self._lock = threading.Lock()
        self._waiting: defaultdict[str, deque[Fork]] = defaultdict(deque)
        self._closed = False

    def employ(self, runtime: str, materials: Path | None, descriptors: list[int]) -> Judge:
        """Gives work to a judge that waits for more, else to a new one. Raises OSError."""
        scratch = Path(SCRATCH or tempfile.gettempdir()) / f"{_PREFIX}{secrets.token_hex(8)}"
        word = f"{scratch}\0{materials or ''}".encode()
        for fork in self._waiting_for(runtime):
            with contextlib.suppress(OSError):  # somebody killed it just now
                fork.give(word, descriptors)
                return Judge(fork, self, runtime, scratch)
            _end(fork)
        return Judge(self.nursery.employ(runtime, word, descriptors), self, runtime, scratch)

    def keep(self, runtime: str, fork: Fork) -> None:
        """Has a judge wait, unless enough of them do."""
        with self._lock:
            waiting = self._waiting[runtime]
            if not self._closed and len(waiting) < _STAYING:
                waiting.append(fork)
                return
        _end(fork)

    def close(self) -> None:
        """Ends those who wait; whoever still judges ends with its job."""
        with self._lock:
            self._closed = True
            forks = [fork for waiting in self._waiting.values() for fork in waiting]
            self._waiting.clear()
        for fork in forks:
            _end(fork)

    def _waiting_for(self, runtime: str) -> Iterator[Fork]:
        """Those that are ready. Who has waited longest comes first: it has had the time to clear up."""
        for _ in range(_STAYING):
            with self._lock:
                if not self._waiting[runtime]:
                    return
                fork = self._waiting[runtime].popleft()
            if fork.ready(_TIDY_SECONDS):
                yield fork
            elif fork.over():
                _end(fork)
            else:
                self.keep(runtime, fork)


def start_judge(
    job: bytes, libraries: Sequence[str], rpc: int, events: int, errors: int, materials: Path | None
) -> Judge:
    """Has a judge judge ``job`` over ``rpc``, saying what happens on ``events``. Raises OSError.

    ``materials`` is a folder with what its tests may ask for.
    """
    with os.fdopen(os.memfd_create("job"), "wb", buffering=0) as file:
        file.write(job)
        return _employ(runtime_for(list(libraries)), materials, [rpc, events, errors, file.fileno()])


def warm_up(libraries: Sequence[str]) -> None:
    """Starts what a judge with these libraries would need, without waiting for it. Raises OSError."""
    _current().nursery.replenish(runtime_for(list(libraries)))


def nursery() -> Nursery | None:
    """The nursery there is, if there is one."""
    return _staff.nursery if _staff is not None and _staff.nursery.alive() else None


@atexit.register
def _remove_recent() -> None:
    """A judge ends with the node, and may not have come to it."""
    for scratch in _recent:
        shutil.rmtree(scratch, ignore_errors=True)


def _end(fork: Fork) -> None:
    fork.kill()
    fork.close()


def _employ(name: str, materials: Path | None, descriptors: list[int]) -> Judge:
    """Gives work to a fork; to one of a new nursery if somebody killed the old one just now."""
    global _staff
    try:
        return _current().employ(name, materials, descriptors)
    except OSError:
        with _lock:
            if _staff:
                _staff.close()
            _staff = None
        return _current().employ(name, materials, descriptors)


def _current() -> _Staff:
    """The staff; a new one if its nursery was killed, or if anything that it has imported was edited."""
    global _staff, _of
    with _lock:
        now = _watch.now()
        if _staff is None or _of != now or not _staff.nursery.alive():
            _sweep()
            if _staff:
                _staff.close()
            _staff, _of = _Staff(), now
        return _staff


def _sweep() -> None:
    """Removes the scratch folders of nodes that were killed long ago: they lie in memory."""
    for prefix in (_PREFIX, "cairn-rehearsal-"):
        for folder in Path(SCRATCH or tempfile.gettempdir()).glob(f"{prefix}*"):
            with contextlib.suppress(OSError):
                if time.time() - folder.stat().st_mtime > _FORGOTTEN_SECONDS:
                    shutil.rmtree(folder, ignore_errors=True)


def _sources() -> set[str]:
    """What a judge imports; for a folder, the time of the last file made or renamed in it counts."""
    folders = [_GRADER / "checks", _GRADER / "harness"]
    files = [path for folder in folders for path in sorted(folder.glob("*.py"))]
    return seen_by({*folders, *files, _GRADER / "contract.py", *runtime().packages})


_watch = Watch(_sources)


def _start(fd: int, errors: IO[bytes]) -> "Popen[bytes]":
    return Popen(  # noqa: S603
        [sys.executable, "-m", "grader.harness.warm_judge", str(fd)],
        stdin=DEVNULL,
        stdout=DEVNULL,
        stderr=errors,
        pass_fds=[fd],
        cwd=_GRADER.parent,
        env=_environment(),
        start_new_session=True,
    )


def _environment() -> dict[str, str]:
    """What judges get of the node's environment: nothing that could hold a secret."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    return kept | {
        "PYTHONPATH": str(_GRADER.parent),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "HOME": "/nonexistent",
    }
