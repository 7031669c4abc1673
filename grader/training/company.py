"""The nodes of a training over several: how they meet, and the network that their cells have among them.

A cell has no network but one interface (10.77.0.<rank + 1>). What leaves it comes to the node, which looks at
who it is from and whom it is for, and carries it to that cell's node, over one sealed line between each node
and rank 0's. Everything else is dropped: no packet reaches a node, the site or the world.

Rank 0's node waits for the others, hears what their programs print and how they end, and ends the try when
one is lost. The others hear nothing but packets, that all are ready, and the end of the line.
"""

import contextlib
import json
import logging
import os
import re
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable

from grader.contract import Limits, Output, Seat, Verdict
from grader.sandbox import tree
from grader.sandbox.bubblewrap import Bubblewrap, Extras, start_with
from grader.sandbox.runtime import runtime
from grader.training import interface
from grader.training.line import Broken, Line

MASTER = 0  # the rank that the others dial
_PACKET, _WORD = b"p", b"w"
_BEAT_SECONDS, _LOOK_SECONDS = 1.0, 0.2
_READY_SECONDS = 900.0  # for data and devices, which each node brings for itself
_LEAVE_SECONDS = 5.0  # that rank 0 has for a last checkpoint
_PLUG_SECONDS = 15.0
_HEADER = 20  # bytes of an IPv4 header
_ADDRESS = re.compile(r"([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}")
_SUBNET = bytes((10, 77, 0))

log = logging.getLogger(__name__)
OnOutput = Callable[[Output], None]
Problem = tuple[Verdict, str]


class NotTogether(Exception):
    """The nodes of a run did not come together in time. Nobody's fault: the run waits for its next turn."""


class Parted(Exception):
    """They came together, and one was lost before the programs started, or was not ready in time."""


class NoInterface(OSError):
    """A cell's network interface cannot be made here; the message says why."""


def address(rank: int) -> str:
    """A cell's own address, in the network that only the cells of one run share."""
    return f"10.77.0.{rank + 1}"


def meet(seat: Seat, job: str, cancel: threading.Event, on_output: OnOutput) -> "Company":
    """Waits for the others, or dials rank 0's node. Raises NotTogether, also where ``cancel`` is set."""
    until = time.monotonic() + seat.wait_seconds
    lines = _gathered(seat, job, until, cancel) if seat.rank == MASTER else _dialled(seat, job, until, cancel)
    return Company(seat, lines, cancel, on_output)


class Company:
    """The lines of one node to the others of its run. ``problem`` is why its program has to end, once it has.

    ``cancel`` ends rank 0's run, as ever; a further node that is to stop says so to rank 0, and goes on until
    the line ends, so that the whole can keep a last checkpoint.
    """

    def __init__(
        self, seat: Seat, lines: dict[int, Line], cancel: threading.Event, on_output: OnOutput
    ) -> None:
        self.rank = seat.rank
        self.problem: Problem | None = None
        self._lines, self._cancel, self._on_output = lines, cancel, on_output
        self._tun: int | None = None
        self._plug = threading.Lock()  # a number that was closed may already be another file's
        self._ready: set[int] = set()
        self._done: set[int] = set()
        self._changed = threading.Condition()
        self._closed = threading.Event()
        self._threads: list[threading.Thread] = []
        for other, line in lines.items():
            line.steady()
            self._start(self._listen, other, line)
        self._start(self._beat)

    def _start(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, name=f"company-{self.rank}", daemon=True)
        self._threads.append(thread)
        thread.start()

    # What the run says

    def go(self) -> None:
        """Waits until every program may start. Raises Parted, and NotTogether where it was cancelled."""
        until = time.monotonic() + _READY_SECONDS
        if self.rank != MASTER:
            self._say({"ready": True})
        with self._changed:
            while len(self._ready) < len(self._lines):
                if self._cancel.is_set():
                    raise NotTogether("The run was cancelled.")
                if self.problem is not None or time.monotonic() > until:
                    raise Parted(self.problem[1] if self.problem else "A node was not ready in time.")
                self._changed.wait(_LOOK_SECONDS)
        if self.rank == MASTER:
            self._say({"ready": True})

    def plug(self, pid: int) -> None:
        """Gives the cell below process ``pid`` its interface. Raises NoInterface."""
        self._tun = plugged(pid, address(self.rank))
        self._start(self._carry_out, self._tun)

    def print(self, output: Output) -> None:
        """What a further node's program prints, for rank 0 to tell."""
        self._say({"output": output.model_dump(mode="json")})

    def ended(self, verdict: Verdict | None, message: str) -> None:
        """How a further node's program ended, for rank 0 to judge."""
        self._say({"ended": verdict, "message": message})

    def close(self) -> None:
        """Ends the lines, and with them the other nodes' part."""
        self._closed.set()
        for line in self._lines.values():
            line.finish()
        for thread in self._threads:
            thread.join(2 * _BEAT_SECONDS)
        for line in self._lines.values():
            line.close()
        with self._plug:
            if self._tun is not None:
                os.close(self._tun)
            self._tun = None

    def _say(self, word: dict[str, object]) -> None:
        for line in list(self._lines.values()):
            with contextlib.suppress(Broken):  # who listens to the line will note it
                line.send(_WORD + json.dumps(word).encode())

    # What comes

    def _listen(self, other: int, line: Line) -> None:
        try:
            while True:
                frame = line.receive()
                if frame[:1] == _PACKET:
                    self._carry_in(other, frame[1:])
                elif frame[:1] == _WORD:
                    self._hear(other, json.loads(frame[1:]))
        except Broken as error:
            self._lost(other, error)
        finally:
            line.close()

    def _lost(self, other: int, error: Broken) -> None:
        with self._changed:
            if self._closed.is_set() or other in self._done or self.problem is not None:
                return
            self.problem = (Verdict.INTERNAL, f"The node of rank {other} was lost: {error}.")
            self._changed.notify_all()

    def _hear(self, other: int, word: dict[str, object]) -> None:
        match word:
            case {"ready": True}:
                with self._changed:
                    self._ready.add(other)
                    self._changed.notify_all()
            case {"output": output}:
                self._on_output(Output.model_validate(output))
            case {"leaves": True}:
                self.problem = (Verdict.INTERNAL, f"The node of rank {other} stops.")
                self._cancel.set()  # which gives the run back, and counts no try
            case {"ended": None}:
                self._done.add(other)
            case {"ended": str(verdict), "message": str(message)}:
                self._done.add(other)
                if self.problem is None:
                    self.problem = (Verdict(verdict), f"On node {other}: {message}")

    def _beat(self) -> None:
        left_at = 0.0
        while not self._closed.wait(_BEAT_SECONDS):
            self._say({})
            if self.rank == MASTER or not self._cancel.is_set():
                continue
            if not left_at:
                left_at = time.monotonic()
                self._say({"leaves": True})
            elif time.monotonic() - left_at > _LEAVE_SECONDS and self.problem is None:
                self.problem = (Verdict.INTERNAL, "This node stops.")

    # Packets

    def _carry_out(self, tun: int) -> None:
        """Takes what the cell sends, and gives it to the line of whom it is for."""
        poll = select.poll()
        poll.register(tun, select.POLLIN)
        while not self._closed.is_set():
            try:
                packet = os.read(tun, interface.MTU)
            except BlockingIOError:
                poll.poll(_LOOK_SECONDS * 1000)
                continue
            except OSError:  # the cell is gone
                return
            if sender(packet) == self.rank and (line := self._towards(receiver(packet))) is not None:
                with contextlib.suppress(Broken):
                    line.send(_PACKET + packet)

    def _towards(self, rank: int | None) -> Line | None:
        """The line to that rank's node: every line of a further node leads by way of rank 0's."""
        if rank is None or rank == self.rank:
            return None
        return self._lines.get(rank) if self.rank == MASTER else self._lines[MASTER]

    def _carry_in(self, other: int, packet: bytes) -> None:
        """Gives a packet to our cell, or passes it on; what claims to be from elsewhere is dropped."""
        origin, target = sender(packet), receiver(packet)
        if origin is None or (self.rank == MASTER and origin != other):
            return
        if target == self.rank:
            self._put(packet)
        elif self.rank == MASTER and (line := self._towards(target)) is not None:
            with contextlib.suppress(Broken):
                line.send(_PACKET + packet)

    def _put(self, packet: bytes) -> None:
        with self._plug, contextlib.suppress(OSError):  # a cell that is gone, or has no room, takes nothing
            if self._tun is not None:
                os.write(self._tun, packet)


def sender(packet: bytes) -> int | None:
    """The rank that an IPv4 packet says it is from; None for anything else."""
    return _rank(packet, 12)


def receiver(packet: bytes) -> int | None:
    """The rank that it is for."""
    return _rank(packet, 16)


def _rank(packet: bytes, place: int) -> int | None:
    if len(packet) < _HEADER or packet[0] >> 4 != 4 or packet[place : place + 3] != _SUBNET:
        return None
    return packet[place + 3] - 1


# --- meeting


def _gathered(seat: Seat, job: str, until: float, cancel: threading.Event) -> dict[int, Line]:
    lines: dict[int, Line] = {}
    try:
        with _door(seat, until, cancel) as door:
            while len(lines) < seat.nodes - 1:
                _check(until, cancel)
                if (found := _let_in(door, seat, job, lines)) is not None:
                    lines[found[0]] = found[1]
    except NotTogether:
        for line in lines.values():
            line.close()
        raise
    for line in lines.values():
        with contextlib.suppress(Broken):  # who listens to the line will note it
            line.send(_WORD + b"{}")
    return lines


def _door(seat: Seat, until: float, cancel: threading.Event) -> socket.socket:
    """Listens on this node's port, once another run that gathers here is done with it."""
    port = int(seat.address.rpartition(":")[2])
    both = socket.has_dualstack_ipv6()
    family = socket.AF_INET6 if both else socket.AF_INET
    while True:
        try:
            door = socket.create_server(("", port), family=family, dualstack_ipv6=both)
        except OSError as error:
            log.warning("Nodes cannot be waited for on port %s yet: %s", port, error)
            _check(until, cancel)
            time.sleep(_LOOK_SECONDS)
        else:
            door.settimeout(_LOOK_SECONDS)
            return door


def _let_in(door: socket.socket, seat: Seat, job: str, known: dict[int, Line]) -> tuple[int, Line] | None:
    """Who knocks next, if it is a further node of this run that was not here yet."""
    try:
        sock, _ = door.accept()
    except TimeoutError:
        return None
    try:
        line = Line(sock, seat.secret, "answered")
        said = json.loads(line.receive()[1:])
    except Broken as error:
        sock.close()
        log.warning("Somebody who is no node of run %s was turned away: %s", job, error)
        return None
    if said.get("job") != job or said.get("rank") not in range(1, seat.nodes) or said["rank"] in known:
        line.close()
        return None
    return said["rank"], line


def _dialled(seat: Seat, job: str, until: float, cancel: threading.Event) -> dict[int, Line]:
    host, _, port = seat.address.rpartition(":")
    while True:
        try:
            sock = socket.create_connection((host.strip("[]"), int(port)), timeout=_LOOK_SECONDS * 10)
            return {MASTER: _greeted(sock, seat, job, until, cancel)}
        except OSError as error:
            log.info("Run %s: rank 0's node at %s does not answer yet: %s", job, seat.address, error)
        _check(until, cancel)
        time.sleep(_LOOK_SECONDS)


def _greeted(sock: socket.socket, seat: Seat, job: str, until: float, cancel: threading.Event) -> Line:
    """Says who we are, and waits until all are there. Raises Broken, NotTogether."""
    try:
        line = Line(sock, seat.secret, "dialled")
        line.send(_WORD + json.dumps({"rank": seat.rank, "job": job}).encode())
        while not select.select([sock], [], [], _LOOK_SECONDS)[0]:
            _check(until, cancel)
        line.receive()
    except (Broken, NotTogether):
        sock.close()
        raise
    return line


def _check(until: float, cancel: threading.Event) -> None:
    if cancel.is_set() or time.monotonic() > until:
        raise NotTogether("Not enough nodes were free at the same time.")


# --- the interface


def plugged(pid: int, own: str) -> int:
    """Makes the interface of the cell below process ``pid``: its descriptor. Raises NoInterface."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        program = [sys.executable, "-I", "-S", "-B", interface.__file__]
        words = [str(_inside(pid)), own, str(theirs.fileno())]
        try:
            done = subprocess.run(  # noqa: S603
                [*program, *words],
                pass_fds=(theirs.fileno(),),
                capture_output=True,
                text=True,
                timeout=_PLUG_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise NoInterface("the interface was not made in time") from None
        if done.returncode:
            raise NoInterface((done.stderr.strip().splitlines() or ["no reason was given"])[-1][:300])
        _, numbers, _, _ = socket.recv_fds(ours, 1, 1)
    return numbers[0]


def _inside(pid: int) -> int:
    """A process of the cell, as soon as there is one: it has a network namespace that is not ours."""
    own = os.stat("/proc/self/ns/net").st_ino  # noqa: PTH116
    until = time.monotonic() + _PLUG_SECONDS
    while time.monotonic() < until:
        for child in tree.descendants(pid):
            with contextlib.suppress(OSError):  # it ended meanwhile
                if os.stat(f"/proc/{child}/ns/net").st_ino != own:  # noqa: PTH116
                    return child
        time.sleep(0.01)
    raise NoInterface("the cell did not start")


def missing() -> str:
    """Why this node cannot train together with others: tried in a real cell. Empty where it can."""
    if not interface.DEVICE.exists():
        return f"there is no {interface.DEVICE}"
    if reason := Bubblewrap().self_test():
        return reason
    command = [str(runtime().python), "-I", "-S", "-c", "import time; time.sleep(30)"]
    try:
        cell = start_with(Extras(local_network=True), command, Limits())
    except OSError as error:
        return str(error)
    try:
        os.close(plugged(cell.pid, address(MASTER)))
    except OSError as error:
        return str(error)
    finally:
        cell.dismiss()
        cell.close()
    return ""


def checked(setting: str) -> str:
    """The address at which others reach this node, as its operator gave it. Raises ValueError."""
    if not _ADDRESS.fullmatch(setting) or not 0 < int(setting.rpartition(":")[2]) < 2**16:
        raise ValueError(f"{setting!r}, which is no address: it has the form HOST:PORT, as in 10.0.0.5:7077.")
    return setting
