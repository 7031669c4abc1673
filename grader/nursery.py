"""The node's side of a nursery of warm processes: asks for forks, keeps spares, learns how they end.

``grader.harness.forks`` is the other side, and says what is sent.
"""

import contextlib
import os
import select
import signal
import socket
import subprocess
import threading
import time
import weakref
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from grader.contract import Limits
from grader.harness.forks import END

if TYPE_CHECKING:
    from grader.sandbox.cgroups import Group, Groups

_ANSWER_SECONDS = 20.0
_READY_SECONDS = 180.0  # the first fork of a runtime waits for its libraries to be imported
_TRIES = 3
_LATE = 10  # niceness
_SPARES = min(2, os.cpu_count() or 1)

Start = Callable[[int, IO[bytes]], "subprocess.Popen[bytes]"]


@dataclass(frozen=True)
class End:
    """How a fork ended. ``code`` is negative for a signal; None if its warm process was killed before it."""

    code: int | None
    cpu_seconds: float = 0.0
    peak_bytes: int = 0


class Fork:
    """A fork that waits for work, or does it. ``nursery`` lives at least as long."""

    def __init__(
        self,
        nursery: "Nursery",
        runtime: str,
        control: socket.socket,
        room: int | None,
        group: "Group | None",
    ) -> None:
        self._nursery, self._runtime, self._control, self._room = nursery, runtime, control, room
        self.group = group
        self._pidfd: int | None = None
        self._end: End | None = None
        self._said = b""
        self.pid = 0
        self.room_pid = _pid_of(room) if room is not None else 0

    def ready(self, seconds: float = _READY_SECONDS) -> bool:
        """Waits until it is prepared and known, for its first work or for more.

        False if it ended before, then it is of no more use; or if it took longer than ``seconds``.
        """
        give_up = time.monotonic() + seconds
        while not self.over() and not (self._said == b"ready" and self.pid):
            if not self._hear(give_up - time.monotonic()):
                break
        return self._said == b"ready" and self._pidfd is not None and _lives(self._pidfd)

    def give(self, word: bytes, descriptors: Sequence[int]) -> None:
        """Hands the work over. Raises OSError if the fork has ended."""
        self._said = b""
        socket.send_fds(self._control, [word], descriptors)

    def ended(self, seconds: float = 0.0) -> bool:
        """Whether it has ended, by itself or not; waits so long to see."""
        give_up = time.monotonic() + seconds
        while self._end is None and self._hear(max(give_up - time.monotonic(), 0.0)):
            continue
        return self._end is not None

    def over(self) -> bool:
        """Whether it is of no more use: it told so, or it is gone."""
        return self._end is not None or self._said == b"enough"

    def kill(self) -> None:
        """Ends it, and with its room all that it started. Harmless on one that has ended.

        To give its memory back may take it longer than we have to do: that comes after everybody else's work.
        """
        if self._pidfd is not None and _lives(self._pidfd):
            with contextlib.suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, self.pid, _LATE)
        for pidfd in (self._pidfd, self._room):
            if pidfd is not None:
                with contextlib.suppress(ProcessLookupError):
                    signal.pidfd_send_signal(pidfd, signal.SIGKILL)

    def wait(self) -> End:
        """Waits for its end. A fork that was killed takes as long as its memory takes to be given back."""
        while self._end is None:
            self.ended(_ANSWER_SECONDS)
        return self._end

    def close(self) -> None:
        """Closes what this side holds, and has a spare made in its place.

        The fork, if it only waits, then ends by itself.
        """
        self._control.close()
        for pidfd in (self._room, self._pidfd):
            if pidfd is not None:
                os.close(pidfd)
        self._room = self._pidfd = None
        self._nursery.give_back(self.group)
        self.group = None
        self._nursery.replenish(self._runtime)

    def _hear(self, seconds: float) -> bool:
        """Takes one message. Returns whether there was one."""
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        if not poll.poll(max(seconds, 0.0) * 1000):
            return False
        try:
            said, descriptors, _, _ = socket.recv_fds(self._control, 64, 1)
        except ConnectionError:
            said, descriptors = b"", []
        if descriptors:  # of "fork", which comes from the warm process
            self._pidfd = descriptors[0]
            self.pid = _pid_of(self._pidfd)
        elif said.startswith(b"end"):
            _, code, user, system, peak = END.unpack(said)
            self._end = End(code, user + system, peak * 1024)
        elif said:
            self._said = said
        else:
            self._end = End(None)
        return True


class Nursery:
    """A tree of warm processes, started with the first request. Safe for several threads.

    ``start`` gets the descriptor that the nursery serves, and a file for what it says when it fails. Each
    fork is in a control group of its own, if there are ``groups``.
    """

    def __init__(self, start: Start, groups: "Groups | None" = None) -> None:
        self._groups = groups
        self._given: deque[Group | None] = deque()  # in the order of what was asked for
        self._lock = threading.Lock()
        self._waiting: defaultdict[str, deque[Fork | str]] = defaultdict(deque)
        self._asked: defaultdict[str, int] = defaultdict(int)
        self._owner = os.getpid()
        self._errors = _memory_file("nursery")
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.settimeout(_ANSWER_SECONDS)
        with theirs:
            self._process = start(theirs.fileno(), self._errors)
        self._sock = ours
        weakref.finalize(self, _end, os.getpid(), ours, self._process)

    @property
    def pid(self) -> int:
        """The process that was started for it: the nursery itself, or what stands before it."""
        return self._process.pid

    def alive(self) -> bool:
        """Whether it is there, and this process's own (a forked process must make its own)."""
        return self._owner == os.getpid() and self._process.poll() is None

    def take(self, runtime: str) -> Fork:
        """A fork that is ready for work. Raises OSError with the reason if none can be had."""
        for _ in range(_TRIES):
            fork = self._next(runtime)
            if fork.ready():
                return fork
            fork.close()  # which has another made
        raise OSError(f"the warm process {runtime} does not start: {self.last_words()}")

    def employ(
        self, runtime: str, word: bytes, descriptors: Sequence[int], limits: Limits | None = None
    ) -> Fork:
        """Gives work to a fork, whose control group then has ``limits``.

        Raises OSError with the reason if none can be had.
        """
        for _ in range(_TRIES):
            fork = self.take(runtime)
            try:
                if fork.group and limits:
                    fork.group.limit(limits)
                fork.give(word, descriptors)
            except OSError:  # somebody killed it as it waited
                fork.kill()
                fork.close()
            else:
                return fork
        raise OSError(f"forks of the warm process {runtime} end before they have work: {self.last_words()}")

    def replenish(self, runtime: str) -> None:
        """Has spares made of ``runtime``, without waiting for them: after a job, not while it runs.

        Forks with a need of their own are made when a job asks for one.
        """
        if "@" in runtime:
            return
        with self._lock, contextlib.suppress(OSError):  # one that is gone is found so by the next job
            self._keep_spares(runtime, _SPARES)

    def give_back(self, group: "Group | None") -> None:
        """Lets the control group of a fork be used by another, once it is empty."""
        if self._groups and group:
            self._groups.give_back(group)

    def last_words(self) -> str:
        """The end of what its processes wrote to their standard error."""
        size = os.fstat(self._errors.fileno()).st_size
        text = os.pread(self._errors.fileno(), 1500, max(size - 1500, 0)).decode("utf-8", "replace")
        return text.strip() or "it said nothing"

    def _next(self, runtime: str) -> Fork:
        with self._lock:
            try:
                self._keep_spares(runtime, 1)
                while not self._waiting[runtime]:
                    self._read_answer()
            except TimeoutError:
                raise OSError("the nursery of warm processes does not answer") from None
            except ConnectionError:
                raise OSError(f"the nursery of warm processes ended: {self.last_words()}") from None
            answer = self._waiting[runtime].popleft()
        if isinstance(answer, str):
            raise OSError(f"the kernel refused a room: {answer}")
        return answer

    def _keep_spares(self, runtime: str, count: int) -> None:
        while self._asked[runtime] + len(self._waiting[runtime]) < count:
            self._ask(runtime)
            self._asked[runtime] += 1

    def _ask(self, runtime: str) -> None:
        group = self._groups.take() if self._groups else None
        try:
            socket.send_fds(self._sock, [runtime.encode()], group.doors() if group else [])
        except OSError:
            self.give_back(group)
            raise
        self._given.append(group)

    def _read_answer(self) -> None:
        data, descriptors, _, _ = socket.recv_fds(self._sock, 1200, 2)
        if not data:
            raise ConnectionResetError
        name, _, problem = data.decode("utf-8", "replace").partition(" ")
        self._asked[name] -= 1
        group = self._given.popleft()
        if problem:
            self.give_back(group)
            self._waiting[name].append(problem)
            return
        control = socket.socket(fileno=descriptors[0])
        self._waiting[name].append(Fork(self, name, control, next(iter(descriptors[1:]), None), group))


def _end(owner: int, sock: socket.socket, process: "subprocess.Popen[bytes]") -> None:
    """Ends a nursery nobody needs any more. It ends by itself too, when the node is killed."""
    if owner != os.getpid():
        return
    sock.close()
    try:
        process.wait(2)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _lives(pidfd: int) -> bool:
    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    return not poll.poll(0)


def _pid_of(pidfd: int) -> int:
    """The number, as it is here, of the process that a pidfd stands for; 0 for one that is gone."""
    with open(f"/proc/self/fdinfo/{pidfd}") as file:  # noqa: PTH123  read for every job
        return max(0, next(int(line.split()[1]) for line in file if line.startswith("Pid:")))


def _memory_file(name: str) -> IO[bytes]:
    return os.fdopen(os.memfd_create(name), "w+b")
