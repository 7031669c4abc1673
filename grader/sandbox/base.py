"""What every backend offers: start a learner process, watch it, end it as a tree."""

import contextlib
import os
import select
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from grader.contract import Limits
from grader.sandbox import tree


class SandboxUnavailable(RuntimeError):
    """No isolation can be had here. The message says why, and what a person can do about it."""


@dataclass(frozen=True)
class Exit:
    """How the learner's process ended. ``code`` is as a shell gives it: 128 + n for signal n.

    It is None where we cannot know, because a process of ours was killed.
    """

    code: int | None
    cpu_seconds: float
    peak_bytes: int


class Confined(Protocol):
    """A running learner process. ``stdout`` and ``stderr`` are our ends of its pipes."""

    stdout: int
    stderr: int

    def memory(self) -> int:
        """Bytes that the whole tree holds now."""

    def overran(self) -> bool:
        """Whether the kernel ended a process of the tree that wanted more memory than it may have.

        Asked once; only a control group tells.
        """

    def processes(self) -> int:
        """How many processes the tree had when memory was last asked for."""

    def ended(self, seconds: float = 0.0) -> bool:
        """Whether the tree has ended by itself; waits so long to see."""

    def kill(self) -> None:
        """Ends the whole tree. Harmless on one that has ended."""

    def wait(self) -> Exit:
        """Waits for the end and gives it; again and again if asked."""

    def dismiss(self) -> Exit:
        """Ends the tree, and gives what it has used: for when it does not matter how it ends."""

    def close(self) -> None:
        """Closes the pipes, once they have been read."""


class Backend(Protocol):
    """A way to confine. ``isolates`` is false only for the one that must be asked for by name."""

    name: str
    isolates: bool

    def self_test(self) -> str:
        """Tries to confine something. Returns why it cannot, or an empty text."""

    def launch(self, rpc: int, limits: Limits, libraries: Sequence[str] = ()) -> Confined:
        """Starts the learner's harness with ``rpc`` as its connection to the judge.

        ``libraries`` are those of ``harness.judge.LIBRARIES`` that it will need. Raises OSError.
        """


class ProcessTree:
    """A Confined that is a subprocess: its output pipes, its descendants, its end."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        assert process.stdout is not None  # noqa: S101
        assert process.stderr is not None  # noqa: S101
        self._process = process
        self._exit: Exit | None = None
        self._peak, self._held, self._cpu = 0, 0, 0.0
        self._pids: list[int] = []
        self._pipes = (process.stdout, process.stderr)
        self.stdout, self.stderr = process.stdout.fileno(), process.stderr.fileno()

    @property
    def pid(self) -> int:
        """The tree's root, which is ours; what runs in the sandbox is below it."""
        return self._process.pid

    def memory(self) -> int:
        """Bytes that the tree holds now, shared pages counted once."""
        self._pids = tree.descendants(self._process.pid)
        now = tree.memory(self._pids)
        self._peak, self._held = max(self._peak, now), now
        self._cpu = max(self._cpu, tree.processor_seconds(self._pids))
        return now

    def overran(self) -> bool:
        """Nobody would tell."""
        return False

    def processes(self) -> int:
        """How many processes there were when memory was last asked for."""
        return len(self._pids)

    def held(self) -> int:
        """What ``memory`` gave when it was last asked for."""
        return self._held

    def cpu_seconds(self) -> float:
        """Processor time used so far, as seen when ``memory`` was last asked for."""
        return self._cpu

    def terminate(self) -> None:
        """Asks what runs in the sandbox to end, but not the sandbox itself."""
        for pid in tree.descendants(self._process.pid):
            if tree.name(pid) != "bwrap":
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGTERM)

    def ended(self, seconds: float = 0.0) -> bool:
        """Whether the root has ended, without taking its exit status away."""
        if self._exit is not None:
            return True
        pidfd = os.pidfd_open(self._process.pid)
        try:
            return bool(select.select([pidfd], [], [], seconds)[0])
        finally:
            os.close(pidfd)

    def kill(self) -> None:
        """Ends the tree from its root's children down, so that the root can still account for them."""
        if self._exit is None:
            tree.kill(self._process.pid)

    def wait(self) -> Exit:
        """Waits for the end of the whole tree."""
        if self._exit is None:
            _, status, usage = os.wait4(self._process.pid, 0)
            self._process.returncode = os.waitstatus_to_exitcode(status)
            code = self._process.returncode
            # What was seen while it ran counts: usage has no time of those that were killed unwaited for,
            # and its ru_maxrss starts from what this process held when it forked.
            cpu = max(self._cpu, usage.ru_utime + usage.ru_stime)
            self._exit = Exit(128 - code if code < 0 else code, cpu, self._peak)
        return self._exit

    def dismiss(self) -> Exit:
        """Ends the tree and waits for it: a subprocess has to be waited for."""
        self.memory()
        self.kill()
        return self.wait()

    def close(self) -> None:
        """Closes our ends of the pipes."""
        for pipe in self._pipes:
            pipe.close()


def ended_by(code: int) -> signal.Signals | None:
    """The signal in a shell's exit code, if it was one."""
    try:
        return signal.Signals(code - 128) if code > 128 else None
    except ValueError:
        return None
