"""Control groups: one for each job at a time, in which the kernel counts what it takes, and ends it in time.

Both versions are served, below the group that this process is in. Where groups can't be made there, all is
kept as it is without: by looking at the tree of processes every 20 ms.

A process moves itself in, by writing to a descriptor that the node opened: to be moved takes milliseconds,
and a spare has them. A group has one job at a time and is used again when it is empty.
"""

import contextlib
import itertools
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Protocol

from grader.contract import Limits
from grader.sandbox import tree

_SELF = Path("/proc/self")
_CORES = 2.0  # how many a job may keep busy; libraries start with one thread
_PERIOD = 100_000  # microseconds
_ENDING_SECONDS = 1.0
_LITTLE = 2**20
_numbers = itertools.count(1)
_OURS = 4  # processes of a room that are not the learner's


class NoGroups(OSError):
    """No control groups can be made here. The message says why."""


class Group(Protocol):
    """One control group, and all that a job's limits are set and asked through."""

    def doors(self) -> list[int]:
        """Descriptors of its own, open as long as it is there: who writes ``0`` to each is in the group."""

    def limit(self, limits: Limits) -> None:
        """Allows a job that starts now what it may take beyond what its fork holds. Raises OSError."""

    def renew(self) -> None:
        """Forgets an earlier job."""

    def peak(self) -> int:
        """The most that was taken since ``limit``, as far as this kernel tells; at least what is held now."""

    def memory(self) -> int:
        """Bytes that were taken since ``limit``: by processes, in work folders, by the kernel for them."""

    def overran(self) -> bool:
        """Whether the kernel ended a process, since this was last asked, that wanted more than allowed."""

    def empty(self) -> bool:
        """Whether nobody is in it."""

    def remove(self) -> None:
        """Removes it, if nobody is in it any more."""


class Groups:
    """The groups of this node, made as they are needed. Safe for several threads.

    ``make`` makes one by its name. What a killed node left lies below ``homes``; the next one removes it.
    """

    def __init__(self, version: int, homes: Iterable[Path], make: Callable[[str], Group]) -> None:
        self.version = version
        self._homes, self._make = list(homes), make
        self._lock, self._owner = threading.Lock(), os.getpid()
        self._free: list[Group] = []
        self._made: list[Group] = []
        self._sweep()

    def take(self) -> Group:
        """An empty group, until it is given back. Raises OSError."""
        with self._lock:
            for group in list(self._free):
                if _usable(group):
                    self._free.remove(group)
                    return group
            group = self._make(f"cairn-{os.getpid()}-{next(_numbers)}")
            self._made.append(group)
            return group

    def give_back(self, group: Group) -> None:
        """Lets it be used again, as soon as nobody is in it."""
        with self._lock:
            self._free.append(group)

    def close(self) -> None:
        """Removes all groups, when the last jobs have been ended. For the process that made them."""
        if self._owner != os.getpid():
            return
        give_up = time.monotonic() + _ENDING_SECONDS
        for group in self._made:
            with contextlib.suppress(OSError):  # somebody has removed it
                while not group.empty() and time.monotonic() < give_up:
                    time.sleep(0.01)
            group.remove()
        self._made.clear()
        self._free.clear()

    def _sweep(self) -> None:
        """Removes groups of nodes that have ended."""
        for home in self._homes:
            for folder in home.glob("cairn-*-*"):
                owner = folder.name.split("-")[1]
                if not Path("/proc", owner).exists():
                    with contextlib.suppress(OSError):
                        folder.rmdir()


def _usable(group: Group) -> bool:
    """Whether a job can have it now. One that somebody removed never will be."""
    try:
        if not group.empty():
            return False
        group.renew()
    except OSError:
        return False
    return True


def find(root: Path = _SELF) -> Groups:
    """The control groups that this process may make. Raises NoGroups with the reason where it may make none.

    ``root`` is where ``cgroup`` and ``mountinfo`` of this process are read.
    """
    if os.environ.get("CAIRN_CGROUPS") == "off":
        raise NoGroups("CAIRN_CGROUPS=off was set")
    places = own(root)
    try:
        groups = _version_2(places[""]) if "memory" not in places else _version_1(places)
        _try(groups)
    except KeyError:
        raise NoGroups("there is no control group for memory here") from None
    except NoGroups:
        raise
    except OSError as error:
        raise NoGroups(f"{error.strerror or error}: {error.filename or 'a control group'}") from None
    return groups


def own(root: Path = _SELF) -> dict[str, Path]:
    """The folder of this process's group for each controller of version 1; version 2's has an empty name."""
    mounts = _mounts((root / "mountinfo").read_text())
    found = {}
    for line in (root / "cgroup").read_text().splitlines():
        _, names, path = line.split(":", 2)
        for name in names.split(","):
            if name in mounts:
                base, mount = mounts[name]
                inner = path.removeprefix(base) if base != "/" else path
                found[name] = mount / inner.lstrip("/")
    return found


def _mounts(text: str) -> dict[str, tuple[str, Path]]:
    """For each controller: which group of the machine is seen where."""
    found = {}
    for line in text.splitlines():
        fields, _, kind = line.partition(" - ")
        base, mount = fields.split()[3:5]
        if kind.startswith("cgroup2 "):
            found[""] = base, Path(mount)
        elif kind.startswith("cgroup "):
            found |= {name: (base, Path(mount)) for name in kind.split()[-1].split(",")}
    return found


def _try(groups: Groups) -> None:
    """Makes a group and has a process enter it. Raises OSError."""
    group = groups.take()
    enter = 'for door; do echo 0 > "/proc/self/fd/$door" || exit 1; done'
    words = ["sh", "-c", enter, "sh", *map(str, group.doors())]
    done = subprocess.run(words, pass_fds=group.doors(), capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        group.remove()
        raise NoGroups(f"no process can be moved into one: {done.stderr.strip()[-200:]}")
    group.limit(Limits())
    groups.give_back(group)


# Version 1: a folder for each controller


def _version_1(places: Mapping[str, Path]) -> Groups:
    homes = {name: places[name] for name in ("memory", "pids", "cpu") if name in places}
    return Groups(1, homes.values(), lambda name: _Version1({kind: at / name for kind, at in homes.items()}))


class _Version1:
    def __init__(self, folders: Mapping[str, Path]) -> None:
        self._folders = folders
        self._before = self._bound = self._killed = self._processes = 0
        self._doors: list[int] = []
        try:
            self._furnish()
        except OSError:
            self.remove()
            raise

    def _furnish(self) -> None:
        for folder in self._folders.values():
            folder.mkdir(exist_ok=True)
            self._doors.append(os.open(folder / "cgroup.procs", os.O_WRONLY))
        _write(self._folders["memory"] / "memory.swappiness", 0)
        if cpu := self._folders.get("cpu"):
            _write(cpu / "cpu.cfs_quota_us", int(_CORES * _PERIOD))

    def doors(self) -> list[int]:
        return self._doors

    def limit(self, limits: Limits) -> None:
        memory = self._folders["memory"]
        self._before = _number(memory / "memory.usage_in_bytes")
        if _differ(self._bound, bound := self._before + _bound(limits)):
            self._bound = bound
            _write(memory / "memory.limit_in_bytes", bound)
        if "pids" in self._folders and self._processes != limits.processes:
            self._processes = limits.processes
            _write(self._folders["pids"] / "pids.max", limits.processes + _OURS)

    def renew(self) -> None:
        self.overran()
        _write(self._folders["memory"] / "memory.max_usage_in_bytes", 0)

    def peak(self) -> int:
        return max(0, _number(self._folders["memory"] / "memory.max_usage_in_bytes") - self._before)

    def memory(self) -> int:
        return max(0, _number(self._folders["memory"] / "memory.usage_in_bytes") - self._before)

    def overran(self) -> bool:
        control = self._folders["memory"] / "memory.oom_control"
        before, self._killed = self._killed, _counted(control, "oom_kill")
        return self._killed > before

    def empty(self) -> bool:
        return not _text(self._folders["memory"] / "cgroup.procs")

    def remove(self) -> None:
        for door in self._doors:
            os.close(door)
        for folder in self._folders.values():
            with contextlib.suppress(OSError):
                folder.rmdir()


# Version 2: one folder, in which a group has either processes or groups with controllers


def _version_2(home: Path) -> Groups:
    has = set((home / "cgroup.controllers").read_text().split())
    if not {"memory", "pids"} <= has:
        raise NoGroups(f"{home} has no controllers for memory and processes")
    wanted = [name for name in ("memory", "pids", "cpu") if name in has]
    given = set((home / "cgroup.subtree_control").read_text().split())
    if not set(wanted) <= given:
        _make_room(home)
        _write(home / "cgroup.subtree_control", " ".join(f"+{name}" for name in wanted))
    return Groups(2, [home], lambda name: _Version2(home / name))


def _make_room(home: Path) -> None:
    """Moves ourselves down by one, as the kernel wants it. Raises NoGroups if others are in the group."""
    present = {int(word) for word in (home / "cgroup.procs").read_text().split()}
    family = {os.getpid(), *tree.descendants(os.getpid())}
    if others := present - family:
        raise NoGroups(f"{len(others)} other processes are in the control group {home}")
    if present:
        (home / "cairn-node").mkdir(exist_ok=True)
        for pid in present:
            _write(home / "cairn-node" / "cgroup.procs", pid)


class _Version2:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._before = self._bound = self._killed = self._processes = 0
        folder.mkdir(exist_ok=True)
        for name, value in (("memory.swap.max", 0), ("cpu.max", f"{int(_CORES * _PERIOD)} {_PERIOD}")):
            if (folder / name).exists():
                _write(folder / name, value)

        self._doors = [os.open(folder / "cgroup.procs", os.O_WRONLY)]

    def doors(self) -> list[int]:
        return self._doors

    def limit(self, limits: Limits) -> None:
        self._before = _number(self._folder / "memory.current")
        if _differ(self._bound, bound := self._before + _bound(limits)):
            self._bound = bound
            _write(self._folder / "memory.max", bound)
        if self._processes != limits.processes:
            self._processes = limits.processes
            _write(self._folder / "pids.max", limits.processes + _OURS)

    def renew(self) -> None:
        self.overran()

    def peak(self) -> int:
        return self.memory()  # memory.peak can't be counted anew on every kernel that has it

    def memory(self) -> int:
        return max(0, _number(self._folder / "memory.current") - self._before)

    def overran(self) -> bool:
        before, self._killed = self._killed, _counted(self._folder / "memory.events", "oom_kill")
        return self._killed > before

    def empty(self) -> bool:
        return not _text(self._folder / "cgroup.procs")

    def remove(self) -> None:
        for door in self._doors:
            os.close(door)
        with contextlib.suppress(OSError):
            self._folder.rmdir()


def _differ(old: int, new: int) -> bool:
    """Whether a new bound is worth the time to set it."""
    return abs(old - new) > _LITTLE


def _bound(limits: Limits) -> int:
    """A little above the limit, so that what grows slowly is seen first, and its size can be told."""
    return limits.memory_bytes * 17 // 16


# Asked for many times a second, so plainly.


def _text(path: Path) -> str:
    with open(path) as file:  # noqa: PTH123
        return file.read()


def _number(path: Path) -> int:
    return int(_text(path))


def _counted(path: Path, name: str) -> int:
    """The number after ``name`` in a file of names and numbers; 0 where this kernel does not count that."""
    return next((int(line.split()[1]) for line in _text(path).splitlines() if line.split()[0] == name), 0)


def _write(path: Path, value: int | str) -> None:
    path.write_text(str(value))
