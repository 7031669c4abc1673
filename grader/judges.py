"""The node's judges: forks of warm processes on the trusted side, one for each job."""

import contextlib
import functools
import os
import shutil
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from subprocess import DEVNULL, Popen
from typing import IO

from grader.harness.forks import runtime_for
from grader.harness.judge import SCRATCH
from grader.nursery import Fork, Nursery
from grader.sandbox.runtime import Mark, fingerprint, runtime, seen_by

_GRADER = Path(__file__).resolve().parent

_FORGOTTEN_SECONDS = 3 * 3600.0  # no job may take as long

_lock = threading.Lock()
_nursery: Nursery | None = None
_of: Mark = ()


def start_judge(
    job: bytes, libraries: Sequence[str], rpc: socket.socket, events: int, errors: IO[bytes], scratch: Path
) -> Fork:
    """Has a judge judge ``job`` over ``rpc``, saying what happens on ``events``. Raises OSError."""
    with os.fdopen(os.memfd_create("job"), "wb", buffering=0) as file:
        file.write(job)
        descriptors = [rpc.fileno(), events, errors.fileno(), file.fileno()]
        return _employ(runtime_for(list(libraries)), bytes(scratch), descriptors)


def warm_up(libraries: Sequence[str]) -> None:
    """Starts what a judge with these libraries would need, without waiting for it. Raises OSError."""
    _current().replenish(runtime_for(list(libraries)))


def nursery() -> Nursery | None:
    """The nursery there is, if there is one."""
    return _nursery if _nursery is not None and _nursery.alive() else None


def _employ(name: str, word: bytes, descriptors: list[int]) -> Fork:
    """Gives work to a fork; to one of a new nursery if somebody killed the old one just now."""
    global _nursery
    try:
        return _current().employ(name, word, descriptors)
    except OSError:
        with _lock:
            _nursery = None
        return _current().employ(name, word, descriptors)


def _current() -> Nursery:
    """The nursery; a new one if it was killed, or if anything that it has imported was edited."""
    global _nursery, _of
    with _lock:
        now = fingerprint(_sources())
        if _nursery is None or _of != now or not _nursery.alive():
            _sweep()
            _nursery, _of = Nursery(_start), now
        return _nursery


def _sweep() -> None:
    """Removes the scratch folders of nodes that were killed long ago: they lie in memory."""
    for prefix in ("cairn-judge-", "cairn-rehearsal-"):
        for folder in Path(SCRATCH or tempfile.gettempdir()).glob(f"{prefix}*"):
            with contextlib.suppress(OSError):
                if time.time() - folder.stat().st_mtime > _FORGOTTEN_SECONDS:
                    shutil.rmtree(folder, ignore_errors=True)


@functools.cache
def _sources() -> list[str]:
    """What a judge imports; for a folder, the time of the last file made or renamed in it counts."""
    folders = [_GRADER / "checks", _GRADER / "harness"]
    files = [path for folder in folders for path in sorted(folder.glob("*.py"))]
    return sorted(seen_by({*folders, *files, _GRADER / "contract.py", *runtime().packages}))


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
