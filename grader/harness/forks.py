"""A nursery of warm processes: each has imported libraries once, and every job gets a fork of one.

The nursery reads the names of runtimes from a socket, each with the descriptors through which the fork moves
itself into its control group, if there is one. After an ``@`` may follow what else the fork needs. It answers
each with one end of a *control* socket, whose other end a fork of that runtime's warm process holds, and with
a pidfd of the room's first process, if there are rooms. On the control socket come, each as one message:
``fork`` with the fork's pidfd; ``ready`` from the fork; after its work ``ready`` again if it can do more,
else ``enough``; and at its end ``end`` with its exit status and use of the processor.

No process here has threads, for a fork would copy only one of them. None sees anything of a job: what a job
needs goes to the fork directly. All end when the node closes its end of the socket, or is gone.

Runs in the sandbox's cell as well as on the trusted side: only the standard library.
"""

import contextlib
import gc
import importlib
import os
import select
import signal
import socket
import struct
import sys
import traceback
from collections.abc import Callable
from typing import NoReturn, Protocol

RUNTIMES: dict[str, tuple[str, ...]] = {
    "plain": (),
    "numpy": ("numpy",),
    "sklearn": ("numpy", "scipy", "sklearn"),
    "torch": ("numpy", "torch"),
    "all": ("numpy", "scipy", "sklearn", "torch"),
}
NURSERY, WARM = "nursery", "warm-"  # what these processes are called, so that the node can find them
END = struct.Struct("=3sxiddq")  # "end", exit status, user and system seconds, peak in kilobytes
_DOORS = 4  # at most: one for each controller of a control group
_SUBMODULES = {
    "scipy": ("scipy.linalg", "scipy.special", "scipy.optimize", "scipy.stats"),
    "sklearn": (
        "sklearn.datasets",
        "sklearn.linear_model",
        "sklearn.metrics",
        "sklearn.model_selection",
        "sklearn.preprocessing",
    ),
    "torch": ("torch.utils.data",),
}


class Work(Protocol):
    """What the forks of a nursery are for."""

    def room(self) -> int | None:
        """A new room's first process as a pidfd; None where the forks need none. Raises OSError."""

    def begin(self) -> None:
        """The first thing that a warm process does."""

    def rehearse(self) -> None:
        """Does a little of what each fork will do: a library imports and builds much on its first use only.

        A fork may do it again before it is ready: then the pages that it writes to are its own already.
        """

    def settle(self) -> None:
        """The last thing that it does before its first fork."""

    def lend(self, room: int) -> None:
        """Prepares this warm process for the one fork that will live in ``room``."""

    def run(self, control: socket.socket, room: int | None, need: str) -> None:
        """The life of a fork. It has nothing open but ``control``, ``room`` and the standard three."""


def runtime_for(libraries: list[str]) -> str:
    """The smallest runtime that has all these libraries."""
    return next(name for name, has in RUNTIMES.items() if set(libraries) <= set(has))


def serve(sock: socket.socket, work: Work) -> None:
    """Answers requests until the node is gone."""
    _call_oneself(NURSERY)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel buries our children; nobody asks for their end
    warm: dict[str, socket.socket] = {}
    while True:
        word, doors, _, _ = socket.recv_fds(sock, 64, _DOORS)
        if not (name := word.decode()):
            return
        try:
            descriptors = _arrange(name, doors, warm, work)
        except OSError as error:
            sock.send(f"{name} {error}".encode()[:1000])
            continue
        finally:
            for number in doors:
                os.close(number)
        socket.send_fds(sock, [name.encode()], descriptors)
        for number in descriptors:
            os.close(number)


def _arrange(name: str, doors: list[int], warm: dict[str, socket.socket], work: Work) -> list[int]:
    """Has a fork made. Returns what the node needs of it: a control socket, and the room's first process."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    room = work.room()
    sent = [theirs.fileno()] + ([room] if room is not None else [])
    runtime = name.partition("@")[0]
    with theirs:
        try:
            socket.send_fds(warm[runtime], [name.encode()], sent + doors)
        except (KeyError, ConnectionError):  # it has not been there yet, or somebody killed it
            warm[runtime] = _start_warm(runtime, work)
            socket.send_fds(warm[runtime], [name.encode()], sent + doors)
    return [ours.detach(), *sent[1:]]


def _start_warm(name: str, work: Work) -> socket.socket:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    if os.fork() == 0:
        _ending_here(lambda: _be_warm(name, _only(theirs), work))
    theirs.close()
    return ours


def _call_oneself(name: str) -> None:
    with contextlib.suppress(OSError), open("/proc/self/comm", "w") as file:  # noqa: PTH123
        file.write(name)


def _ending_here(life: Callable[[], None]) -> NoReturn:
    """Runs what a fork is for, and never returns to what the parent was doing."""
    try:
        life()
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def _only(sock: socket.socket, *others: int) -> socket.socket:
    """Closes every descriptor but the standard three and these."""
    kept = sorted({sock.fileno(), *others})
    for low, high in zip([2, *kept], [*kept, 4096], strict=True):
        os.closerange(low + 1, high)
    return sock


def _be_warm(name: str, sock: socket.socket, work: Work) -> None:
    """The life of a warm process: import, rehearse, then fork whenever asked."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _call_oneself(WARM + name)
    work.begin()
    for library in RUNTIMES[name]:
        importlib.import_module(library)
        for module in _SUBMODULES.get(library, ()):
            importlib.import_module(module)
    exercise()
    work.rehearse()
    if len(os.listdir("/proc/self/task")) > 1:  # noqa: PTH208
        raise RuntimeError(f"the warm process {name} has started threads: it cannot be forked")
    gc.collect()
    gc.freeze()  # else the first collection in a fork would touch, and so copy, every object
    work.settle()
    _fork_when_asked(sock, work)


def exercise() -> None:
    """Does a little of what submissions do with the libraries."""
    if numpy := sys.modules.get("numpy"):
        numpy.random.default_rng(0).normal(size=(2, 2)) @ numpy.linalg.inv(numpy.eye(2))
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(1)
        model = torch.nn.Linear(2, 1)
        for kind in (torch.optim.SGD, torch.optim.Adam):
            optimizer = kind(model.parameters(), lr=0.1)
            model(torch.ones(3, 2)).pow(2).mean().backward()
            optimizer.step()


def touch() -> None:
    """Does with the libraries what nearly every submission or its tests do: for a fork that waits for one."""
    if numpy := sys.modules.get("numpy"):
        rows = numpy.linspace(0.0, 1.0, 6).reshape(2, 3)
        numpy.allclose(numpy.exp(rows @ rows.T - rows.max(axis=1, keepdims=True)).sum(axis=0), rows.mean())
    if torch := sys.modules.get("torch"):
        line = torch.zeros(2, requires_grad=True)
        loss = torch.mean((line[0] * torch.linspace(-1, 1, 3) + line[1] - 1) ** 2)
        (slope,) = torch.autograd.grad(loss, line)
        with torch.no_grad():
            line -= 0.5 * slope
        torch.allclose(line.detach(), torch.tensor([1.0, 2.0]))


def _fork_when_asked(sock: socket.socket, work: Work) -> None:
    """Forks for each request, and reports each fork's end; until the nursery is gone."""
    children: dict[int, tuple[int, socket.socket]] = {}
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    while True:
        for number, _ in poll.poll():
            if number in children:
                poll.unregister(number)
                _bury(number, *children.pop(number))
                continue
            word, descriptors, _, _ = socket.recv_fds(sock, 64, 2 + _DOORS)
            if not word:
                return
            pid, control = _fork(descriptors, work, word.decode().partition("@")[2])
            if pid:
                pidfd = os.pidfd_open(pid)
                children[pidfd] = pid, control
                poll.register(pidfd, select.POLLIN)
                _tell(control, b"fork", pidfd)


def _fork(descriptors: list[int], work: Work, need: str) -> tuple[int, socket.socket]:
    """Returns the child's number, or 0 where the room is already gone, and our hold on its control socket.

    A control group's doors come after a room: nobody has them without one.
    """
    control, room, doors = (
        socket.socket(fileno=descriptors[0]),
        next(iter(descriptors[1:]), None),
        descriptors[2:],
    )
    try:
        if room is not None:
            work.lend(room)
        pid = os.fork()
        if pid == 0:
            _ending_here(lambda: _live(control, room, doors, work, need))
    except OSError:
        control.close()
        pid = 0
    for number in descriptors[1:]:
        os.close(number)
    return pid, control


def _live(control: socket.socket, room: int | None, doors: list[int], work: Work, need: str) -> None:
    for door in doors:
        os.write(door, b"0")  # moves this process into the group
    work.run(_only(control, *([room] if room is not None else [])), room, need)


def _tell(control: socket.socket, message: bytes, *descriptors: int) -> None:
    with contextlib.suppress(OSError):  # the node may no longer want to know
        socket.send_fds(control, [message], descriptors, socket.MSG_DONTWAIT)


def _bury(pidfd: int, pid: int, control: socket.socket) -> None:
    os.close(pidfd)
    _, status, usage = os.wait4(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    _tell(control, END.pack(b"end", code, usage.ru_utime, usage.ru_stime, usage.ru_maxrss))
    control.close()
