"""The learner's own code and nothing else: run in a warm process, timed where it runs.

Each sample is a fork of a process that has imported the libraries, so that the file is loaded and called
for the first time, as in grading. Later runs in one process are faster; those are taken too.
"""

# ruff: noqa: S102, S603  it runs the files beside it, and nothing else

import functools
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import IO, Any, cast

from bench.machine import ROOT, THREADS
from bench.workload import CALLS, workload

_PRELOAD = {"plain": "", "numpy": "numpy", "torch": "torch"}


class Warm:
    """A warm process that answers each of our questions with the seconds that the learner's code took."""

    def __init__(self, kind: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.own", kind], cwd=ROOT, env={**os.environ, **THREADS},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._asking, self._answers = cast(IO[str], self._process.stdin), cast(IO[str], self._process.stdout)

    def __enter__(self) -> "Warm":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()

    def first(self) -> float:
        """Seconds of loading the file and its five calls, for the first time in a process."""
        return self._ask("first")

    def again(self) -> float:
        """The same in a process that did it before."""
        return self._ask("again")

    def _ask(self, what: str) -> float:
        self._asking.write(what + "\n")
        self._asking.flush()
        return float(json.loads(self._answers.readline()))


class _Timed:
    """Stands for the learner's module and counts the time spent in its functions."""

    def __init__(self, names: dict[str, Any]) -> None:
        self._names = names
        self.seconds = 0.0

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def timed(*arguments: Any) -> Any:
            began = time.perf_counter()
            try:
                return self._names[name](*arguments)
            finally:
                self.seconds += time.perf_counter() - began

        return timed


def own_seconds(solution: str, call: Callable[[Any, int], None]) -> float:
    """Loads ``solution`` and makes the five calls. Returns the seconds inside the learner's code only."""
    names: dict[str, Any] = {"__name__": "solution"}
    began = time.perf_counter()
    exec(compile(solution, "solution.py", "exec"), names)
    loading = time.perf_counter() - began
    student = _Timed(names)
    for number in range(CALLS):
        call(student, number)
    return loading + student.seconds


def _in_a_fork(measure: Callable[[], float]) -> float:
    reading, writing = os.pipe()
    if not (child := os.fork()):
        os.write(writing, str(measure()).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        seconds = float(answer.read())
    os.waitpid(child, 0)
    return seconds


def _serve(kind: str) -> None:
    if _PRELOAD[kind]:
        __import__(_PRELOAD[kind])
    load, names = workload(kind), dict[str, Any]()
    exec(compile(load.calls, "calls.py", "exec"), names)
    for line in sys.stdin:
        times = 3 if line.strip() == "again" else 1
        seconds = _in_a_fork(functools.partial(_last_of, times, load.solution, names["call"]))
        sys.stdout.write(json.dumps(seconds) + "\n")
        sys.stdout.flush()


def _last_of(times: int, solution: str, call: Callable[[Any, int], None]) -> float:
    return [own_seconds(solution, call) for _ in range(times)][-1]


if __name__ == "__main__":
    _serve(sys.argv[1])
