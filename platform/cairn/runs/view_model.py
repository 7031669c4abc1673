"""A run as a page shows it: a pure function of its row and its stored events.

While a run is under way its events tell how far it is; once it ended, its report does. Both hold text that
learner code made, so everything here is data for a template that escapes it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

from django.utils import timezone

from cairn.runs.forecast import in_words
from cairn.runs.models import Run
from grader.contract import ArtifactRole, Kind, TestStatus, Verdict

Row = Mapping[str, Any]
MAX_SHOWN_OUTPUT = 64_000  # characters of output on a page; the API has all that is kept


@dataclass(frozen=True)
class Word:
    """A state as icon, word and tone: never by colour alone. ``tone`` is a class of the style sheet."""

    text: str
    icon: str
    tone: str = ""


VERDICTS: Mapping[str, Word] = {
    Verdict.PASSED: Word("Passed", "circle-check", "pass"),
    Verdict.FAILED: Word("Failed", "circle-x", "fail"),
    Verdict.ERROR: Word("Stopped by an error", "circle-alert", "fail"),
    Verdict.TIMEOUT: Word("Over the time limit", "timer-off", "warn"),
    Verdict.MEMORY: Word("Out of memory", "memory-stick", "warn"),
    Verdict.OUTPUT: Word("Too much output", "terminal", "warn"),
    Verdict.FORBIDDEN: Word("Not allowed in the sandbox", "shield-alert", "warn"),
    Verdict.INTERNAL: Word("Not counted", "plug-zap", "warn"),
}
ESTIMATED = Word("Estimated", "gauge")
STATES: Mapping[str, Word] = {
    Run.State.QUEUED: Word("Waiting", "clock"),
    Run.State.RUNNING: Word("Running", "loader-circle", "run"),
    Run.State.CANCELLED: Word("Stopped", "ban"),
}
FAILING = (TestStatus.FAILED, TestStatus.ERROR, TestStatus.TIMEOUT)
RUNNING, WAITING = "run", "wait"  # statuses of tests that have no result yet, as ui's rows name them
# What a page says where the report has no sentence of its own.
SENTENCES: Mapping[str, str] = {
    Verdict.ERROR: "Your code raised an exception before the tests could end. The output shows where.",
    Verdict.TIMEOUT: "Your code was still running at the time limit and was stopped.",
    Verdict.MEMORY: "Your code asked for more memory than this exercise allows and was stopped.",
    Verdict.OUTPUT: "Your code printed more than this exercise allows and was stopped. Print less, for "
    "instance only every hundredth step.",
    Verdict.FORBIDDEN: "Your code tried something that the sandbox does not allow, such as the network or "
    "starting a program, and was stopped.",
}


@dataclass(frozen=True)
class Chunk:
    """Output of one stream in a row."""

    stream: str
    text: str


@dataclass(frozen=True)
class RunView:
    """What the page of a run shows."""

    word: Word
    summary: str
    is_terminal: bool
    verdict: str
    message: str = ""
    line: int | None = None  # where the entry file could not be loaded
    rows: tuple[Row, ...] = ()  # contract TestResults as JSON, or {name, title, status: run | wait}
    output: tuple[Chunk, ...] = ()
    metrics: tuple[tuple[str, str], ...] = ()
    seconds: float | None = None  # that the learner's code took
    is_cut: bool = False
    findings: tuple[Mapping[str, Any], ...] = ()  # contract Findings as JSON
    cost: tuple[tuple[str, str], ...] = ()  # what an estimate found, in words
    stages: tuple["Stage", ...] = ()  # of a training run


@dataclass(frozen=True)
class Stage:
    """A stage of a training run: whether it is ``done``, ``now`` or to come, and how long it took so far."""

    name: str
    state: str = ""
    seconds: float | None = None
    detail: str = ""


@dataclass
class _Try:
    """What the events of the present try have told so far."""

    phase: str = ""
    furthest: int = 0  # stage
    began: dict[int, datetime] = field(
        default_factory=dict
    )  # each stage, where the events say when they were
    planned: list[tuple[str, str]] = field(default_factory=list)
    results: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    output: list[tuple[str, str]] = field(default_factory=list)
    is_cut: bool = False
    checkpoint: int | None = None  # the step of the newest one, of whichever try


def progress(
    run: Run,
    events: Iterable[Mapping[str, Any]],
    position: int | None = None,
    wait: float | None = None,
) -> RunView:
    """``events`` are contract events as stored, oldest first, with ``at`` where their time is known.

    ``position`` is the place in the queue, and ``wait`` how many seconds it takes to get through, if known.
    """
    told = _read(events, keep_output=run.trains)
    if run.state == Run.State.FINISHED:
        return _finished(run, told)
    rows = _live_rows(told) if run.state == Run.State.RUNNING else ()
    return RunView(
        word=_live_word(run),
        summary=_live_summary(run, told, rows, _place(position, wait)),
        is_terminal=run.is_terminal,
        verdict="",
        message=_stopped(run),
        rows=rows,
        output=_chunks(told.output),
        is_cut=told.is_cut,
        stages=_stages(run, told),
    )


STAGES = ("Waiting", "Preparing", "Training", "Evaluating", "Ended")
_STAGE_OF = dict.fromkeys(("starting", "gathering", "preparing"), 1)
_STAGE_OF |= {"training": 2, "evaluating": 3, "testing": 3}


def _stages(run: Run, told: _Try) -> tuple[Stage, ...]:
    """The stages of a training run, those behind it done; one that was stopped ended where it was."""
    if not run.trains:
        return ()
    took = _took(run, told)
    return tuple(
        Stage(name, state, took.get(i), _pace(run, took.get(i)) if i == _STAGE_OF["training"] else "")
        for i, (name, state) in enumerate(zip(STAGES, _reached(run, told), strict=True))
    )


def _reached(run: Run, told: _Try) -> list[str]:
    """How far a run is, stage by stage. What failed before it was evaluated has skipped that."""
    if run.state == Run.State.FINISHED:
        last = len(STAGES) - 1 if run.verdict == Verdict.PASSED else told.furthest
        return ["done" if i <= last or i == len(STAGES) - 1 else "" for i in range(len(STAGES))]
    at = 0 if run.state == Run.State.QUEUED else told.furthest
    now = "" if run.is_terminal else "now"
    return ["done" if i < at else now if i == at else "" for i in range(len(STAGES))]


def _took(run: Run, told: _Try) -> dict[int, float]:
    """Seconds in each stage that the present try has reached, by its place; none while another is to come."""
    if run.state == Run.State.QUEUED and run.starts:
        return {}
    began = dict(told.began) if len(run.starts) > 1 else {0: run.created_at, **told.began}
    ends = [*sorted(began.values())[1:], run.finished_at or timezone.now()]
    return {
        stage: max(0.0, (end - begin).total_seconds())
        for (stage, begin), end in zip(sorted(began.items()), ends, strict=True)
    }


def _pace(run: Run, seconds: float | None) -> str:
    """Steps a second of the present try, once there is something to tell."""
    done = (run.step or 0) - (run.starts[-1]["step"] if run.starts else -1)
    if not seconds or seconds < 1 or done < 1:
        return ""
    pace = done / seconds
    return f"{pace:,.0f} steps a second" if pace >= 100 else f"{pace:.3g} steps a second"


def _stopped(run: Run) -> str:
    """What a run that was stopped came to."""
    if run.state != Run.State.CANCELLED or run.kind in (Kind.TRY, Kind.ESTIMATE):
        return ""
    return f"{'What it made is kept. ' if run.trains else ''}Nothing was counted as an attempt."


def _read(events: Iterable[Mapping[str, Any]], *, keep_output: bool) -> _Try:
    """``keep_output``: of a run that goes on where it was lost, what earlier tries printed belongs to it."""
    told = _Try()
    for event in events:
        match event.get("kind"):
            case "phase":
                before, told = told, _phase(told, event)
                if told is not before:
                    told.checkpoint = before.checkpoint
                    told.output = before.output if keep_output else []
            case "test":
                told.results[event["result"]["name"]] = event["result"]
            case "output":
                told.output.append((event["stream"], event["text"]))
            case "artifact" if event["role"] == ArtifactRole.CHECKPOINT:
                told.checkpoint = event["step"]
    return told


def _phase(told: _Try, event: Mapping[str, Any]) -> _Try:
    match event["name"]:
        case "starting":  # a new try: what the one before said is void
            told = _Try(phase="starting")
        case "cut":
            told.is_cut = True
        case name:
            told.phase = name
            told.planned += [(test["name"], test["title"]) for test in event.get("tests", ())]
    stage = _STAGE_OF.get(event["name"], 0)
    told.furthest = max(told.furthest, stage)
    if stage and event.get("at"):
        told.began.setdefault(stage, event["at"])
    return told


# --- under way


def _live_word(run: Run) -> Word:
    if run.state == Run.State.RUNNING and run.cancel_asked:
        return Word("Stopping", "loader-circle", "run")
    return STATES[run.state]


def _live_rows(told: _Try) -> tuple[Row, ...]:
    """Tests in the order planned: those with results, the one that runs, those that wait."""
    planned = dict(told.planned) | {name: result["title"] for name, result in told.results.items()}
    open_tests = [name for name in planned if name not in told.results]
    running = open_tests[0] if open_tests else None
    return tuple(
        told.results.get(name)
        or {"name": name, "title": title, "status": RUNNING if name == running else WAITING}
        for name, title in planned.items()
    )


def _live_summary(run: Run, told: _Try, rows: tuple[Row, ...], place: str) -> str:
    if run.state == Run.State.CANCELLED:
        return "Stopped before it ended"
    if run.state == Run.State.QUEUED:
        together = f". It starts once {run.nodes} nodes are free together" if run.nodes > 1 else ""
        return f"{_again(run, told)}{place}{together}"
    if rows:
        return _counts(rows)
    if run.kind in (Kind.TRAIN, Kind.ESTIMATE):
        return _training_summary(run, told)
    return "Running your code" if told.phase in ("importing", "testing") else "Starting"


def _again(run: Run, told: _Try) -> str:
    """Why a run waits that was started before."""
    if run.trains and run.starts:
        kept = f"goes on from step {told.checkpoint:,}" if told.checkpoint is not None else "begins again"
        return f"Its worker was lost, and it {kept}. "
    return "Trying again. " if run.tries else ""


def _training_summary(run: Run, told: _Try) -> str:
    match told.phase:
        case "gathering":
            return "Waiting until all of its nodes are there"
        case "preparing":
            return "Preparing the data"
        case "training" if run.kind == Kind.ESTIMATE:
            return "Measuring a few steps"
        case "training":
            step = f", step {run.step:,}" if run.step is not None else ""
            kept = f", checkpoint at step {told.checkpoint:,}" if told.checkpoint is not None else ""
            return f"Training{step}{kept}"
        case "evaluating" | "testing":
            return "Evaluating what it learned"
    return "Starting"


def _place(position: int | None, wait: float | None) -> str:
    place = f"Number {position} in the queue" if position and position > 1 else "Next in the queue"
    return place if wait is None else f"{place}, starts {in_words(wait)}"


def _counts(rows: tuple[Row, ...]) -> str:
    """``4 passed, 1 failed, 2 to go``: only what there is."""
    statuses = [row["status"] for row in rows]
    counts = (
        (statuses.count(TestStatus.PASSED), "passed"),
        (sum(map(statuses.count, FAILING)), "failed"),
        (statuses.count(RUNNING) + statuses.count(WAITING), "to go"),
        (statuses.count(TestStatus.SKIPPED), "not reached"),
    )
    return ", ".join(f"{count} {what}" for count, what in counts if count)


# --- ended


def _finished(run: Run, told: _Try) -> RunView:
    report: Mapping[str, Any] = run.report or {}
    rows = tuple(report.get("tests", ()))
    return RunView(
        word=ESTIMATED
        if run.kind == Kind.ESTIMATE and run.verdict == Verdict.PASSED
        else VERDICTS[run.verdict],
        summary=_final_summary(run, rows),
        is_terminal=True,
        verdict=run.verdict,
        message=_message(run, report, rows),
        line=report.get("line"),
        rows=rows,
        output=_chunks(told.output) or _chunks([("stdout", report.get("output", ""))]),
        metrics=tuple(
            (name, f"{value:.6g}") for name, value in report.get("metrics", {}).items() if value is not None
        ),
        seconds=report.get("wall_seconds"),
        is_cut=told.is_cut,
        findings=tuple(report.get("findings", ())),
        cost=cost_in_words(report.get("cost")),
        stages=_stages(run, told),
    )


def cost_in_words(cost: Mapping[str, Any] | None) -> tuple[tuple[str, str], ...]:
    """What an estimate found: parameters, memory, time."""
    if not cost:
        return ()
    seconds, steps, each = cost["seconds"], cost["steps"], cost["step_seconds"]
    known = [
        ("Parameters", f"{cost['parameters']:,}" if cost["parameters"] is not None else "not known"),
        ("Memory", f"{cost['memory_bytes'] / 2**20:,.0f} MB"),
        (
            "Time",
            duration(seconds) if seconds is not None else "not known: the code names no number of steps",
        ),
    ]
    if steps is not None and each is not None:
        known.append(("Steps", f"{steps:,} of {each * 1000:,.3g} ms each"))
    return tuple(known)


def duration(seconds: float) -> str:
    """A length of time as a person says it."""
    if seconds < 90:
        return f"about {max(1, round(seconds))} s"
    if seconds < 90 * 60:
        return f"about {round(seconds / 60)} min"
    return f"about {seconds / 3600:.1f} h"


def _message(run: Run, report: Mapping[str, Any], rows: tuple[Row, ...]) -> str:
    """The report's sentence, or ours. A failed test says it better in its own row."""
    if run.verdict == Verdict.FAILED and rows:
        return ""
    return report.get("message", "") or SENTENCES.get(run.verdict, "")


def _final_summary(run: Run, rows: tuple[Row, ...]) -> str:
    if run.kind == Kind.ESTIMATE:
        return (
            "What the whole would cost"
            if run.verdict == Verdict.PASSED
            else "The dry run did not get through"
        )
    if run.verdict == Verdict.PASSED:
        return _all_passed(run, len(rows))
    if run.verdict == Verdict.FAILED and rows:
        return _counts(rows)
    return f"{VERDICTS[run.verdict].text}, {_counts(rows)}" if rows else VERDICTS[run.verdict].text


def _all_passed(run: Run, count: int) -> str:
    what = "example" if run.kind == Kind.TRY else "test"
    match count:
        case 0:
            return "Your file ran to its end"
        case 1:
            return f"The {what} passed"
    return f"All {count} {what}s passed"


def _chunks(output: Iterable[tuple[str, str]]) -> tuple[Chunk, ...]:
    """Neighbouring output of one stream joined; the end of what is too long for a page."""
    joined = [
        Chunk(stream, "".join(text for _, text in part)) for stream, part in groupby(output, lambda o: o[0])
    ]
    kept: list[Chunk] = []
    room = MAX_SHOWN_OUTPUT
    for chunk in reversed(joined):
        if chunk.text and room > 0:
            kept.append(Chunk(chunk.stream, chunk.text[-room:]))
            room -= len(chunk.text)
    return tuple(reversed(kept))
