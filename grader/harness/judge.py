"""The trusted process that holds the tests: drives the learner's code over the pipe and says what is so.

Gets a Job, and writes Events and one closing record as JSON lines to a descriptor. It runs in a fork of a
warm process, which may stay for the next job: see ``warm_judge.py``.
"""

import contextlib
import functools
import inspect
import os
import re
import resource
import signal
import socket
import sys
import tempfile
import traceback
import types
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from grader.checks import authoring
from grader.checks.outcome import CheckFailed, StudentError
from grader.contract import (
    Difference,
    Event,
    Job,
    Kind,
    Metric,
    Phase,
    PlannedTest,
    TestDone,
    TestResult,
    TestStatus,
)
from grader.harness import materials
from grader.harness.codec import Encoder
from grader.harness.session import RunOver, Session, Student, raise_timed_out
from grader.harness.text import clean

_MEMORY = 8 * 2**30  # address space: what a test may pile up of the answers that hostile code sends
SCRATCH = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108  a disk costs milliseconds
_ORDINARY = ("done", "import")
LIBRARIES = ("numpy", "scipy", "sklearn", "torch")


class Closing(BaseModel):
    """The judge's last line: why it stopped, and what an ending without a test needs to be told."""

    kind: str = "closing"
    reason: str  # done, import, closed, timeout, garbled, tests
    message: str = ""
    line: int | None = None
    cause: str = ""
    trace: str = ""
    spent: float = 0.0


class TestsBroken(Exception):
    """The author's tests cannot be run: nothing to do with the learner."""


@dataclass(frozen=True)
class Planned:
    """One test with the case it is called with."""

    name: str
    title: str
    function: Callable[..., None]
    case: dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """How one test ended, before it is made safe to show."""

    status: TestStatus
    message: str = ""
    difference: Difference | None = None
    line: int | None = None
    trace: str = ""


class Judge:
    """One job: start, load, test, close.

    ``scratch`` is where its files will be; ``data``, the materials that its tests may ask for, if any.
    """

    def __init__(
        self, job: Job, session: Session, emit: Callable[[Event], None], scratch: Path, data: Path | None
    ) -> None:
        self._job, self._session, self._emit, self._scratch = job, session, emit, scratch
        self._materials = data
        self._causes: set[str] = set()
        self.ordinary = True  # whether no test broke off where its author had not meant it to

    def run(self) -> Closing:
        """Runs the whole job. Returns how it ended; never raises for what a learner does."""
        try:
            self._start()
            tests = self._load_tests()  # while the learner's process writes its files and runs them
            self._wait_for_start()
            self._emit(Phase(name="importing"))
            self._test(tests, self._session.loaded())
        except TestsBroken as broken:
            return Closing(reason="tests", message=str(broken))
        except StudentError as error:
            return self._not_loaded(error)
        except RunOver as over:
            return Closing(reason=over.reason, spent=self._session.spent)
        cause = "memory" if "memory" in self._causes else "".join(self._causes)
        return Closing(reason="done", cause=cause, spent=self._session.spent)

    def _start(self) -> None:
        limits = self._job.limits
        names = ("memory_bytes", "file_bytes", "processes")
        numbers = {name: int(getattr(limits, name)) for name in names} | {
            "cpu_seconds": int(limits.cpu_seconds + 1)
        }
        with contextlib.suppress(RunOver):  # it is told where the answer is waited for
            self._session.start(dict(self._job.files), numbers, libraries(self._job), self._job.seed)
            self._session.load(self._job.entry, self._job.kind is Kind.TRY)

    def _wait_for_start(self) -> None:
        """No learner's code has run yet: whatever goes wrong is our failure."""
        try:
            self._session.started()
        except StudentError as error:
            raise TestsBroken(f"the learner's process could not be prepared: {error}") from None
        except RunOver as over:
            raise TestsBroken(f"the learner's process was not ready: {over.reason}") from None

    def _not_loaded(self, error: StudentError) -> Closing:
        return Closing(
            reason="import",
            message=str(error),
            line=error.line,
            cause=error.cause,
            trace=error.trace,
            spent=self._session.spent,
        )

    def _load_tests(self) -> list[Planned]:
        """Runs the author's file and finds its tests, in the order they are written."""
        self._scratch.mkdir(mode=0o700)
        os.chdir(self._scratch)
        for name, text in self._job.tests.items():
            (self._scratch / name).write_text(text, encoding="utf-8")
        main = [name for name in ("tests.py", "evaluate.py") if name in self._job.tests]
        if not main:
            return []
        name = main[0]
        sys.path.insert(0, str(self._scratch))
        module = types.ModuleType(name.removesuffix(".py"))
        module.__file__ = str(self._scratch / name)
        sys.modules[module.__name__] = module
        try:
            exec(compile(self._job.tests[name], module.__file__, "exec"), module.__dict__)  # noqa: S102
        except Exception:
            raise TestsBroken(f"{name} cannot be loaded: {traceback.format_exc(limit=-3)}") from None
        return [test for test in planned(module) if self._job.kind is Kind.GRADE or is_example(test.function)]

    def _test(self, tests: list[Planned], functions: Any) -> None:
        shown = tuple(PlannedTest(name=test.name, title=test.title) for test in tests)
        self._emit(Phase(name="testing", tests=shown))
        student = Student(self._session, dict(self._job.files), functions)
        authoring.on_metric = lambda name, value: self._emit(Metric(name=name, value=value))
        for test in tests:
            self._emit(TestDone(result=self._one(test, student)))
        self._look_for_signatures(student)

    def _one(self, test: Planned, student: Student) -> TestResult:
        """Runs one test. The time shown is the learner's own, not the test's."""
        self._session.new_test()
        before = self._session.spent
        outcome = self._outcome(test, student)
        return TestResult(
            name=test.name,
            title=test.title,
            status=outcome.status,
            message=clean(outcome.message, 4000),
            line=outcome.line,
            trace=clean(outcome.trace, 4000),
            difference=_safe(outcome.difference),
            seconds=round(self._session.spent - before, 6),
            lesson="" if outcome.status is TestStatus.PASSED else _lesson(test),
        )

    def _look_for_signatures(self, student: Student) -> None:
        """Of a training: what its curves, and a few questions to the model, say of common mistakes."""
        folder = self._materials
        if folder is None:
            return
        from grader.checks import signatures

        self._session.new_test()
        curves, data = materials.read(folder, "curves"), materials.read(folder, "data")
        asked = student if self._session.spent < self._job.limits.wall_seconds / 2 else None
        try:
            for finding in signatures.find(curves, asked, data):
                self._emit(finding)
        except (RunOver, Exception):  # they are hints: the verdict stands without
            traceback.print_exc()

    def _outcome(self, test: Planned, student: Student) -> Outcome:
        try:
            test.function(**self._arguments(test, student))
        except StudentError as error:
            self._causes.add(error.cause) if error.cause else None
            call = self._session.described_call()
            difference = Difference(call=call) if call else None
            return Outcome(TestStatus.ERROR, str(error), difference, error.line, error.trace)
        except CheckFailed as failed:
            return Outcome(TestStatus.FAILED, failed.message, self._with_call(failed.difference))
        except AssertionError as failed:
            said = str(failed) or "The test's assertion does not hold."
            return Outcome(TestStatus.FAILED, said, self._with_call(None))
        except Exception as error:
            return self._unusable(test, error)
        return Outcome(TestStatus.PASSED)

    def _unusable(self, test: Planned, error: Exception) -> Outcome:
        """A test that trips over an answer of a kind it did not expect: the answer is wrong, not the test.

        Before any answer came, it can only be the test's own mistake. That the reference solution passes is
        what `curriculum check --run` proves, so a mistake that needs an answer shows there.
        """
        self.ordinary = False
        if not self._session.calls:
            raise TestsBroken(f"{test.name} raised {type(error).__name__}: {error}") from error
        message = f"Your code's answer could not be used: {type(error).__name__}: {error}"
        return Outcome(TestStatus.FAILED, message, self._with_call(None))

    def _with_call(self, difference: Difference | None) -> Difference:
        difference = difference or Difference()
        return difference.model_copy(update={"call": difference.call or self._session.described_call()})

    def _arguments(self, test: Planned, student: Student) -> dict[str, Any]:
        """What the test's parameters ask for by name: the student, a generator, materials, its case."""
        given: dict[str, Any] = {"student": student, **test.case}
        wanted = inspect.signature(test.function).parameters
        if "rng" in wanted:
            import numpy

            given["rng"] = numpy.random.default_rng([self._job.seed, zlib.crc32(test.name.encode())])
        for name in wanted.keys() & set(materials.NAMES) - given.keys():
            with contextlib.suppress(KeyError):
                if self._materials:
                    given[name] = materials.read(self._materials, name)
        if unknown := [name for name in wanted if name not in given]:
            raise TestsBroken(f"{test.name} asks for {', '.join(unknown)}, which is not a fixture or a case")
        return {name: given[name] for name in wanted}


def planned(module: types.ModuleType) -> Iterator[Planned]:
    """The tests of a module, one for each case."""
    for name, function in list(vars(module).items()):
        if not name.startswith("test_") or not callable(function):
            continue
        title = (
            inspect.getdoc(function) or name.removeprefix("test_").replace("_", " ").capitalize()
        ).splitlines()[0]
        for case in getattr(function, "cairn_cases", [{}]):
            shown = ", ".join(f"{key} = {value}" for key, value in case.items())
            yield Planned(
                name=f"{name}[{shown.replace(' ', '')}]" if case else name,
                title=f"{title}, {shown}" if case else title,
                function=function,
                case=case,
            )


def _lesson(test: Planned) -> str:
    """The topic that the author named for when it fails."""
    return str(getattr(test.function, "cairn_lesson", ""))


def is_example(function: Callable[..., None]) -> bool:
    """Whether a test was marked as a visible example."""
    return getattr(function, "cairn_example", False) is True


def libraries(job: Job) -> list[str]:
    """Which large libraries the learner's files or the tests import: loaded before the clock starts.

    By pattern, not by parsing: the text is hostile, and Python's parser can be exhausted.
    """
    wanted = _imported(job.files) | (_imported(job.tests) & {"numpy", "torch"})  # what arguments are made of
    return [name for name in LIBRARIES if name in wanted]


def judge_libraries(job: Job) -> list[str]:
    """Which large libraries a judge needs: for the tests, and for what the learner's answers are made of."""
    wanted = _imported(job.files) | _imported(job.tests) | {"numpy"}
    return [name for name in LIBRARIES if name in wanted]


def _imported(files: Mapping[str, str]) -> set[str]:
    return _found_in("\n".join(text for name, text in files.items() if name.endswith(".py")))


@functools.lru_cache(maxsize=4)  # of one job's files it is asked several times
def _found_in(text: str) -> set[str]:
    return set(re.findall(rf"\b(?:import|from)[ \t]+({'|'.join(LIBRARIES)})\b", text))


def _safe(difference: Difference | None) -> Difference | None:
    """A difference whose texts, which may hold the learner's strings, are safe to show."""
    if difference is None:
        return None
    fields = {name: getattr(difference, name) for name in ("call", "expected", "got", "summary")}
    return Difference(**{name: clean(v, 2000) if isinstance(v, str) else v for name, v in fields.items()})


def limit_memory() -> None:
    """Bounds what this process may hold, for good."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))


def judge(text: bytes, sock: socket.socket, events_fd: int, scratch: Path, data: Path | None = None) -> bool:
    """Runs the job in ``text`` against the learner on ``sock``. For a process of its own: it changes much.

    What there is to tell is told while the learner's process works. Returns whether all went as it usually
    does: the learner's file ran or raised, every test came to an end of its author's making, and nothing on
    the connection was other than it should be.
    """
    unheard = authoring.on_metric
    with sock, os.fdopen(events_fd, "w", encoding="utf-8", buffering=1) as events:
        said: list[BaseModel] = []

        def tell() -> None:
            if said:
                events.write("".join(f"{message.model_dump_json()}\n" for message in said))
                events.flush()
                said.clear()

        job = Job.model_validate_json(text)
        session = Session(sock, job.limits.wall_seconds, meanwhile=tell)
        signal.signal(signal.SIGALRM, raise_timed_out)
        session.alarmed = True
        sitting = Judge(job, session, said.append, scratch, data)
        closing = sitting.run()
        said.append(closing)
        tell()
        quiet = session.quiet()
    authoring.on_metric = unheard
    return quiet and sitting.ordinary and closing.reason in _ORDINARY


def rehearse() -> None:
    """Judges a small job, whose learner's answers lie on the socket already: see ``forks.Work``."""
    job = Job(id="rehearsal", files={"solution.py": "import numpy"}, tests={"tests.py": _REHEARSAL})
    encoder = Encoder(lambda value: ("handle", 1, "function", True))
    ours, theirs = socket.socketpair()
    path, before = list(sys.path), Path.cwd()
    with ours, theirs, tempfile.TemporaryDirectory(prefix="cairn-rehearsal-", dir=SCRATCH) as folder:
        for answer in (None, {"double": len}, 6, [1.0, 2.5], 6):
            theirs.sendall(b"".join(encoder.encode(["ok", answer])))
        nowhere = os.open(os.devnull, os.O_WRONLY)
        ordinary = judge(job.model_dump_json().encode(), ours, nowhere, Path(folder) / "scratch")
        os.chdir(before)
    sys.path[:] = path
    sys.modules.pop("tests", None)
    if not ordinary:
        raise RuntimeError("the rehearsal of a judge went wrong")


_REHEARSAL = """
import numpy as np
from grader.checks import cases, close, equal, example

@example
def test_example(student):
    equal(student.double(3), 6)

@cases(n=[1, 2])
def test_random(student, rng, n):
    close(student.double(rng.normal(size=n)), np.ones(2), hint="The values differ.")
"""
