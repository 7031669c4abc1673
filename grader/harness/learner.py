"""The process inside the sandbox: loads the learner's files and does what the judge asks of them.

It holds no test and no expected value, so there is nothing here to steal. It shares its process with code
that may do anything to it; the judge therefore believes nothing that comes from here.

Started as ``python -u learner.py FD PACKAGES``: the socket to the judge, and where the packages are.
"""

# pathlib would cost every submission 4 ms of import time.
# ruff: noqa: PTH100, PTH107, PTH109, PTH118, PTH120, PTH123

import contextlib
import errno
import importlib
import importlib.util
import io
import linecache
import os
import resource
import signal
import socket
import sys
import threading
import traceback
import types
from typing import Any

_REFUSED = {errno.EPERM, errno.EACCES, errno.EROFS, errno.ENETUNREACH}
_AS_SLACK = 384 * 2**20  # thread stacks and allocator arenas are reserved, not used
_TRACE_LINES = 40


class Harness:
    """Answers the judge's requests, one at a time, until the connection closes."""

    def __init__(self, sock: socket.socket, codec: Any) -> None:
        self._codec = codec
        self._channel = codec.Channel(sock)
        self._encoder = codec.Encoder(self._outgoing)
        self._decoder = codec.Decoder(self._incoming)
        self._handles: list[Any] = [None]  # 0 is the learner's module
        self._named: dict[int, str] = {}  # handles of what the module calls so, whatever that is now
        self._home = ""

    def serve(self) -> None:
        """Handles requests for ever; returns when the judge is gone."""
        while True:
            try:
                request = self._decoder.decode(*self._channel.receive())
            except (self._codec.Closed, self._codec.CodecError):
                return
            self._reply(self._handle(request))

    def _handle(self, request: list[Any]) -> list[Any]:
        operation, *arguments = request
        try:
            return ["ok", getattr(self, f"do_{operation}")(*arguments)]
        except BaseException as error:  # SystemExit and KeyboardInterrupt too are an answer
            return ["err", *self._describe(error)]

    def _reply(self, answer: list[Any]) -> None:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):  # a learner may close or replace it: their output to lose
                stream.flush()
        try:
            frame = self._encoder.encode(answer)
        except BaseException as error:
            frame = self._encoder.encode(["err", *self._describe(error)])
        self._channel.send(frame)

    # What the judge may ask for

    def do_start(self, files: dict[str, str], limits: dict[str, int], preload: list[str], seed: int) -> None:
        """Writes the files, imports the libraries that they need, and then takes the limits on."""
        self._home = os.getcwd()
        for name, text in files.items():
            _write(os.path.join(self._home, name), text)
        sys.path.insert(0, self._home)
        for name in preload:
            importlib.import_module(name)
        _seed_everything(seed)
        _limit(limits)

    def do_load(self, entry: str, as_main: bool) -> dict[str, Any]:
        """Runs the entry file. A script that ends with a plain ``sys.exit()`` counts as ended.

        Returns the functions and classes that it defines, by name, since the tests will ask for some of them;
        each stands for whatever the module calls so when it is used.
        """
        path = os.path.join(self._home, entry)
        stem = entry.removesuffix(".py")
        module = types.ModuleType("__main__" if as_main else stem)
        module.__file__ = path
        sys.modules[stem] = sys.modules[module.__name__] = module
        self._handles[0] = module
        sys.argv = [path]
        with open(path, encoding="utf-8") as file:
            source = file.read()
        try:
            exec(compile(source, path, "exec"), module.__dict__)  # noqa: S102
        except SystemExit as end:
            if not as_main or end.code not in (None, 0):
                raise
        found = _defined(module)
        self._named = {len(self._handles) + place: name for place, name in enumerate(found)}
        return found

    def do_get(self, target: Any, name: str) -> Any:
        """An attribute. One that the module lacks is a NameError in the learner's words."""
        if target is self._handles[0] and name not in vars(target):
            raise NameError(f"your code does not define `{name}`")
        return getattr(target, name)

    def do_set(self, target: Any, name: str, value: Any) -> None:
        """Sets an attribute."""
        if target is self._handles[0]:  # a handle that a test has kept then stands for what it stood for
            for number in [number for number, known in self._named.items() if known == name]:
                self._handles[number] = self._handle_of(number)
                del self._named[number]
        setattr(target, name, value)

    def do_call(self, target: Any, arguments: list[Any], keywords: dict[str, Any]) -> Any:
        """Calls a function, a class or a method."""
        return target(*arguments, **keywords)

    def do_apply(self, function: str, *arguments: Any) -> Any:
        """Applies a built-in or an operator by name: ``len``, ``iter``, ``operator.add``."""
        return getattr(
            importlib.import_module("operator" if function[0] == "." else "builtins"), function.lstrip(".")
        )(*arguments)

    # What crosses by name

    def _outgoing(self, value: Any) -> tuple[str, int, str, bool]:
        self._handles.append(value)
        return "handle", len(self._handles) - 1, type(value).__name__, callable(value)

    def _incoming(self, kind: str, number: int, label: str, _: bool) -> Any:
        if kind != "handle":
            return self._callback(number, label)
        return self._handle_of(number)

    def _handle_of(self, number: int) -> Any:
        """What a handle stands for: see ``do_load`` for those that go by a name."""
        known = self._handles[number]
        return vars(self._handles[0]).get(self._named[number], known) if number in self._named else known

    def _callback(self, number: int, label: str) -> Any:
        def call_back(*arguments: Any, **keywords: Any) -> Any:
            self._channel.send(self._encoder.encode(["back", number, list(arguments), keywords]))
            while True:
                request = self._decoder.decode(*self._channel.receive())
                if request[0] == "back":
                    if request[1]:
                        return request[2]
                    raise RuntimeError(f"{label} could not be evaluated: {request[2]}")
                self._reply(self._handle(request))

        call_back.__name__ = label
        return call_back

    # What went wrong

    def _describe(self, error: BaseException) -> list[Any]:
        """Type names, message, line in the learner's file, whether a limit was behind it, the trace."""
        kinds = [kind.__name__ for kind in type(error).__mro__[:10]]
        line, trace = self._trace(error)
        cause, behind = _cause(error)
        message = _message(error)
        if isinstance(error, SystemExit):
            message = f"your code called exit({error.code!r})"
        elif isinstance(error, SyntaxError):
            message = str(error.msg)  # the line is told beside it
        elif cause == "forbidden":
            message = f"{self._refused(behind)} is not allowed ({message})"
        return [kinds, message[:2000], line, cause, trace[:8000]]

    def _refused(self, error: Any) -> str:
        """What the sandbox refused, in words."""
        frames = traceback.extract_tb(error.__traceback__)
        if isinstance(error, socket.gaierror) or (frames and frames[-1].filename == socket.__file__):
            return "using the network"
        if isinstance(error.filename, str):
            return f"using the file {error.filename}"
        own = [frame.line for frame in frames if frame.filename.startswith(self._home) and frame.line]
        return f"what `{own[-1]}` asks for" if own else "what it asked for"

    def _trace(self, error: BaseException) -> tuple[int | None, str]:
        if isinstance(error, SyntaxError) and error.filename and error.filename.startswith(self._home):
            return error.lineno, "".join(traceback.format_exception_only(error)).replace(self._home + "/", "")
        frames = [
            frame
            for frame in traceback.extract_tb(error.__traceback__)
            if frame.filename.startswith(self._home)
        ]
        if not frames:
            return None, ""
        text = "".join(traceback.format_list(frames[-_TRACE_LINES:]))
        only = "".join(traceback.format_exception_only(error))
        entry = [frame for frame in frames if frame.filename == getattr(self._handles[0], "__file__", None)]
        text = f"Traceback (most recent call last):\n{text}{only}".replace(self._home + "/", "")
        return (entry or frames)[-1].lineno, text


def _defined(module: types.ModuleType) -> dict[str, Any]:
    """The functions and classes that a file itself defines."""
    return {
        name: value
        for name, value in module.__dict__.items()
        if type(value) in (types.FunctionType, type) and value.__module__ == module.__name__
    }


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except BaseException:
        return "(its message could not be read)"


def _cause(error: BaseException | None) -> tuple[str, BaseException | None]:
    """Whether memory ran out, or the sandbox refused something, and in which of the chained exceptions."""
    for _ in range(10):
        if error is None:
            break
        if isinstance(error, MemoryError) or "can't allocate memory" in _message(error):
            return "memory", error
        if isinstance(error, socket.gaierror) or (isinstance(error, OSError) and error.errno in _REFUSED):
            return "forbidden", error
        reason = getattr(error, "reason", None)
        error = reason if isinstance(reason, BaseException) else error.__cause__ or error.__context__
    return "", None


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8", errors="replace", newline="") as file:
        file.write(text)


def _used() -> tuple[float, int]:
    """Processor seconds that this process has used, and bytes that it has mapped."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    with open("/proc/self/statm") as statm:
        mapped = int(statm.read().split()[0]) * resource.getpagesize()
    return used.ru_utime + used.ru_stime, mapped


def _limit(limits: dict[str, int]) -> None:
    """Lowers this process's limits for good. What was used until now is not charged to the learner."""
    seconds, mapped = _used()
    cpu = int(seconds + limits["cpu_seconds"] + 1)
    space = mapped + limits["memory_bytes"] + _AS_SLACK
    wanted = {
        resource.RLIMIT_CPU: cpu,
        resource.RLIMIT_AS: space,
        resource.RLIMIT_FSIZE: limits["file_bytes"],
        resource.RLIMIT_NOFILE: 256,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NPROC: limits["processes"],
    }
    for name, value in wanted.items():
        hard = (
            value + 1 if name == resource.RLIMIT_CPU else value
        )  # at the hard limit the signal would be KILL
        resource.setrlimit(name, (value, hard))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


def _seed_everything(seed: int) -> None:
    import random

    random.seed(seed)
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed(seed % 2**32)
    if torch := sys.modules.get("torch"):
        torch.default_generator.manual_seed(seed)  # torch.manual_seed writes down the stack for each device
        if torch.backends.cuda.is_built():
            torch.cuda.manual_seed_all(seed)


def _private_socket(number: int) -> socket.socket:
    """The socket to the judge, and no other inherited descriptor but the standard three."""
    highest = 200
    os.dup2(number, highest, inheritable=False)
    os.closerange(3, highest)
    os.closerange(highest + 1, 4096)
    return socket.socket(fileno=highest)


def load_codec() -> Any:
    """The codec, under a name that no file of the learner's can have."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "codec.py")
    spec = importlib.util.spec_from_file_location("_cairn_codec", path)
    assert spec is not None  # noqa: S101
    assert spec.loader is not None  # noqa: S101
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def prepare() -> None:
    """What can be done once, before there is a learner."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    threading.stack_size(2**20 * 4)
    linecache.clearcache()


def rehearse_at_home() -> None:
    """What a rehearsal can do only in the work folder."""
    _write("rehearsal.py", _REHEARSAL)
    with open("rehearsal.py", encoding="utf-8") as file:
        file.read()
    os.remove("rehearsal.py")
    _used()
    for name in (resource.RLIMIT_CPU, resource.RLIMIT_AS, resource.RLIMIT_FSIZE, resource.RLIMIT_NPROC):
        resource.setrlimit(name, resource.getrlimit(name))


def rehearse(codec: Any) -> None:
    """Does what every job does, with words of its own, and leaves nothing: see ``forks.Work``."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        harness, judge = Harness(theirs, codec), codec.Channel(ours)
        module = types.ModuleType("rehearsal")
        exec(compile(_REHEARSAL, "rehearsal.py", "exec"), module.__dict__)  # noqa: S102
        harness._handles.append(module)
        values: list[Any] = [1, 2.5, "text", None, True, (1, 2), {"key": [1.0]}]
        if numpy := sys.modules.get("numpy"):
            values += [numpy.ones((2, 2)), numpy.float64(1)]
        if torch := sys.modules.get("torch"):
            values.append(torch.ones(2))
        encoder = codec.Encoder(lambda target: ("handle", harness._handles.index(target), "", False))
        for request in (["get", module, "double"], ["call", module.double, [values], {}]):
            harness._handles.append(module.double)
            judge.send(encoder.encode(request))
            harness._reply(harness._handle(harness._decoder.decode(*harness._channel.receive())))
            judge.receive()
    _seed_everything(0)
    b" " * 2**19  # the allocator keeps it: pages that are there when the first arrays come


_REHEARSAL = """
import math

class Shape:
    def __init__(self, sides):
        self.sides = [float(side) for side in sides]

def double(values):
    total = math.fsum(len(str(value)) for value in values[:4])
    return {"total": total, "sides": Shape([1, 2]).sides, "values": values * 2}
"""


def serve(number: int, codec: Any) -> None:
    """Serves the judge on a socket, and closes every other descriptor but the standard three."""
    Harness(_private_socket(number), codec).serve()
    os._exit(0)


def main() -> None:
    """Serves the judge on the socket named on the command line."""
    sys.path.extend(sys.argv[2:])
    prepare()
    serve(int(sys.argv[1]), load_codec())


if __name__ == "__main__":
    main()
