"""A process and its descendants, seen from outside through /proc: how much they hold, and ending them."""

# Read many times a second, so plainly.
# ruff: noqa: PTH123, PTH208

import os
import signal
import time

_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")


def descendants(pid: int) -> list[int]:
    """All living descendants of ``pid``, parents first."""
    found: list[int] = []
    waiting = [pid]
    while waiting:
        children = _children(waiting.pop())
        found += children
        waiting += children
    return found


def memory(pids: list[int]) -> int:
    """Bytes resident in these processes; pages shared by several are counted once.

    Adding up what each has resident is cheap and never too little. The exact sum is asked for only where
    there are several, whose shared pages would count once for each.
    """
    resident = [_resident(child) for child in pids]
    large = [child for child, size in zip(pids, resident, strict=True) if size > 2**22]
    if len(large) < 2:
        return sum(resident)
    return sum(_proportional(child) or size for child, size in zip(pids, resident, strict=True))


def held(pid: int) -> int:
    """Bytes that one process holds, each page that it shares divided among its sharers."""
    return _proportional(pid) or _resident(pid)


def name(pid: int) -> str:
    """What a process calls itself; empty for one that is gone."""
    try:
        with open(f"/proc/{pid}/comm") as file:
            return file.read().strip()
    except OSError:
        return ""


def children(pid: int) -> list[int]:
    """The living children of ``pid``."""
    return _children(pid)


def processor_seconds(pids: list[int]) -> float:
    """Processor time that these processes and their ended children have used."""
    return sum(_seconds(pid) for pid in pids)


def kill(pid: int) -> None:
    """Kills the children of ``pid`` and, if it then does not end by itself, ``pid``.

    Under bubblewrap the one child is the first process of a PID namespace: with it, the kernel kills all
    others at once, also those that fled into sessions of their own.
    """
    victims = descendants(pid)
    for victim in victims or [pid]:
        try:
            os.kill(victim, signal.SIGKILL)
        except ProcessLookupError:
            continue


def _children(pid: int) -> list[int]:
    found: list[int] = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children") as file:
                found += [int(child) for child in file.read().split()]
    except OSError:
        pass  # it ended while we looked
    return found


def _resident(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/statm") as file:
            return int(file.read().split()[1]) * _PAGE
    except (OSError, IndexError):
        return 0


def _seconds(pid: int) -> float:
    """Of one process, to the nanosecond, and of its ended children, in ticks."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            # The name in parentheses may hold anything; after it come state (3rd) to cstime (17th).
            ticks = [int(field) for field in file.read().rpartition(")")[2].split()[13:15]]
        return _scheduled(pid) + sum(ticks) / _TICKS
    except (OSError, ValueError):
        return 0.0


def _scheduled(pid: int) -> float:
    """What the process's own clock says: see clock_getcpuclockid(3) for how the kernel names it."""
    return time.clock_gettime(~pid << 3 | 2)


def _proportional(pid: int) -> int:
    """The proportional set size: each shared page divided among its sharers. 0 if it can't be read."""
    try:
        with open(f"/proc/{pid}/smaps_rollup") as file:
            return next((int(line.split()[1]) * 1024 for line in file if line.startswith("Pss:")), 0)
    except OSError:
        return 0
