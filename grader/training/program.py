"""What starts in a training's sandbox: takes the limits on, then runs the learner's program as ``__main__``.

Started as ``python -I -S -B -u /harness/program.py PACKAGES``. With several processes, the first of all is
torchrun, which starts this once more for each of them, with their RANK in the environment. With several nodes
there is a torchrun in the cell of each.
"""

# pathlib would be one more import in every process.
# ruff: noqa: PTH118, PTH123, PTH208

import contextlib
import errno
import importlib
import importlib.util
import io
import json
import os
import resource
import runpy
import signal
import socket
import sys
import time
import traceback
import types
from typing import Any

_GIVEN, _HOME = "/cairn", "/box"
_SLACK = 2 * 2**30  # of address space: thread stacks, allocator arenas and mapped data are not memory in use
_FULL = {errno.ENOSPC, errno.EFBIG, errno.EDQUOT}


def main() -> None:
    """Runs the program, or torchrun, which runs several."""
    sys.path += sys.argv[1:]
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
    with open(os.path.join(_GIVEN, "job.json"), encoding="utf-8") as file:
        job = json.load(file)
    os.chdir(_HOME)
    if "RANK" not in os.environ:
        _place(job)
    if job["together"] is not None and "RANK" not in os.environ:
        _launch(**job["together"])
    else:
        _train(job)


def _place(job: dict[str, Any]) -> None:
    """Copies the learner's files into the work folder, where they may also be written to."""
    for name in os.listdir(os.path.join(_GIVEN, "code")):
        with open(os.path.join(_GIVEN, "code", name), "rb") as source, open(name, "wb") as copy:
            copy.write(source.read())


def _launch(processes: int, nodes: int, rank: int, own: str, master: str) -> None:
    """Becomes torchrun for so many processes on each node, whose cells have these addresses."""
    _wait_for(own)
    sys.argv = [
        "torchrun",
        f"--nnodes={nodes}",
        f"--node-rank={rank}",
        f"--nproc-per-node={processes}",
        f"--master-addr={master}",
        "--master-port=29500",
        "--no-python",
        sys.executable,
        *("-I", "-S", "-B", "-u", __file__, *sys.argv[1:]),
    ]
    runpy.run_module("torch.distributed.run", run_name="__main__")


def _wait_for(own: str) -> None:
    """The node puts the cell's interface in once the cell stands: until then nothing can have its address."""
    until = time.monotonic() + 30
    while True:
        with socket.socket() as sock:
            try:
                sock.bind((own, 0))
            except OSError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.02)
            else:
                return


def _train(job: dict[str, Any]) -> None:
    sys.path.insert(0, _HOME)
    for name in job["preload"]:
        importlib.import_module(name)
    cairn = importlib.import_module("cairn")
    importlib.import_module("_cairn_shims").install(job["seed"], estimate=job["estimate"])
    _limit(job)
    if cairn._wire is not None:
        cairn._wire.tell({"k": "start"})
    try:
        _run(job["entry"])
    except BaseException as error:
        if not _is_plain_exit(error):
            _explain(cairn, error)
            sys.exit(1)


def _run(entry: str) -> None:
    """The learner's program, as Python itself would run it."""
    path = os.path.join(_HOME, entry)
    module = types.ModuleType("__main__")
    module.__file__ = path
    sys.modules["__main__"] = module
    sys.argv = [path]
    with open(path, encoding="utf-8") as file:
        source = file.read()
    exec(compile(source, path, "exec"), module.__dict__)  # noqa: S102


def _is_plain_exit(error: BaseException) -> bool:
    return isinstance(error, SystemExit) and error.code in (None, 0)


def _explain(cairn: Any, error: BaseException) -> None:
    """Shows the trace where Python would, and tells the node what it was."""
    if isinstance(error, SystemExit):
        message = f"your program called exit({error.code!r})"
    else:
        message = _message(error)
        with contextlib.suppress(Exception):
            sys.stderr.write(_trace(error))
    said = {"k": "end", "type": type(error).__name__[:80], "message": message[:2000], "cause": _cause(error)}
    with contextlib.suppress(Exception):
        cairn._wire.tell(said | {"line": _line(error)})


def _trace(error: BaseException) -> str:
    """What Python prints of an exception, less the frames of this file."""
    shown = traceback.TracebackException.from_exception(error)
    own = [frame for frame in shown.stack if frame.filename != __file__]
    shown.stack = traceback.StackSummary.from_list(own)
    return "".join(shown.format()).replace(f"{_HOME}/", "")


def _line(error: BaseException) -> int | None:
    if isinstance(error, SyntaxError):
        return error.lineno
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith(_HOME)
    ]
    return frames[-1].lineno if frames else None


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except BaseException:
        return "(its message could not be read)"


def _cause(error: BaseException | None) -> str:
    """Whether memory or disk ran out, or the sandbox refused something, anywhere in the chain."""
    for _ in range(10):
        if error is None:
            return ""
        said = _message(error)
        if isinstance(error, MemoryError) or "can't allocate memory" in said or "out of memory" in said:
            return "memory"
        if isinstance(error, OSError) and error.errno in _FULL:
            return "disk"
        if isinstance(error, OSError) and error.errno in (errno.EPERM, errno.EACCES, errno.EROFS):
            return "forbidden"
        error = error.__cause__ or error.__context__
    return ""


def _limit(job: dict[str, Any]) -> None:
    """Lowers this process's limits for good. An accelerator's driver maps more memory than there is."""
    limits = job["limits"]
    with open("/proc/self/statm") as statm:
        mapped = int(statm.read().split()[0]) * resource.getpagesize()
    space = mapped + limits["memory_bytes"] + job["data_bytes"] + _SLACK
    cpu = int(limits["cpu_seconds"]) + 10
    wanted = {
        resource.RLIMIT_CPU: (cpu, cpu + 1),
        resource.RLIMIT_FSIZE: (limits["file_bytes"],) * 2,
        resource.RLIMIT_NOFILE: (1024, 1024),
        resource.RLIMIT_CORE: (0, 0),
        resource.RLIMIT_NPROC: (limits["processes"] * 4,) * 2,  # the kernel counts threads
    }
    if job["device"] == "cpu":
        wanted[resource.RLIMIT_AS] = (space, space)
    for name, value in wanted.items():
        resource.setrlimit(name, value)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


if __name__ == "__main__":
    main()
