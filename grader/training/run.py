"""A training run from start to report: data, a sealed program that learns, and what its model is worth.

Phases: ``preparing`` (data, inputs, checkpoint), ``training``, ``evaluating``, and then those of a grading.
The training and the evaluation are two sandboxes. The first sees the public data and keeps what it makes by
handing it out; the second sees what was kept and is asked by the judge, who holds the hidden data.

What a Report's status means, first that applies: our own failure (internal); the training was stopped for
what it did, or its program ended with an error (memory, timeout, forbidden, error); what its evaluation says.
"""

import contextlib
import dataclasses
import json
import logging
import re
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from grader import run as grading
from grader.checks import signatures
from grader.checks.curves import Curve
from grader.contract import (
    MAX_MESSAGE_CHARS,
    Event,
    Finding,
    Job,
    Kind,
    Output,
    Phase,
    Report,
    Seat,
    Training,
    Verdict,
)
from grader.harness import materials
from grader.harness.judge import LIBRARIES
from grader.harness.text import clean, readable_size
from grader.sandbox.base import Backend, Exit, ProcessTree, SandboxUnavailable, ended_by
from grader.training import company, devices, interface, workplace
from grader.training.cell import Evaluating, Given, open_to_all, require_isolation, start_training
from grader.training.company import MASTER, Company, NotTogether, Parted
from grader.training.data import NotPrepared, Prepared, cache
from grader.training.depot import Depot, LeaseLost, Unreachable
from grader.training.devices import NotFree
from grader.training.estimate import cost, total_in
from grader.training.feed import Feed
from grader.training.keeper import Keeper
from grader.training.record import Record
from grader.training.watch import Log, Watch, listen

OnEvent = Callable[[Event], None]

log = logging.getLogger(__name__)

_EXPECTED = (SandboxUnavailable, NotPrepared, NotFree, NotTogether, Parted)
_FAILURES = (OSError, ValidationError, LeaseLost, Unreachable, *_EXPECTED)


def train(
    job: Job,
    on_event: OnEvent,
    *,
    depot: Depot,
    backend: Backend | None = None,
    cancel: threading.Event | None = None,
    seat: Seat | None = None,
) -> Report:
    """Trains, keeps what was made in ``depot``, evaluates, and reports. Never raises for what code does.

    ``on_event`` is called by several threads, one at a time. A failure of ours gives Verdict.INTERNAL with a
    message; so does a ``cancel`` that was set, after what was made is safe. There has to be isolation.
    ``seat`` is this node's place where several train together: without one, a job for several runs on this
    node alone. Where they do not come together, rank 0's ``cancel`` is set. Only its report is the run's.
    """
    assert job.training is not None  # noqa: S101  the contract's promise for this kind of job
    turn = threading.Lock()

    def tell(event: Event) -> None:
        with turn:
            on_event(event)

    cancel = cancel or threading.Event()
    try:
        require_isolation(backend)
        with workplace.folder() as folder:
            return _Training(job, job.training, tell, depot, cancel, folder, seat).report()
    except _FAILURES as error:
        if isinstance(error, NotTogether) and seat is not None and seat.rank == MASTER:
            cancel.set()
        if not isinstance(error, _EXPECTED):
            log.exception("Run %s: the training failed.", job.id)
        return _internal(
            job, f"{type(error).__name__}: {error}" if isinstance(error, OSError) else str(error)
        )


def _internal(job: Job, message: str) -> Report:
    return Report(
        job_id=job.id,
        status=Verdict.INTERNAL,
        message=f"The training could not be done: {message}"[:MAX_MESSAGE_CHARS],
        content_hash=job.content_hash,
    )


@dataclass(frozen=True)
class _Trained:
    """How the program ended: a verdict if it went wrong, and what it used."""

    verdict: Verdict | None
    message: str
    seconds: float
    exit: Exit


class _Training:
    """One job's way through the phases."""

    def __init__(
        self,
        job: Job,
        training: Training,
        tell: OnEvent,
        depot: Depot,
        cancel: threading.Event,
        folder: Path,
        seat: Seat | None,
    ) -> None:
        self._job, self._training, self._tell = job, training, tell
        self._depot, self._cancel, self._folder = depot, cancel, folder
        self._seat = seat
        self._company: Company | None = None
        self._log = Log(job.limits.output_bytes, self._printed)
        self._record = Record(training.history)
        for name in ("given", "spool", "artifacts"):
            (folder / name).mkdir()

    def report(self) -> Report:
        """Goes through the phases, together with other nodes where there are some. Raises ``_FAILURES``."""
        self._tell(Phase(name="starting"))
        if self._seat is None:
            return self._through()
        self._tell(Phase(name="gathering"))
        self._company = company.meet(self._seat, self._job.id, self._cancel, self._log.relay)
        try:
            return self._through()
        except _FAILURES as error:
            if self._follows:
                self._company.ended(Verdict.INTERNAL, str(error))
            raise
        finally:
            self._company.close()

    def _printed(self, event: Event) -> None:
        self._tell(event)
        if self._follows and self._company is not None and isinstance(event, Output):
            self._company.print(event)

    @property
    def _follows(self) -> bool:
        """Whether another node speaks for the run."""
        return self._seat is not None and self._seat.rank != MASTER

    def _through(self) -> Report:
        self._tell(Phase(name="preparing"))
        with cache().holding(self._training.datasets, dict(self._job.loaders)) as data:
            given = self._prepare(data)
            trained = self._train(given)
            if trained.verdict is not None or self._follows:
                report = self._report(trained, trained.verdict or Verdict.PASSED, trained.message)
                self._tell(Phase(name="done"))
                return report
            if self._job.kind is Kind.ESTIMATE:
                self._tell(Phase(name="done"))
                return self._estimated(trained)
            if not self._job.tests:
                self._tell(Phase(name="done"))
                return self._report(trained, Verdict.PASSED, "")
            return self._evaluate(trained, given, data)

    # Preparing

    def _prepare(self, data: list[Prepared]) -> Given:
        """Lays out what the sandbox will show. Raises LeaseLost or Unreachable for what cannot be fetched."""
        folder, training = self._folder / "given", self._training
        (folder / "code").mkdir()
        (folder / "inputs").mkdir()
        for name, text in self._job.files.items():
            (folder / "code" / name).write_text(text, encoding="utf-8", errors="replace", newline="")
        for name, artifact in training.inputs.items():
            self._depot.fetch(artifact, folder / "inputs" / name)
        if training.resume is not None:
            self._depot.fetch(training.resume, folder / "resume.safetensors")
        (folder / "job.json").write_text(json.dumps(self._said_to_program(data)))
        open_to_all(folder)
        for one in data:
            open_to_all(one.public)
        return Given(folder, {one.name: one.public for one in data})

    def _said_to_program(self, data: list[Prepared]) -> dict[str, object]:
        job, training = self._job, self._training
        return {
            "entry": job.entry,
            "estimate": job.kind is Kind.ESTIMATE,
            "parameters": training.parameters,
            "device": "cuda" if training.device == "gpu" else "cpu",
            "seed": job.seed,
            "together": self._together(),
            "preload": _preloaded(job.files),
            "datasets": [one.name for one in data],
            "inputs": list(training.inputs),
            "data_bytes": sum(one.size() for one in data),
            "limits": job.limits.model_dump() | {"file_bytes": self._file_bytes()},
        }

    def _together(self) -> dict[str, object] | None:
        """What torchrun is told, where there are several processes or nodes."""
        training, seat = self._training, self._seat
        if training.processes == training.nodes == 1:
            return None
        if seat is None:
            return {"processes": training.processes, "nodes": 1, "rank": 0} | _at("127.0.0.1", "127.0.0.1")
        here = _at(company.address(seat.rank), company.address(MASTER))
        return {"processes": training.processes, "nodes": seat.nodes, "rank": seat.rank} | here

    def _file_bytes(self) -> int:
        """How large one file of the program may be: a checkpoint with its optimizer is one."""
        return max(
            self._job.limits.file_bytes, min(self._training.disk_bytes, 2 * self._training.artifact_bytes)
        )

    # Training

    def _train(self, given: Given) -> _Trained:
        resume = self._training.resume
        keeper = Keeper(self._depot, self._tell, self._log.notice)
        feed = Feed(
            self._record,
            keeper,
            self._tell,
            self._log.notice,
            self._folder,
            self._training.artifact_bytes,
            max(self._training.disk_bytes, self._training.artifact_bytes),
        )
        try:
            with listen(given.folder / "socket") as listener, self._lent() as lent:
                if self._company is not None:
                    self._company.go()
                self._tell(Phase(name="training", step=resume.step if resume else None))
                watch = self._watched(_equipped(given, lent), listener, feed, lent)
                trained = self._ended(watch, feed)
                self._part(trained)
        finally:
            keeper.close(soon=self._cancel.is_set())
            (given.folder / "socket").unlink(missing_ok=True)
        if keeper.problem is not None and not self._cancel.is_set():
            raise keeper.problem
        self._feed, self._watch = feed, watch
        return trained

    @contextlib.contextmanager
    def _lent(self) -> Iterator[list[devices.Device]]:
        """The devices of a GPU job, one a process. Raises NotFree if there are too few, or one stays full."""
        if self._training.device == "cpu":
            yield []
            return
        lender, shared = devices.lender(), self._training.shares_device
        with lender.lend(self._training.processes, shared=shared, cancel=self._cancel) as lent:
            before = {device.uuid: devices.used_bytes(device) for device in lent}
            yield lent
            # What a device holds while others are on it says nothing of this job.
            devices.check_free([device for device in lent if lender.is_alone(device)], before)

    def _watched(
        self, given: Given, listener: socket.socket, feed: Feed, lent: list[devices.Device]
    ) -> Watch:
        job, training = self._job, self._training
        limits = job.limits.model_copy(update={"file_bytes": max(job.limits.file_bytes, 64 * 2**20)})
        process = start_training(given, limits, training.disk_bytes, training.processes, self._network())
        watch = Watch(
            process,
            listener,
            feed,
            self._log,
            job.limits,
            threading.Event() if self._follows else self._cancel,  # its company cancels who follows
            training.processes,
            training.estimate_seconds if job.kind is Kind.ESTIMATE else None,
            lent,
            self._company,
        )
        try:
            self._plug(process)
            watch.run()
        finally:
            process.close()
        return watch

    def _plug(self, process: ProcessTree) -> None:
        if self._company is None:
            return
        try:
            self._company.plug(process.pid)
        except OSError:
            process.dismiss()
            raise

    def _network(self) -> str | None:
        """The interface by which its processes meet, where there are several."""
        if self._together() is None:
            return None
        return "lo" if self._seat is None else interface.NAME

    def _part(self, trained: _Trained) -> None:
        """The program has ended here: rank 0 is told how, and the others that it is over."""
        if self._company is None:
            return
        if self._follows:
            self._company.ended(trained.verdict, trained.message)
        self._company.close()

    def _ended(self, watch: Watch, feed: Feed) -> _Trained:
        """Whose doing the end was, and the sentence that explains it."""
        assert watch.exit is not None  # noqa: S101
        seconds = round(feed.seconds(), 3)
        if watch.cut_short:
            return _Trained(None, "", seconds, watch.exit)
        verdict, message = self._stopped(watch, feed) or self._by_itself(watch.exit, feed)
        return _Trained(verdict, clean(message, MAX_MESSAGE_CHARS), seconds, watch.exit)

    def _stopped(self, watch: Watch, feed: Feed) -> tuple[Verdict, str] | None:
        """Why we ended it. Of trouble on another node the program may have heard first, or be its cause."""
        problem = self._company.problem if self._company else None
        if problem is None:
            return watch.stopped
        if problem[0] is Verdict.INTERNAL:
            return problem
        return None if feed.said else watch.stopped

    def _by_itself(self, end: Exit, feed: Feed) -> tuple[Verdict | None, str]:
        if end.code == 0:
            return None, ""
        if said := feed.said:
            where = f" (line {said.line})" if said.line else ""
            return self._for_cause(said.cause, f"{said.type_name}: {said.message}{where}")
        if end.code is None:
            return Verdict.INTERNAL, "A process of the sandbox was killed from outside."
        return _by_signal(end.code, self._job.limits.cpu_seconds)

    def _for_cause(self, cause: str, error: str) -> tuple[Verdict, str]:
        limits = self._job.limits
        if cause == "memory":
            most = readable_size(limits.memory_bytes)
            return (
                Verdict.MEMORY,
                f"Your training asked for more memory than the {most} that it may have: {error}",
            )
        if cause == "disk":
            most = readable_size(self._training.disk_bytes)
            return Verdict.ERROR, f"Your training's work folder is full; it holds {most}: {error}"
        if cause == "forbidden":
            return (
                Verdict.FORBIDDEN,
                f"Your training tried something that the sandbox does not allow: {error}",
            )
        return Verdict.ERROR, f"Your training ended with an error: {error}"

    # Afterwards

    def _estimated(self, trained: _Trained) -> Report:
        total = self._feed.total or total_in(self._training.parameters)
        found = cost(
            self._feed.measured,
            self._record,
            total,
            trained.seconds,
            trained.exit.peak_bytes,
            ended=not self._watch.cut_short,
        )
        self._tell(found)
        return self._report(trained, Verdict.PASSED, "").model_copy(update={"cost": found, "score": 0.0})

    def _evaluate(self, trained: _Trained, given: Given, data: list[Prepared]) -> Report:
        """Asks the model that was kept. The program's own process is gone."""
        if self._cancel.is_set():
            return self._report(trained, Verdict.INTERNAL, "The run was cancelled.")
        self._tell(Phase(name="evaluating"))
        folder = self._folder / "materials"
        materials.write(
            folder,
            self._training.parameters,
            {one.name: {"public": one.public, "hidden": one.hidden} for one in data},
            self._record.arrays(),
        )
        open_to_all(self._folder / "artifacts")
        cell = Evaluating(Given(given.folder, given.data, self._folder / "artifacts"))
        report = grading.run(
            self._graded(), self._passed_on, backend=cell, cancel=self._cancel, materials=folder
        )
        return self._joined(trained, report)

    def _graded(self) -> Job:
        """The evaluation as a job of its own."""
        job = self._job
        return Job(
            id=job.id,
            kind=Kind.GRADE,
            entry=job.evaluated,
            files=job.files,
            tests=job.tests,
            limits=self._training.evaluation,
            seed=job.seed,
            content_hash=job.content_hash,
        )

    def _passed_on(self, event: Event) -> None:
        """The evaluation's events, but for its start."""
        if not (isinstance(event, Phase) and event.name == "starting"):
            self._tell(event)

    def _report(self, trained: _Trained, status: Verdict, message: str) -> Report:
        return Report(
            job_id=self._job.id,
            status=status,
            score=float(status is Verdict.PASSED),
            message=message,
            output=self._log.text(),
            wall_seconds=trained.seconds,
            cpu_seconds=round(trained.exit.cpu_seconds, 3),
            peak_bytes=trained.exit.peak_bytes,
            content_hash=self._job.content_hash,
            findings=() if status is Verdict.PASSED else self._signatures(),
        )

    def _signatures(self) -> tuple[Finding, ...]:
        """What the curves and the program say of a training that was not evaluated."""
        arrays = self._record.arrays()
        curves = {name: Curve(*columns, name) for name, columns in arrays.items()}
        found = signatures.find(curves, files=self._job.files)
        for finding in found:
            self._tell(finding)
        return tuple(found)

    def _joined(self, trained: _Trained, report: Report) -> Report:
        """One report of both: the evaluation's verdict, the training's time."""
        return report.model_copy(
            update={
                "output": self._log.text() + report.output,
                "wall_seconds": trained.seconds,
                "cpu_seconds": round(trained.exit.cpu_seconds + report.cpu_seconds, 3),
                "peak_bytes": max(trained.exit.peak_bytes, report.peak_bytes),
            }
        )


def _at(own: str, master: str) -> dict[str, object]:
    return {"own": own, "master": master}


def _equipped(given: Given, lent: list[devices.Device]) -> Given:
    """What is shown, with devices and their drivers: CUDA starts inside, and nowhere else."""
    if not lent:
        return given
    files = tuple(dict.fromkeys(path for device in lent for path in device.files()))
    libraries = devices.driver_files()
    paths = ":".join(
        f"{path}/{name}" for path in libraries for name in ("lib64", "lib") if (path / name).is_dir()
    )
    seen = {"CUDA_VISIBLE_DEVICES": ",".join(device.uuid for device in lent), "LD_LIBRARY_PATH": paths}
    return dataclasses.replace(given, devices=files, libraries=libraries, environment=seen)


def _preloaded(files: Mapping[str, str]) -> list[str]:
    """Which large libraries the program imports: loaded before its clock starts. By pattern only."""
    lines = re.findall(r"^[ \t]*(?:import|from)[ \t].*", "\n".join(files.values()), re.MULTILINE)
    words = set(re.findall(r"\w+", " ".join(lines)))
    implied = {"torch"} if "transformers" in words else set()
    found = [name for name in LIBRARIES if name in words | implied]
    # The first optimizer brings it along, for seconds.
    return [*found, "torch._dynamo"] if "torch" in found and "optim" in "".join(files.values()) else found


def _by_signal(code: int, cpu_seconds: float) -> tuple[Verdict, str]:
    ending = ended_by(code)
    if ending is signal.SIGSYS:
        return Verdict.FORBIDDEN, "Your training made a system call that the sandbox does not allow."
    if ending is signal.SIGXCPU:
        return Verdict.TIMEOUT, f"Your training used more than {cpu_seconds:g} s of processor time."
    if ending is not None:
        return Verdict.ERROR, f"Your training was ended by {ending.name}."
    return Verdict.ERROR, f"Your training ended with exit code {code}."
