"""What this process and its descendants use: the processor time and the memory of all together."""

import contextlib
import ctypes
import os
from pathlib import Path

from grader.sandbox import tree

_PR_SET_CHILD_SUBREAPER = 36
_TICKS = os.sysconf("SC_CLK_TCK")


def adopt_orphans() -> None:
    """Makes this process the parent of descendants whose own parent ends first, as bwrap's monitor does.

    Their processor time would otherwise be counted nowhere. Raises OSError.
    """
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "this process cannot adopt orphans")


def processor_seconds() -> float:
    """What this process and its descendants have used, those that ended included.

    To be called while nobody waits for the end of a child: those that ended are waited for here.
    """
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            continue
    return sum(_used(pid) for pid in _family())


def children_bytes() -> int:
    """Proportional set size of all descendants: a page that several share counts once.

    Raises PermissionError where the system does not tell.
    """
    return sum(_proportional(pid) for pid in tree.descendants(os.getpid()))


def _family() -> list[int]:
    return [os.getpid(), *tree.descendants(os.getpid())]


def _used(pid: int) -> float:
    """User and system time of a process and of the children it has waited for. 0 if it has just ended."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return sum(int(ticks) for ticks in stat.rpartition(")")[2].split()[11:15]) / _TICKS


def _proportional(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)
