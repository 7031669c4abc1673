"""Watching a program that trains: its output, its messages, its memory, its time, and how it ended."""

import contextlib
import os
import selectors
import socket
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from grader.contract import Event, Limits, Output, Verdict
from grader.harness.text import Stream, readable_size
from grader.sandbox.base import Exit, ProcessTree
from grader.training import devices
from grader.training.company import MASTER, Company
from grader.training.feed import Bucket, Feed

_DEVICE_SECONDS = 2.0
_TICK, _CHECK_SECONDS, _FLUSH_SECONDS, _SYSTEM_SECONDS = 0.05, 0.05, 0.25, 1.0
GRACE_SECONDS = 1.2  # between being asked to stop and being killed: time for a last checkpoint
_DRAIN_SECONDS = 2.0
_START_SECONDS = 300.0  # for imports, which are not the learner's time
_PACKET, _PACKETS = 65_536, 200  # the size of one, and how many are taken from a connection at a time
_MORE_CONNECTIONS = 8
_OUTPUT_A_SECOND = 512
_TAIL = 16_000


class Log:
    """What the program prints: all of it up to a limit, and then a little a second, the newest of it."""

    def __init__(self, limit: int, on_event: Callable[[Event], None]) -> None:
        self._on_event = on_event
        self._room = Bucket(_OUTPUT_A_SECOND, limit)
        self._streams: dict[str, Stream] = {"stdout": Stream(), "stderr": Stream()}
        self._held: dict[str, str] = {"stdout": "", "stderr": ""}
        self._left_out = {"stdout": 0, "stderr": 0}
        self._kept = ""
        self._lock = threading.Lock()

    def feed(self, name: str, data: bytes) -> None:
        """Takes what was read. Empty for the end of the stream."""
        text = self._held[name] + self._streams[name].feed(data, final=not data)
        if self._room.take(len(text)) or not data:
            self._say(name, text)
            return
        if not self._held[name]:  # as much as fits: the beginning is worth most
            fits = int(self._room.left())
            self._room.take(fits)
            self._emit(name, text[:fits])
            text = text[fits:]
        self._left_out[name] += max(0, len(text) - _TAIL)
        self._held[name] = text[-_TAIL:]

    def settle(self) -> None:
        """Says what was held back, as far as there is room again."""
        for name, text in self._held.items():
            if text and self._room.left() >= min(len(text), _OUTPUT_A_SECOND * 4):
                self._room.take(min(len(text), self._room.left()))
                self._say(name, text[-_OUTPUT_A_SECOND * 4 :], cut=len(text) - _OUTPUT_A_SECOND * 4)

    def notice(self, sentence: str) -> None:
        """A sentence of ours among the learner's lines."""
        self._emit("stderr", f"[cairn] {sentence}\n")

    def relay(self, output: Output) -> None:
        """What the program prints on another node, which has limited it as this one would."""
        self._emit(output.stream, output.text)

    def text(self) -> str:
        """What was said in all, shortened in the middle."""
        return self._kept

    def _say(self, name: str, text: str, cut: int = 0) -> None:
        left_out, self._left_out[name], self._held[name] = self._left_out[name] + max(cut, 0), 0, ""
        if left_out:
            text = f"\n… {readable_size(left_out)} of output left out here …\n{text}"
        if text:
            self._emit(name, text)

    def _emit(self, name: str, text: str) -> None:
        with self._lock:
            self._kept = _shortened(self._kept + text)
            self._on_event(Output(stream="stdout" if name == "stdout" else "stderr", text=text))


def _shortened(text: str) -> str:
    if len(text) <= 8 * _TAIL:
        return text
    return text[: 2 * _TAIL] + "\n… shortened here …\n" + text[-2 * _TAIL :]


class Watch:
    """One program, from its start to its end."""

    def __init__(
        self,
        process: ProcessTree,
        listener: socket.socket,
        feed: Feed,
        log: Log,
        limits: Limits,
        cancel: threading.Event,
        connections: int,
        stop_after: float | None = None,
        lent: Sequence[devices.Device] = (),
        company: Company | None = None,
    ) -> None:
        self._process, self._listener, self._feed, self._log = process, listener, feed, log
        self._limits, self._cancel, self._stop_after = limits, cancel, stop_after
        self._most = connections + _MORE_CONNECTIONS
        self._connections: set[socket.socket] = set()
        self._selector = selectors.DefaultSelector()
        self._lent, self._company = lent, company
        self._cpu = (0.0, 0.0)
        self._killed_at: float | None = None
        self._due = {"check": 0.0, "flush": 0.0, "system": 0.0, "devices": 0.0}
        self._readings: tuple[float, float] | None = None
        self.stopped: tuple[Verdict, str] | None = None
        self.cut_short = False  # by ``stop_after``, as was meant
        self.exit: Exit | None = None

    def run(self) -> None:
        """Watches until the program has ended and all that it said is read."""
        streams = {self._process.stdout: "stdout", self._process.stderr: "stderr"}
        for number in streams:
            os.set_blocking(number, False)
            self._selector.register(number, selectors.EVENT_READ, self._reader(streams[number]))
        self._listener.setblocking(False)
        self._selector.register(self._listener, selectors.EVENT_READ, self._accept)
        try:
            while not self._process.ended():
                self._turn(_TICK)
                self._look_after()
            self._drain()
        finally:
            self._process.kill()
            self.exit = self._process.wait()
            self._close()

    def _turn(self, seconds: float) -> int:
        """Handles what there is to read. Returns how much that was."""
        ready = self._selector.select(seconds)
        for key, _ in ready:
            key.data(key.fileobj)
        return len(ready)

    def _drain(self) -> None:
        """What is still in the pipes. A flood that goes on ends here."""
        give_up = time.monotonic() + _DRAIN_SECONDS
        while self._turn(0.0) and time.monotonic() < give_up:
            continue
        for name in ("stdout", "stderr"):
            self._log.feed(name, b"")
        self._feed.flush()

    def _close(self) -> None:
        for connection in self._connections:
            connection.close()
        self._selector.close()

    # Reading

    def _reader(self, name: str) -> Callable[[int], None]:
        def read(number: int) -> None:
            try:
                data = os.read(number, 2**16)
            except BlockingIOError:
                return
            if data:
                self._log.feed(name, data)
            else:
                self._selector.unregister(number)

        return read

    def _accept(self, _: object) -> None:
        with contextlib.suppress(OSError):
            connection, _address = self._listener.accept()
            if len(self._connections) >= self._most:
                connection.close()
                return
            connection.setblocking(False)
            self._connections.add(connection)
            self._selector.register(connection, selectors.EVENT_READ, self._receive)

    def _receive(self, connection: socket.socket) -> None:
        for _ in range(_PACKETS):
            try:
                packet, numbers, flags, _address = socket.recv_fds(connection, _PACKET, 4)
            except BlockingIOError:
                return
            except OSError:
                packet, numbers, flags = b"", [], 0
            if not packet:
                self._selector.unregister(connection)
                self._connections.discard(connection)
                connection.close()
                return
            self._feed.take(b"" if flags & socket.MSG_TRUNC else packet, list(numbers))

    # Looking after

    def _look_after(self) -> None:
        now = time.monotonic()
        if self._is_due("check", now, _CHECK_SECONDS):
            self._check(now)
        if self._is_due("flush", now, _FLUSH_SECONDS):
            self._feed.flush()
            self._log.settle()
        if self._feed.started and self._is_due("system", now, _SYSTEM_SECONDS):
            self._read_system(now)

    def _is_due(self, what: str, now: float, seconds: float) -> bool:
        if now < self._due[what]:
            return False
        self._due[what] = now + seconds
        return True

    def _check(self, now: float) -> None:
        limits, memory = self._limits, self._process.memory()
        if self._killed_at is not None:
            if now >= self._killed_at:
                self._process.kill()
        elif memory > limits.memory_bytes:
            self._stop(
                Verdict.MEMORY,
                f"Your training used more than {readable_size(limits.memory_bytes)} of memory. "
                "A smaller batch or model, or fewer tensors kept from earlier steps, needs less.",
                grace=0.0,
            )
        elif self._process.processes() > limits.processes:
            self._stop(
                Verdict.FORBIDDEN, f"Your training started more than {limits.processes} processes.", grace=0.0
            )
        elif self._cancel.is_set():
            self._stop(Verdict.INTERNAL, "The run was cancelled.")
        elif self._company is not None and self._company.problem is not None:
            self._stop(*self._company.problem)
        elif self._company is None or self._company.rank == MASTER:  # whose clock is the run's
            self._check_time(now)

    def _check_time(self, now: float) -> None:
        if not self._feed.started:
            if self._feed.seconds() > _START_SECONDS:
                self._stop(Verdict.INTERNAL, f"The program did not start within {_START_SECONDS:g} s.")
        elif self._feed.seconds() > self._limits.wall_seconds:
            self._stop(
                Verdict.TIMEOUT,
                f"Your training took longer than {_duration(self._limits.wall_seconds)}. "
                "What it had saved by then is kept.",
            )
        elif self._stop_after is not None and self._feed.seconds() > self._stop_after:
            self.cut_short = True
            self._killed_at = now
            self._process.kill()

    def _stop(self, verdict: Verdict, message: str, grace: float = GRACE_SECONDS) -> None:
        self.stopped = (verdict, message)
        self._killed_at = time.monotonic() + grace
        if grace:
            self._process.terminate()
        else:
            self._process.kill()

    def _read_system(self, now: float) -> None:
        """Processors kept busy, and memory: curves beside the program's own."""
        before, used = self._cpu
        seconds = self._process.cpu_seconds()
        if before:
            self._feed.system("cpu", round(max(0.0, seconds - used) / (now - before), 3))
        self._feed.system("memory", float(self._process.held()))
        if self._readings is not None:
            self._feed.system("gpu", self._readings[0])
            self._feed.system("gpu-memory", self._readings[1])
            self._readings = None
        self._cpu = (now, seconds)
        if self._lent and self._is_due("devices", now, _DEVICE_SECONDS):
            threading.Thread(target=self._read_devices, name="devices", daemon=True).start()

    def _read_devices(self) -> None:
        """The accelerators, together. In a thread: the driver's program takes its time."""
        read = [reading for device in self._lent if (reading := devices.utilisation(device))]
        if read:
            self._readings = (sum(busy for busy, _ in read), float(sum(used for _, used in read)))


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:g} s"
    return f"{seconds / 60:.3g} minutes" if seconds < 7200 else f"{seconds / 3600:.3g} hours"


def listen(path: Path) -> socket.socket:
    """A socket that the sandbox can connect to. A path that is too long for one is reached from within."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        listener.bind(f"/proc/self/fd/{folder}/{path.name}")
    finally:
        os.close(folder)
    path.chmod(0o666)
    listener.listen(64)
    return listener
