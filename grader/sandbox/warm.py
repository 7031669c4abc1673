"""Learner code in a fork of a warm process, sealed in a room of its own.

One *cell* for the node: a bubblewrap sandbox with the same read-only root that a job's would have. In it a
nursery (``harness/warm_learner.py``) keeps a warm process per runtime, and spare forks of them, each already
in its own namespaces. A job takes a spare, hands it its limits and pipes, and has another made.
"""

import contextlib
import os
import subprocess
import threading
import weakref
from collections.abc import Sequence
from typing import IO

from grader.contract import Limits
from grader.harness.forks import runtime_for
from grader.harness.room import SIZE
from grader.nursery import Fork, Nursery
from grader.sandbox import bubblewrap, cgroups, seccomp, tree
from grader.sandbox.base import Confined, Exit
from grader.sandbox.cgroups import Groups, NoGroups
from grader.sandbox.runtime import Mark, runtime

_COMMAND = ("-I", "-S", "-B", "-u", "/harness/warm_learner.py")


class Warm:
    """Forks of warm processes. Needs bubblewrap for the cell, and namespaces within it."""

    name = "warm"
    isolates = True

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cell: Nursery | None = None
        self._of: Mark = ()
        self._groups, self.groups_missing = _groups()
        if self._groups:
            weakref.finalize(self, self._groups.close)  # those of the nurseries come first: they are younger

    @property
    def groups(self) -> int:
        """Which version of control groups its jobs are in; 0 for none, for the reason ``groups_missing``."""
        return self._groups.version if self._groups else 0

    def self_test(self) -> str:
        """Starts the cell and has a fork made. Returns why it did not work, or an empty text."""
        if bubblewrap.bwrap() is None:
            return "there is no bwrap program"
        try:
            fork = self._nursery().take("plain")
        except OSError as error:
            return str(error)[:500]
        fork.kill()
        fork.close()
        return ""

    def launch(self, rpc: int, limits: Limits, libraries: Sequence[str] = ()) -> Confined:
        """Gives the job to a waiting fork. Raises OSError if none can be had."""
        pipes = (*os.pipe(), *os.pipe())
        try:
            need = "" if limits.file_bytes == SIZE else f"@{limits.file_bytes}"
            fork = self._employ(runtime_for(list(libraries)) + need, [rpc, pipes[1], pipes[3]], limits)
        except OSError:
            os.close(pipes[0])
            os.close(pipes[2])
            raise
        finally:
            os.close(pipes[1])
            os.close(pipes[3])
        return Learner(fork, pipes[0], pipes[2])

    def warm_up(self, libraries: Sequence[str]) -> None:
        """Starts what a job with these libraries would need, without waiting for it. Raises OSError."""
        self._nursery().replenish(runtime_for(list(libraries)))

    def nursery(self) -> Nursery | None:
        """The cell's nursery, if it is there."""
        return self._cell if self._cell is not None and self._cell.alive() else None

    def _employ(self, name: str, descriptors: list[int], limits: Limits) -> Fork:
        """Gives work to a fork; to one of a new cell if somebody killed the old one just now."""
        try:
            return self._nursery().employ(name, b"!", descriptors, limits)
        except OSError:
            self._forget()
            return self._nursery().employ(name, b"!", descriptors, limits)

    def _forget(self) -> None:
        with self._lock:
            self._cell = None

    def _nursery(self) -> Nursery:
        """The cell; a new one if it was killed, or if anything that it shows was edited or replaced.

        An old one ends when the last job in it has.
        """
        with self._lock:
            now = bubblewrap.shown_now()
            if self._cell is None or self._of != now or not self._cell.alive():
                self._cell, self._of = Nursery(_start, self._groups), now
            return self._cell


def _groups() -> tuple[Groups | None, str]:
    """The control groups for jobs, or why there are none."""
    try:
        return cgroups.find(), ""
    except NoGroups as why:
        return None, str(why)


def _start(fd: int, errors: IO[bytes]) -> "subprocess.Popen[bytes]":
    program = (seccomp.program() or b"").hex()
    return bubblewrap.start_cell(
        [str(runtime().python), *_COMMAND, str(fd), "/packages", program], fd, errors
    )


class Learner:
    """A Confined that is a fork in a room."""

    def __init__(self, fork: Fork, stdout: int, stderr: int) -> None:
        self._fork = fork
        self._pids: list[int] = []
        self._peak, self._cpu = 0, 0.0
        self.stdout, self.stderr = stdout, stderr

    def memory(self) -> int:
        """Bytes that the tree holds now: in a control group what it took, else with what it was born with.

        Orphans belong to the room's first.
        """
        own, group = self._fork.pid, self._fork.group
        self._pids = [own, *tree.descendants(own), *tree.descendants(self._fork.room_pid)]
        now = group.memory() if group else tree.memory(self._pids)
        self._peak = max(self._peak, now)
        self._cpu = max(self._cpu, tree.processor_seconds(self._pids))
        return now

    def overran(self) -> bool:
        """Whether the kernel ended a process of the tree that wanted more memory than it may have."""
        return self._fork.group is not None and self._fork.group.overran()

    def processes(self) -> int:
        """How many processes there were when memory was last asked for."""
        return len(self._pids)

    def ended(self, seconds: float = 0.0) -> bool:
        """Whether the learner's process has ended; waits so long to see."""
        return self._fork.ended(seconds)

    def kill(self) -> None:
        """Ends the room, and all in it with it."""
        self._fork.kill()

    def wait(self) -> Exit:
        """Waits for the end of the learner's process."""
        end = self._fork.wait()
        code = 128 - end.code if end.code is not None and end.code < 0 else end.code
        peak = self._fork.group.peak() if self._fork.group else end.peak_bytes
        return Exit(code, max(self._cpu, end.cpu_seconds), max(self._peak, peak))

    def dismiss(self) -> Exit:
        """Kills the room. How long it takes to be cleared away is nobody's wait."""
        self._cpu = max(self._cpu, tree.processor_seconds([self._fork.pid]))
        self._peak = max(self._peak, self._fork.group.peak() if self._fork.group else self._highest())
        self.kill()
        return Exit(None, self._cpu, self._peak)

    def _highest(self) -> int:
        with contextlib.suppress(OSError), open(f"/proc/{self._fork.pid}/status") as file:  # noqa: PTH123
            return int(next((line.split()[1] for line in file if line.startswith("VmHWM:")), "0")) * 1024
        return 0

    def close(self) -> None:
        """Closes the pipes, and what is held of the fork."""
        os.close(self.stdout)
        os.close(self.stderr)
        self._fork.close()
