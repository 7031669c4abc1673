"""What grading takes of the machine: processor time of our cores, and memory of the processes it started."""

import os
from pathlib import Path

from grader.sandbox import tree

_TICKS = os.sysconf("SC_CLK_TCK")
_BUSY = (0, 1, 2, 5, 6)  # user, nice, system, irq, softirq: neither idle nor stolen


def busy_seconds() -> float:
    """How long the cores that this process may use have been busy, whoever kept them busy.

    Adding up processes would miss much: the kernel keeps no time of what is killed with its PID namespace,
    and clears namespaces away in threads of its own.
    """
    ours = {f"cpu{core}" for core in os.sched_getaffinity(0)}
    lines = [line.split() for line in Path("/proc/stat").read_text().splitlines()]
    ticks = [int(line[1 + field]) for line in lines if line[0] in ours for field in _BUSY]
    return sum(ticks) / _TICKS


def children_bytes() -> int:
    """Proportional set size of all descendants: a page that several share counts once.

    Raises PermissionError where the system does not tell.
    """
    return sum(proportional(pid) for pid in tree.descendants(os.getpid()))


def proportional(pid: int) -> int:
    """Proportional set size of a process, in bytes; 0 once it has gone."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)
