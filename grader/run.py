"""The one entry: runs a Job and gives back a Report.

Two processes do the work. The learner's is sealed in a sandbox; the judge's is trusted and holds the tests.
They talk over a socket pair. This module starts both, watches output, memory, processes and time, and puts
together what happened.

What a Report's status means, first that applies: our own failure (internal); the learner's process was
stopped for what it did, or an exception of its code had a limit of the sandbox behind it (forbidden, memory,
output, timeout); the file could not be loaded (error); some test said no (failed); all that went wrong were
exceptions of the learner's code (error); passed.
"""

import os
import select
import signal
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from grader.contract import (
    MAX_MESSAGE_CHARS,
    Event,
    Finding,
    Job,
    Metric,
    Output,
    Phase,
    PlannedTest,
    Report,
    Seat,
    TestDone,
    TestResult,
    TestStatus,
    Verdict,
)
from grader.harness.judge import Closing, judge_libraries, libraries
from grader.harness.text import CUT, Stream, clean, readable_size
from grader.judges import start_judge
from grader.sandbox.base import Backend, Confined, Exit, ended_by
from grader.sandbox.select import select_backend
from grader.training.data import cache_folder
from grader.training.depot import Depot, Folder

OnEvent = Callable[[Event], None]

_TICK = 0.02
_TESTS_SECONDS = 300.0  # what the trusted side may take in all, beside the learner's own time
_ENDING_SECONDS = 0.5
_MAX_EVENTS_LINE = 4 * 2**20
_EVENT: TypeAdapter[Event | Closing] = TypeAdapter(Event | Closing)


def run(
    job: Job,
    on_event: OnEvent,
    *,
    backend: Backend | None = None,
    cancel: threading.Event | None = None,
    depot: Depot | None = None,
    materials: Path | None = None,
    seat: Seat | None = None,
) -> Report:
    """Runs ``job`` sealed and reports. Never raises for what learner code does.

    A failure of ours gives Verdict.INTERNAL with a message; so does a ``cancel`` that was set. Raises
    SandboxUnavailable if ``backend`` is not given and this machine has none that works. ``depot`` is where a
    training's artifacts are safe, by default the node's own cache; ``materials`` what its tests may ask for;
    ``seat`` this node's place in a training on several.
    """
    backend = backend or select_backend()
    if job.training is not None:
        from grader.training import run as training  # which asks for its evaluation here

        depot = depot or Folder(cache_folder() / "artifacts")
        return training.train(job, on_event, depot=depot, backend=backend, cancel=cancel, seat=seat)
    try:
        return _Run(job, on_event, backend, cancel or threading.Event(), materials).report()
    except (OSError, ValidationError) as error:
        return Report(
            job_id=job.id,
            status=Verdict.INTERNAL,
            message=f"The grader failed: {type(error).__name__}: {error}"[:MAX_MESSAGE_CHARS],
            content_hash=job.content_hash,
        )


class _Run:
    """The supervision of one job."""

    def __init__(
        self,
        job: Job,
        on_event: OnEvent,
        backend: Backend,
        cancel: threading.Event,
        materials: Path | None,
    ) -> None:
        self._job, self._on_event, self._cancel = job, on_event, cancel
        self._planned: list[PlannedTest] = []
        self._results: list[TestResult] = []
        self._metrics: dict[str, float] = {}
        self._findings: list[Finding] = []
        self._output: list[str] = []
        self._printed = self._peak = 0
        self._stopped: tuple[Verdict, str] | None = None
        self._closing: Closing | None = None
        self._lines = b""
        # A file, because nobody reads a pipe while the tests run. It is gone with this object.
        self._judge_errors = os.fdopen(os.memfd_create("judge"), "w+b")
        self._began = time.monotonic()
        self._emit(Phase(name="starting"))
        self._start(backend, materials)

    def _start(self, backend: Backend, materials: Path | None) -> None:
        # Our copy of the judge's end stays open: did the learner's process see the judge close its own, it
        # would end while others have work still, and not when it is told to.
        self._rpc, theirs = socket.socketpair()
        with theirs:
            self._start_judge(materials)  # first, because it has tests to load meanwhile
            try:
                needs = libraries(self._job)
                self._learner: Confined = backend.launch(theirs.fileno(), self._job.limits, needs)
            except OSError:
                self._end_judge()
                raise

    def _start_judge(self, materials: Path | None) -> None:
        self._events, writing = os.pipe()
        os.set_blocking(self._events, False)
        text = self._job.model_dump_json().encode()
        try:
            libraries = judge_libraries(self._job)
            rpc, errors = self._rpc.fileno(), self._judge_errors.fileno()
            self._judge = start_judge(text, libraries, rpc, writing, errors, materials)
        except OSError:
            os.close(self._events)
            raise
        finally:
            os.close(writing)

    def report(self) -> Report:
        """Watches until the judge has closed, then ends both processes and sums up."""
        left: Exit | None = None
        try:
            self._watch()
            self._hear_the_judge_out()
            self._let_it_end()
            if self._stopped is None and self._learner.overran():
                self._stop_for_memory(0)
            left = self._learner.dismiss() if self._is_decided() else None
        finally:
            self._learner.kill()
            self._end_judge()
            left = self._learner.wait() if left is None else left
        self._drain()
        self._learner.close()
        return self._sum_up(left.code, left.cpu_seconds, left.peak_bytes)

    def _is_decided(self) -> bool:
        """Whether the verdict is known, whatever the learner's process does next."""
        return self._stopped is None and self._closing is not None and self._closing.reason == "done"

    # Watching

    def _watch(self) -> None:
        self._streams = {self._learner.stdout: Stream(), self._learner.stderr: Stream()}
        poll = select.poll()
        for number in self._streams:
            os.set_blocking(number, False)
            poll.register(number, select.POLLIN)
        # Of the events only the end wakes us. The others are read at every tick, because judge and learner
        # have a core each to answer one another, if we don't take one for every test.
        poll.register(self._events, 0)
        checked = time.monotonic()
        while self._closing is None and self._stopped is None:
            for number, _ in poll.poll(_TICK * 1000):
                self._read(self._events)  # what the tests said came before what was printed since
                if not self._read(number):
                    poll.unregister(number)
                    if number == self._events:
                        return
            if (now := time.monotonic()) - checked >= _TICK:
                checked = now
                self._read(self._events)
                self._check()

    def _read(self, number: int) -> bool:
        """Takes what a descriptor has to give. Returns whether more may come."""
        try:
            data = os.read(number, 2**16)
        except BlockingIOError:
            return True
        if number == self._events:
            self._take_lines(data)
        else:
            self._take_output(number, data)
        return bool(data)

    def _take_lines(self, data: bytes) -> None:
        *lines, self._lines = (self._lines + data).split(b"\n")
        for line in lines:
            message = _EVENT.validate_json(line)
            if isinstance(message, Closing):
                self._closing = message
            else:
                self._take_event(message)

    def _take_event(self, event: Event) -> None:
        if isinstance(event, Phase) and event.name == "testing":
            self._planned = list(event.tests)
        elif isinstance(event, TestDone):
            self._results.append(event.result)
        elif isinstance(event, Metric) and event.step is None:
            self._metrics[event.name] = event.value
        elif isinstance(event, Finding):
            self._findings.append(event)
        self._emit(event)

    def _take_output(self, number: int, data: bytes) -> None:
        """Keeps output up to the limit; more than that ends the run, unless it is over anyway."""
        room = self._job.limits.output_bytes - self._printed
        self._printed += len(data)
        text = self._streams[number].feed(data[: max(room, 0)], final=not data)
        if self._printed > self._job.limits.output_bytes and self._stopped is None:
            printed = f"Your code printed more than {readable_size(self._job.limits.output_bytes)}"
            self._stop(Verdict.OUTPUT, f"{printed}{self._where()}.")
            text += CUT
        if text:
            self._output.append(text)
            self._emit(Output(stream="stdout" if number == self._learner.stdout else "stderr", text=text))

    def _check(self) -> None:
        limits = self._job.limits
        if self._cancel.is_set():
            self._stop(Verdict.INTERNAL, "The run was cancelled.")
        elif (held := self._learner.memory()) > limits.memory_bytes or self._learner.overran():
            self._stop_for_memory(held)
        elif self._learner.processes() > limits.processes:
            many = f"Your code started more than {limits.processes} processes"
            self._stop(Verdict.FORBIDDEN, f"{many}{self._where()}.")
        elif time.monotonic() - self._began > limits.wall_seconds + _TESTS_SECONDS:
            self._stop(Verdict.INTERNAL, "The tests took too long, apart from your code's own time.")

    def _stop_for_memory(self, held: int) -> None:
        """``held`` may be little where the kernel ended the process that held most."""
        limit = self._job.limits.memory_bytes
        used = f"Your code used {readable_size(max(held, limit))} of memory{self._where()}"
        self._stop(Verdict.MEMORY, f"{used}; this exercise allows {readable_size(limit)}.")

    def _stop(self, verdict: Verdict, message: str) -> None:
        self._stopped = (verdict, message)

    def _where(self) -> str:
        """What was going on, as the end of a sentence: the test that is the next to have a result."""
        if not self._planned:
            return " while your file was being loaded"
        running = self._planned[len(self._results) :]
        return f' in the test "{running[0].title.rstrip(".")}"' if running else ""

    # Ending

    def _hear_the_judge_out(self) -> None:
        """Reads what the tests had said by the time a limit was reached, so that the right one is blamed."""
        while self._read(self._events) and select.select([self._events], [], [], 0)[0]:
            continue

    def _let_it_end(self) -> None:
        """A process that closed its connection is most likely ending: how, is worth a moment's wait."""
        if self._closing and self._closing.reason == "closed":
            self._learner.ended(_ENDING_SECONDS)

    def _end_judge(self) -> None:
        """The judge no longer has anybody to talk to. It ends, unless it may stay for another job."""
        usual = self._closing is not None and self._closing.reason in ("done", "import")
        self._judge.dismiss(stays=usual and self._stopped is None)
        self._rpc.close()
        os.close(self._events)

    def _drain(self) -> None:
        """Reads what was printed before the end, or before the verdict.

        Every writer is gone, or was killed and soon will be.
        """
        give_up = time.monotonic() + (0.0 if self._is_decided() else _ENDING_SECONDS)
        for number in self._streams:
            while self._printed <= self._job.limits.output_bytes:
                seconds = max(give_up - time.monotonic(), 0.0)
                if not select.select([number], [], [], seconds)[0] or not self._read_rest(number):
                    break

    def _read_rest(self, number: int) -> bool:
        try:
            return self._read(number)
        except OSError:
            return False

    def _sum_up(self, code: int | None, cpu_seconds: float, peak_bytes: int) -> Report:
        self._peak = peak_bytes
        status, message = self._verdict(code)
        if status in _STOPS:
            self._close_open_tests(status, message)
        passed = sum(result.status is TestStatus.PASSED for result in self._results)
        total = len(self._planned)
        score = passed / total if total else float(status is Verdict.PASSED)
        self._emit(Phase(name="done"))
        return Report(
            job_id=self._job.id,
            status=status,
            line=self._closing.line if self._closing else None,
            score=score if status is not Verdict.INTERNAL else 0.0,
            tests=tuple(self._results),
            metrics=self._metrics,
            findings=tuple(self._findings),
            message=clean(message, MAX_MESSAGE_CHARS),
            output="".join(self._output),
            wall_seconds=round(self._closing.spent if self._closing else time.monotonic() - self._began, 6),
            cpu_seconds=round(cpu_seconds, 6),
            peak_bytes=peak_bytes,
            content_hash=self._job.content_hash,
        )

    def _verdict(self, code: int | None) -> tuple[Verdict, str]:
        """The status and the sentence that explains it."""
        if self._stopped:
            return self._stopped
        if self._closing is None:
            return (
                Verdict.INTERNAL,
                f"The judge ended without a verdict. {self._last_words()}".strip(),
            )
        match self._closing.reason:
            case "done":
                return self._from_results()
            case "tests":
                output = "".join(self._output)[-500:]
                return Verdict.INTERNAL, f"The grader failed: {self._closing.message} {output}".strip()
            case "timeout":
                seconds = f"{self._job.limits.wall_seconds:g} s"
                return Verdict.TIMEOUT, f"Your code ran out of time after {seconds}{self._where()}."
            case "garbled":
                return Verdict.FORBIDDEN, "Your code tampered with the connection to the tests."
            case "import":
                return self._not_loaded(self._closing)
        return self._ended(code)

    def _last_words(self) -> str:
        """The end of what the judge wrote to its standard error."""
        self._judge_errors.seek(0)
        return self._judge_errors.read().decode("utf-8", "replace")[-1500:]

    def _from_results(self) -> tuple[Verdict, str]:
        statuses = {result.status for result in self._results}
        limit = _BY_CAUSE.get(self._closing.cause if self._closing else "")
        if TestStatus.FAILED in statuses and limit is None:
            return Verdict.FAILED, _first_message(self._results, TestStatus.FAILED)
        if TestStatus.ERROR in statuses:
            lead = self._lead(limit) if limit else ""
            return limit or Verdict.ERROR, lead + _first_message(self._results, TestStatus.ERROR)
        return Verdict.PASSED, ""

    def _not_loaded(self, closing: Closing) -> tuple[Verdict, str]:
        """The file raised. The learner sees the trace where Python would have shown it."""
        if closing.trace:
            self._output.append(closing.trace)
            self._emit(Output(stream="stderr", text=closing.trace))
        where = f" (line {closing.line})" if closing.line else ""
        verdict = _BY_CAUSE.get(closing.cause, Verdict.ERROR)
        return verdict, f"{self._lead(verdict)}{closing.message}{where}"

    def _lead(self, verdict: Verdict) -> str:
        """What goes before the exception's own words."""
        if verdict is not Verdict.MEMORY:
            return _LEADS[verdict]
        allowed = f"the {readable_size(self._job.limits.memory_bytes)} that this exercise allows"
        return f"Your code asked for more memory than {allowed}; it held {readable_size(self._peak)} so far. "

    def _ended(self, code: int | None) -> tuple[Verdict, str]:
        """The learner's process ended by itself, or closed the connection."""
        if code is None:
            return Verdict.INTERNAL, "The grader failed: a process of the sandbox was killed from outside."
        ending = ended_by(code)
        if ending is signal.SIGSYS:
            call = "Your code made a system call that the sandbox does not allow"
            return Verdict.FORBIDDEN, f"{call}{self._where()}."
        if ending is signal.SIGXCPU:
            used = f"Your code used more than {self._job.limits.cpu_seconds:g} s of processor time"
            return Verdict.TIMEOUT, f"{used}{self._where()}."
        if ending is signal.SIGKILL:
            return Verdict.ERROR, "Your program was killed, or closed its connection to the tests."
        if ending is not None:
            return Verdict.ERROR, f"Your program was ended by {ending.name}."
        return Verdict.ERROR, f"Your program ended (exit code {code}) before the tests were done."

    def _close_open_tests(self, status: Verdict, message: str) -> None:
        """Gives every test that has no result one: the running one the blame, the others "not reached"."""
        blame = TestStatus.TIMEOUT if status is Verdict.TIMEOUT else TestStatus.ERROR
        for index, test in enumerate(self._planned[len(self._results) :]):
            result = TestResult(
                name=test.name,
                title=test.title,
                status=TestStatus.SKIPPED if index else blame,
                message="Not reached." if index else message,
            )
            self._take_event(TestDone(result=result))

    def _emit(self, event: Event) -> None:
        self._on_event(event)


_STOPS = {Verdict.TIMEOUT, Verdict.MEMORY, Verdict.OUTPUT, Verdict.FORBIDDEN, Verdict.ERROR}
_BY_CAUSE = {"memory": Verdict.MEMORY, "forbidden": Verdict.FORBIDDEN}
_LEADS = {
    Verdict.ERROR: "Your file could not be loaded: ",
    Verdict.FORBIDDEN: "Your code tried something that the sandbox does not allow. ",
}


def _first_message(results: list[TestResult], status: TestStatus) -> str:
    return next(
        f"{result.title.rstrip('.')}: {result.message}" for result in results if result.status is status
    )
