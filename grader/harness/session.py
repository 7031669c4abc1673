"""The judge's end of the connection: requests to the learner's process, and proxies for what lives there.

Believes nothing that comes back. What the learner may cost is time, and the clock here counts only the
time that is the learner's: from a request being sent to its answer, less the call-backs that we run.
"""

import contextlib
import signal
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

from grader.checks.outcome import CheckFailed, StudentError
from grader.checks.show import brief
from grader.harness.codec import Channel, Closed, CodecError, Decoder, Encoder
from grader.harness.text import clean

_START_SECONDS = 120.0


class RunOver(BaseException):
    """Nothing more can be asked of the learner's process. Not an Exception, so that no test swallows it."""

    reason = "closed"


class TimedOut(RunOver):
    """The learner's time is spent."""

    reason = "timeout"


def raise_timed_out(*_: object) -> None:
    """A handler for SIGALRM."""
    raise TimedOut


class Gone(RunOver):
    """The learner's process ended or closed the connection."""

    reason = "closed"


class Garbled(RunOver):
    """The learner's process sent something that is no message: its code tampered with the connection."""

    reason = "garbled"


class Session:
    """Requests and answers. ``seconds`` is the learner's whole budget, ``spent`` what was used of it.

    ``meanwhile`` is called when something was asked for, before the answer is waited for.
    """

    def __init__(
        self, sock: socket.socket, seconds: float, meanwhile: Callable[[], None] = lambda: None
    ) -> None:
        self._meanwhile = meanwhile
        self._channel = Channel(sock)
        self._encoder = Encoder(self._outgoing)
        self._decoder = Decoder(self._incoming)
        self._seconds = self._budget = seconds
        self._functions: list[Callable[..., Any]] = []
        self._pending: CheckFailed | None = None
        self._over: RunOver | None = None
        self.alarmed = False  # whether SIGALRM raises TimedOut in this process
        self.spent = 0.0
        self.calls = 0
        self.last_call: tuple[str, tuple[Any, ...], dict[str, Any]] | None = None

    def start(self, files: dict[str, str], limits: dict[str, int], preload: list[str], seed: int) -> None:
        """Hands the files over, and doesn't wait: see ``started``. Raises a RunOver."""
        self._budget, self._seconds = self._seconds, _START_SECONDS
        self._send(["start", files, limits, preload, seed])

    def load(self, entry: str, as_main: bool) -> None:
        """Asks for the file to be run, without waiting for it: see ``loaded``. Raises a RunOver."""
        self._send(["load", entry, as_main])

    def started(self) -> None:
        """Waits until the files are in place. Our time. Raises StudentError or a RunOver."""
        self._answer()
        self._seconds, self.spent = self._budget, 0.0

    def loaded(self) -> Any:
        """Waits until the file has been run. The learner's time. Raises StudentError or a RunOver.

        Returns what the learner's process says are the module's functions, by name.
        """
        try:
            return self._answer()
        except RunOver as over:
            self._over = over
            raise

    def request(self, operation: str, *arguments: Any) -> Any:
        """Asks for one operation and returns its answer. Raises StudentError or a RunOver."""
        if self._over:
            raise self._over
        try:
            self._send([operation, *arguments])
            return self._answer()
        except RunOver as over:
            self._over = over
            raise

    def quiet(self) -> bool:
        """Whether the learner's process has said nothing that was not asked for."""
        return self._channel.quiet()

    def new_test(self) -> None:
        """Forgets the last test's call-backs and last call."""
        self._functions.clear()
        self._pending, self.last_call, self.calls = None, None, 0

    def described_call(self) -> str:
        """The last call, as the learner would write it."""
        if self.last_call is None:
            return ""
        name, arguments, keywords = self.last_call
        parts = [brief(value) for value in arguments] + [
            f"{key}={brief(value)}" for key, value in keywords.items()
        ]
        return clean(f"{name}({', '.join(parts)})", 500)

    def _answer(self) -> Any:
        while True:
            match self._receive():
                case ["ok", value]:
                    if self._pending:
                        raise self._pending
                    return value
                case ["err", list(kinds), str(message), line, str(cause), str(trace)] if kinds:
                    raise _student_error(kinds, message, line, cause, trace)
                case ["back", int(number), list(arguments), dict(keywords)]:
                    self._call_back(number, arguments, keywords)
                case _:
                    raise Garbled

    def _call_back(self, number: int, arguments: list[Any], keywords: dict[str, Any]) -> None:
        """Runs a trusted function for the learner, who hears only the kind of error that it raised."""
        try:
            answer = [True, self._functions[number](*arguments, **keywords)]
        except CheckFailed as failed:
            self._pending, answer = failed, [False, "CheckFailed"]
        except Exception as error:  # whatever a test's function makes of a hostile argument
            answer = [False, type(error).__name__]
        self._send(["back", *answer])

    def _send(self, message: list[Any]) -> None:
        buffers = self._encoder.encode(message)
        self._timed(lambda deadline: self._channel.send(buffers, deadline))

    def _receive(self) -> Any:
        self._meanwhile()
        header, parts = self._timed(self._channel.receive)
        try:
            with self._patience():
                return self._decoder.decode(header, parts)
        except CodecError:
            raise Garbled from None

    @contextlib.contextmanager
    def _patience(self) -> Iterator[None]:
        """Ends what takes longer than the learner has left: a mapping may hold keys of all the same hash."""
        if not self.alarmed:
            yield
            return
        signal.setitimer(signal.ITIMER_REAL, max(self._seconds - self.spent, 0.05))
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)

    def _timed(self, action: Callable[[float], Any]) -> Any:
        """Runs one wait on the learner's clock."""
        began = time.monotonic()
        try:
            return action(began + self._seconds - self.spent)
        except TimeoutError:
            raise TimedOut from None
        except Closed:
            raise Gone from None
        except CodecError:
            raise Garbled from None
        finally:
            self.spent += time.monotonic() - began

    def _outgoing(self, value: Any) -> tuple[str, int, str, bool]:
        if isinstance(value, Remote):
            return "handle", _place(value).number, "", False
        if callable(value):
            self._functions.append(value)
            return "function", len(self._functions) - 1, getattr(value, "__name__", "function"), True
        raise CodecError(f"a test passed a {type(value).__name__}, which cannot cross")

    def _incoming(self, kind: str, number: int, label: str, is_callable: bool) -> Any:
        if kind != "handle":
            raise CodecError("an answer may only name things of the learner's")
        return Remote(self, number, clean(label, 80), is_callable)


def _student_error(kinds: list[Any], message: str, line: Any, cause: str, trace: str) -> StudentError:
    names = tuple(clean(str(kind), 80) for kind in kinds)
    known = line if type(line) is int and 0 < line < 10**6 else None
    cause = cause if cause in ("memory", "forbidden") else ""
    return StudentError(
        names[0], clean(message, 1000), known, kinds=names, cause=cause, trace=clean(trace, 8000)
    )


class _Place:
    """Where a Remote points. Kept off the Remote, whose every attribute belongs to the learner's object."""

    __slots__ = ("cache", "is_callable", "label", "name", "number", "session")

    def __init__(self, session: Session, number: int, label: str, is_callable: bool, name: str) -> None:
        self.session, self.number, self.label = session, number, label
        self.is_callable, self.name = is_callable, name
        self.cache: dict[str, Remote] = {}


def _place(remote: "Remote") -> _Place:
    place: _Place = object.__getattribute__(remote, "_cairn_place")
    return place


class Remote:
    """Stands for an object in the learner's process. Attributes, calls, items and arithmetic happen there.

    Equality is identity, decided here: what the learner's ``__eq__`` says is of no interest to a test.
    """

    __slots__ = ("_cairn_place",)

    def __init__(
        self, session: Session, number: int, label: str, is_callable: bool = False, name: str = ""
    ) -> None:
        object.__setattr__(self, "_cairn_place", _Place(session, number, label, is_callable, name))

    def __getattr__(self, name: str) -> Any:
        place = _place(self)
        if name in place.cache:
            return place.cache[name]
        value = place.session.request("get", self, name)
        if isinstance(value, Remote) and _place(value).is_callable:
            _place(value).name = f"{place.name}.{name}" if place.number else name
            if not place.number:  # a function of the module; one of an object may be replaced as it works
                place.cache[name] = value
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        _place(self).cache.pop(name, None)
        _place(self).session.request("set", self, name, value)

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        place = _place(self)
        session = place.session
        session.calls += 1
        session.last_call = (place.name or place.label, arguments, keywords)
        value = session.request("call", self, list(arguments), keywords)
        if isinstance(value, Remote):
            _place(value).name = _place(value).label.lower()
        return value

    def __repr__(self) -> str:
        place = _place(self)
        return (
            f"your {place.name or place.label}" if place.is_callable else f"an object of type {place.label}"
        )

    def __str__(self) -> str:
        return str(self._cairn_apply("str"))

    def __bool__(self) -> bool:
        return self._cairn_apply("bool") is True

    def __len__(self) -> int:
        try:
            size = self._cairn_apply("len")
        except StudentError as error:
            if "TypeError" in error.kinds:  # as Python says it; list() then iterates without asking first
                raise TypeError(str(error)) from None
            raise
        if type(size) is not int:
            raise CheckFailed("The length of your object is not a whole number.")
        return size

    def __iter__(self) -> Iterator[Any]:
        iterator = self._cairn_apply("iter")
        while True:
            try:
                yield _place(self).session.request("apply", "next", iterator)
            except StudentError as error:
                if error.type_name != "StopIteration":
                    raise
                return

    def __contains__(self, item: Any) -> bool:
        return self._cairn_apply(".contains", item) is True

    def __getitem__(self, key: Any) -> Any:
        return self._cairn_apply(".getitem", key)

    def __setitem__(self, key: Any, value: Any) -> None:
        self._cairn_apply(".setitem", key, value)

    def _cairn_apply(self, function: str, *arguments: Any) -> Any:
        return _place(self).session.request("apply", function, self, *arguments)


def _operator(name: str, *, reflected: bool = False) -> Callable[..., Any]:
    def apply(self: Remote, *others: Any) -> Any:
        operands = (*others, self) if reflected else (self, *others)
        return _place(self).session.request("apply", f".{name}", *operands)

    return apply


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul"):
    setattr(Remote, f"__{_name}__", _operator(_name))
    setattr(Remote, f"__r{_name}__", _operator(_name, reflected=True))
for _name in ("neg", "pos", "abs", "lt", "le", "gt", "ge"):
    setattr(Remote, f"__{_name}__", _operator(_name))
Remote.__array_ufunc__ = None  # type: ignore[attr-defined]  # NumPy then leaves `array + remote` to __radd__


class Student(Remote):
    """The learner's module. ``files`` are the texts of everything handed in, read on our side.

    ``functions`` are its functions by name, as the learner's process says, so that none has to be asked for.
    """

    __slots__ = ("files",)

    def __init__(self, session: Session, files: dict[str, str], functions: Any = None) -> None:
        super().__init__(session, 0, "module")
        object.__setattr__(self, "files", files)
        place = _place(self)
        for name, value in functions.items() if type(functions) is dict else ():
            if type(name) is str and type(value) is Remote and _place(value).is_callable:
                _place(value).name = name
                place.cache[name] = value
