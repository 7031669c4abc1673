"""What a job may leave behind in a judge that stays for the next one: looked for after each.

A judge runs the author's tests, which are trusted but may be careless, and holds what the learner's process
answered, as plain values. ``Before`` notes how everything is before there is a job; ``left`` names what a job
has changed. Nothing is repaired: a judge that something was left in ends, and another takes its place.
Only what a judge itself does for every job is undone here (its own module, its path, the seeds).
"""

import atexit
import contextlib
import decimal
import gc
import linecache
import locale
import logging
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator
from operator import is_
from pathlib import Path
from typing import Any

_GROWN = 64 * 2**20  # bytes of its own that a judge may hold more than before its first job
_PATCHABLE = (
    *(
        "builtins",
        "collections",
        "functools",
        "itertools",
        "json",
        "math",
        "os",
        "random",
        "re",
        "sys",
        "time",
    ),
    *("inspect", "traceback", "types", "msgpack", "pydantic"),
    *("numpy", "numpy.linalg", "numpy.random", "torch", "torch.autograd", "torch.linalg", "torch.optim"),
    *("torch.nn", "torch.nn.functional", "torch.nn.init", "scipy", "sklearn"),
)
_SIGNALS = sorted(signal.valid_signals())
_LIMITS = [value for name, value in vars(resource).items() if name.startswith("RLIMIT_")]
_CLASSES = (("torch", "Tensor"), ("torch.nn", "Module"), ("pathlib", "Path"), ("random", "Random"))


class Before:
    """How this process is now, for ``left`` to compare with."""

    def __init__(self) -> None:
        gc.collect()
        gc.freeze()  # so that the collection after each job looks at that job's objects only
        self._state = _state()  # first, for to ask may import something
        self._home = Path.cwd()
        self._path = list(sys.path)
        self._importers = set(sys.path_importer_cache)
        self._modules = dict(sys.modules)
        self._spaces = {space: list(vars(space).values()) for space in _spaces()}
        self._names = {space: list(vars(space)) for space in self._spaces}
        self._own_bytes = _own_bytes()

    def left(self, scratch: Path) -> list[str]:
        """Clears a job's own away, whose files were in ``scratch``, and names what else it has left."""
        self._clear(scratch)
        reseed()
        gc.collect()
        return list(self._found())

    def _clear(self, scratch: Path) -> None:
        os.chdir(self._home)
        shutil.rmtree(scratch, ignore_errors=True)
        sys.path[:] = [place for place in sys.path if place != str(scratch)]
        for place in sys.path_importer_cache.keys() - self._importers:
            del sys.path_importer_cache[place]
        for name in sys.modules.keys() - self._modules.keys():
            if _lies_in(sys.modules[name], scratch):
                del sys.modules[name]
        linecache.clearcache()
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):  # a test may have closed or replaced it: that is found below
                stream.flush()

    def _found(self) -> Iterator[str]:
        if sys.path != self._path:
            yield "sys.path"
        if not _same(sys.modules, list(self._modules), list(self._modules.values())):
            yield "sys.modules"
        for space, values in self._spaces.items():
            if not _same(vars(space), self._names[space], values):
                yield f"the names in {space.__name__}"
        now = _state()
        yield from (name for name, value in self._state.items() if now[name] != value)
        if _own_bytes() > self._own_bytes + _GROWN:
            yield "memory"


def reseed() -> None:
    """No two jobs draw the same numbers, unless a test seeds them itself."""
    random.seed()
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed()
    if torch := sys.modules.get("torch"):
        torch.default_generator.seed()


def _is_of(kind: Any, module: str) -> bool:
    """Whether it is a class that this module defines."""
    return isinstance(kind, type) and kind.__module__ == module


def _lies_in(module: Any, scratch: Path) -> bool:
    """Whether a module is one of the job's own files."""
    file = getattr(module, "__file__", None)
    return isinstance(file, str) and file.startswith(f"{scratch}/")


def _same(now: Any, names: list[str], values: list[Any]) -> bool:
    """Whether the same names stand for the same objects, in the same order; equality could be anybody's."""
    return list(now) == names and all(map(is_, now.values(), values))


def _spaces() -> Iterator[Any]:
    """The modules and classes that a careless test would patch, and all of the grader's own."""
    for name in _PATCHABLE:
        if name in sys.modules:
            yield sys.modules[name]
    for name, kind in _CLASSES:
        if name in sys.modules:
            yield getattr(sys.modules[name], kind)
    for name, module in sys.modules.items():
        if name.startswith("grader."):
            yield module
            yield from (kind for kind in vars(module).values() if _is_of(kind, name))


def _own_bytes() -> int:
    """Memory that is no file's, in bytes."""
    with open("/proc/self/statm") as statm:  # noqa: PTH123  read for every job
        fields = statm.read().split()
    return (int(fields[1]) - int(fields[2])) * resource.getpagesize()


def _state() -> dict[str, Any]:
    """Settings of the process, the interpreter and the libraries, in values that can be compared."""
    state = {name: ask() for name, ask in _ASKED.items()}
    if "numpy" in sys.modules:
        state |= {f"numpy: {name}": ask() for name, ask in _numpy_asked().items()}
    if "torch" in sys.modules:
        state |= {f"torch: {name}": ask() for name, ask in _torch_asked().items()}
    return state


def _children() -> bool:
    """Whether there is a child process, running or ended."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _decimals(context: decimal.Context) -> tuple[Any, ...]:
    return context.prec, context.rounding, context.Emin, context.Emax, dict(context.traps)


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


_ASKED: dict[str, Callable[[], Any]] = {
    "children": _children,
    "threads": lambda: os.listdir("/proc/self/task"),  # noqa: PTH208
    "descriptors": lambda: sorted(os.listdir("/proc/self/fd")),  # noqa: PTH208
    "environment": lambda: dict(os.environ),
    "umask": _umask,
    "signals": lambda: [id(signal.getsignal(number)) for number in _SIGNALS],
    "blocked signals": lambda: signal.pthread_sigmask(signal.SIG_BLOCK, ()),
    "timers": lambda: [signal.getitimer(which)[0] for which in (0, 1, 2)],
    "limits": lambda: [resource.getrlimit(which) for which in _LIMITS],
    "streams": lambda: [(id(stream), stream.closed) for stream in (sys.stdin, sys.stdout, sys.stderr)],
    "hooks": lambda: [
        *map(id, (sys.excepthook, sys.displayhook, sys.unraisablehook, threading.excepthook)),
        *map(id, (sys.gettrace(), sys.getprofile(), threading.gettrace(), warnings.showwarning)),
        *map(id, (*sys.meta_path, *sys.path_hooks)),
    ],
    "arguments": lambda: list(sys.argv),
    "recursion": sys.getrecursionlimit,
    "digits": sys.get_int_max_str_digits,
    "switching": sys.getswitchinterval,
    "collector": lambda: (gc.isenabled(), gc.get_threshold(), gc.get_debug(), len(gc.callbacks)),
    "warnings": lambda: list(warnings.filters),
    "at exit": lambda: atexit._ncallbacks(),
    "decimals": lambda: _decimals(decimal.getcontext()),
    "language": lambda: locale.setlocale(locale.LC_ALL),
    "temporary folder": lambda: tempfile.tempdir,
    "logging": lambda: (
        logging.root.level,
        list(map(id, logging.root.handlers)),
        logging.root.manager.disable,
    ),
    "small numbers": lambda: sys.float_info.min / 2 > 0,  # not where they are flushed to zero
}


def _numpy_asked() -> dict[str, Callable[[], Any]]:
    numpy = sys.modules["numpy"]
    return {
        "errors": numpy.geterr,
        "error call": lambda: id(numpy.geterrcall()),
        "buffer": numpy.getbufsize,
        "printing": lambda: str(numpy.get_printoptions()),
        "generator": lambda: id(numpy.random.get_bit_generator()),
    }


def _torch_asked() -> dict[str, Callable[[], Any]]:
    torch = sys.modules["torch"]
    return {
        "dtype": torch.get_default_dtype,
        "device": lambda: str(torch.get_default_device()),
        "gradients": lambda: (torch.is_grad_enabled(), torch.is_inference_mode_enabled()),
        "anomalies": torch.is_anomaly_enabled,
        "threads": torch.get_num_threads,
        "determinism": torch.get_deterministic_debug_mode,
        "precision": torch.get_float32_matmul_precision,
        "autocast": lambda: torch.is_autocast_enabled("cpu"),
        "modes": lambda: (torch._C._len_torch_function_stack(), torch._C._len_torch_dispatch_stack()),
        "printing": lambda: str(vars(torch._tensor_str.PRINT_OPTS)),
    }
