"""What grading costs above the learner's own code, beside cold peers; throughput, memory, a call's price."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from typing import Any

from bench import peers
from bench.machine import CORES
from bench.own import Warm
from bench.processes import busy_seconds, children_bytes
from bench.timing import Sampler, above, interleave, summary
from bench.workload import KINDS, Workload, job, workload
from grader.contract import Event, Job, Phase, Verdict
from grader.run import run
from grader.sandbox import select
from grader.sandbox.base import Backend, SandboxUnavailable
from grader.sandbox.warm import Warm as WarmBackend

OWN, AGAIN = "own", "own, again"
_WAITING_JOBS = 4


@dataclass(frozen=True)
class Effort:
    """How many samples of each kind, and how many submissions for the throughput."""

    fast: int
    slow: int
    submissions: int


FULL, QUICK = Effort(fast=60, slow=4, submissions=120), Effort(fast=6, slow=1, submissions=6)


def measure(effort: Effort, say: Callable[[str], None]) -> dict[str, Any]:
    """Everything about grading. Raises RuntimeError if a submission that must pass does not."""
    say("Setting up the peers' environment (the first time takes a minute)")
    missing = peers.install()
    found, refused = backends()
    latency: dict[str, Any] = {}
    for kind in KINDS:
        say(f"Grading: {kind}, in turns")
        latency[kind] = _latency(workload(kind), found, missing, effort)
    result: dict[str, Any] = {"latency": latency, "refused": refused, "backends": {}}
    for backend in found:
        say(f"Grading: throughput, memory and calls of {backend.name}")
        result["backends"][backend.name] = _backend(backend, effort)
    say("Grading: throughput of a cold process")
    result["cold_throughput"] = _cold_throughput(missing, effort)
    return result


def backends() -> tuple[list[Backend], dict[str, str]]:
    """The isolating backends that work here, best first, and why each of the others does not."""
    found: list[Backend] = []
    refused: dict[str, str] = {}
    for name in select.SAFE:  # the names that CAIRN_SANDBOX may hold, but for "auto" and "unsafe"
        try:
            found.append(select.select_backend(name))
        except SandboxUnavailable as why:
            refused[name] = str(why)
    return found, refused


def graded(job: Job, backend: Backend) -> float:
    """Seconds from handing the job over to its Report. Raises RuntimeError unless it passed."""
    began = time.perf_counter()
    report = run(job, _unheard, backend=backend)
    seconds = time.perf_counter() - began
    if report.status is not Verdict.PASSED:
        raise RuntimeError(f"{backend.name} gave {report.status} where it had to pass: {report.message}")
    return seconds


def _unheard(event: Event) -> None:
    """Nobody is watching."""


def _latency(work: Workload, found: list[Backend], missing: dict[str, str], effort: Effort) -> dict[str, Any]:
    """Seconds of each way to grade ``work``, and of ours above the learner's own code."""
    task = work.job()
    with peers.peers(work, missing) as (others, absent), Warm(work.kind) as warm:
        samplers: dict[str, Sampler] = {OWN: warm.first, AGAIN: warm.again}
        samplers |= {backend.name: _grading(task, backend) for backend in found}
        samplers |= {peer.name: peer.sampler for peer in others}
        slow = {peer.name for peer in others if peer.slow or work.kind == "torch"}
        slow |= {backend.name for backend in found if _is_cold(backend)}
        counts = {name: effort.slow if name in slow else effort.fast for name in samplers}
        taken = interleave(samplers, counts)
    ours = {backend.name: asdict(summary(_above_own(taken[backend.name], taken[OWN]))) for backend in found}
    return {"ways": {name: asdict(summary(samples)) for name, samples in taken.items()}, "above_own": ours,
            "peers": [peer.name for peer in others], "absent": absent}  # fmt: skip


def _above_own(samples: list[float], own: list[float]) -> list[float]:
    """Pair by pair; one that is sampled less often, less the median of the learner's own code."""
    return above(samples, own if len(samples) == len(own) else [summary(own).p50] * len(samples))


def _is_cold(backend: Backend) -> bool:
    """Whether it starts interpreters for each submission: seconds with PyTorch; no goal is meant for it."""
    return not isinstance(backend, WarmBackend)


def _grading(task: Job, backend: Backend) -> Sampler:
    return lambda: graded(task, backend)


def _backend(backend: Backend, effort: Effort) -> dict[str, Any]:
    few = replace(effort, submissions=max(2, effort.submissions // 10)) if _is_cold(backend) else effort
    return {
        "throughput": {kind: _throughput(_grading(workload(kind).job(), backend), few) for kind in KINDS},
        "memory": {kind: _memory(kind, backend) for kind in KINDS},
        "call": _calls(backend),
    }


def _cold_throughput(missing: dict[str, str], effort: Effort) -> dict[str, Any]:
    with peers.peers(workload("torch"), missing) as (others, _):
        fast = [peer for peer in others if not peer.slow]
        few = replace(effort, submissions=max(2, effort.submissions // 10))
        return {peer.name: {"torch": _throughput(peer.sampler, few)} for peer in fast}


def _throughput(sampler: Sampler, effort: Effort) -> dict[str, float]:
    """Submissions a second with CORES at a time, and the seconds that a core was busy with each."""
    used, began = busy_seconds(), time.perf_counter()
    with ThreadPoolExecutor(CORES) as pool:
        for done in [pool.submit(sampler) for _ in range(effort.submissions)]:
            done.result()
    seconds = time.perf_counter() - began
    used = busy_seconds() - used
    return {"per_second": effort.submissions / seconds, "cpu_seconds": used / effort.submissions}


# Memory

_WAITER = "{imports}\nimport time\n\ndef wait():\n    time.sleep(50)\n"
_WAITER_TEST = "{imports}\ndef test_wait(student):\n    student.wait()\n"


def _memory(kind: str, backend: Backend) -> dict[str, float | str]:
    """Bytes held while nothing runs, and by each running job beside them, its share of the judge included."""
    graded(workload(kind).job(), backend)  # what stays warm is warm now
    try:
        idle = children_bytes()
        with _running(kind, backend, _WAITING_JOBS):
            busy = children_bytes()
    except PermissionError as error:
        return {"unknown": f"this system does not tell: {error}"}
    return {"idle_bytes": idle, "running_bytes": (busy - idle) / _WAITING_JOBS}


@contextlib.contextmanager
def _running(kind: str, backend: Backend, count: int) -> Iterator[None]:
    """``count`` jobs that have loaded their libraries and wait inside the learner's code."""
    imports = "" if kind == "plain" else f"import {kind}"
    task = job(_WAITER.format(imports=imports), _WAITER_TEST.format(imports=imports))
    started, cancel = threading.Semaphore(0), threading.Event()

    def hear(event: Event) -> None:
        if isinstance(event, Phase) and event.name in ("testing", "done"):
            started.release()

    with ThreadPoolExecutor(count) as pool:
        for _ in range(count):
            pool.submit(run, task, hear, backend=backend, cancel=cancel)
        try:
            for _ in range(count):
                if not started.acquire(timeout=120):
                    raise RuntimeError(f"{backend.name}: {count} jobs did not start within two minutes")
            time.sleep(0.5)
            yield
        finally:
            cancel.set()


# Calls

_ECHO = "import numpy\n\ndef echo(value):\n    return value\n"
_ECHO_TEST = """
import time
import numpy
from grader.checks import metric

def seconds(student, value, times):
    student.echo(value)
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        student.echo(value)
        taken.append(time.perf_counter() - began)
    taken.sort()
    return taken[times // 2]

def test_small(student):
    metric("small", seconds(student, 7, 500))

def test_array(student):
    metric("array", seconds(student, numpy.zeros(2**17), 50))
"""


def _calls(backend: Backend) -> dict[str, float]:
    """p50 seconds of one call there and back, as a test sees it: a small number, and 1 MB of numbers."""
    report = run(job(_ECHO, _ECHO_TEST), _unheard, backend=backend)
    if report.status is not Verdict.PASSED:
        raise RuntimeError(f"{backend.name} gave {report.status} for the calls: {report.message}")
    return {name: report.metrics[name] for name in ("small", "array")}
