"""A run as a page shows it: a pure function of its row and its stored events.

While a run is under way its events tell how far it is; once it ended, its report does. Both hold text that
learner code made, so everything here is data for a template that escapes it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from cairn.runs.models import Run
from grader.contract import Kind, TestStatus, Verdict

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
STATES: Mapping[str, Word] = {
    Run.State.QUEUED: Word("Waiting", "clock"),
    Run.State.RUNNING: Word("Running", "loader-circle", "run"),
    Run.State.CANCELLED: Word("Stopped", "ban"),
}
TESTS: Mapping[str, Word] = {
    TestStatus.PASSED: Word("Passed", "circle-check", "pass"),
    TestStatus.FAILED: Word("Failed", "circle-x", "fail"),
    TestStatus.ERROR: Word("Error", "circle-alert", "error"),
    TestStatus.TIMEOUT: Word("Out of time", "timer-off", "timeout"),
    TestStatus.SKIPPED: Word("Not reached", "circle-minus", "skip"),
    "running": Word("Running", "loader-circle", "run"),
    "waiting": Word("Waiting", "circle-dashed", "wait"),
}
FAILING = ("fail", "error", "timeout")
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
class Cell:
    """One cell of an array: its text, and the class that tints it where it differs."""

    text: str
    css: str = ""


@dataclass(frozen=True)
class Side:
    """One side of a comparison: a table with the index of each row, or plain text."""

    title: str
    css: str
    text: str = ""
    shape: str = ""
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, tuple[Cell, ...]], ...] = ()


@dataclass(frozen=True)
class TestRow:
    """One test as a row. ``detail`` is its time, or what it waits for; a failed row opens by itself."""

    __test__ = False

    name: str
    title: str
    status: str
    detail: str
    message: str = ""
    call: str = ""
    sides: tuple[Side, ...] = ()
    differs: str = ""
    warnings: tuple[str, ...] = ()
    line: int | None = None

    @property
    def word(self) -> Word:
        """Icon and word of its status."""
        return TESTS[self.status]

    @property
    def is_open(self) -> bool:
        """Whether its explanation is unfolded from the start."""
        return self.word.tone in FAILING

    @property
    def has_more(self) -> bool:
        """Whether there is anything to unfold."""
        return bool(self.message or self.sides or self.warnings)


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
    rows: tuple[TestRow, ...] = ()
    output: tuple[Chunk, ...] = ()
    metrics: tuple[tuple[str, str], ...] = ()
    time: str = ""
    is_cut: bool = False

    @property
    def ticks(self) -> tuple[str, ...]:
        """One class per test, for the row of segments."""
        segment = {"wait": ""} | dict.fromkeys(FAILING, "fail")
        return tuple(segment.get(row.word.tone, row.word.tone) for row in self.rows)

    @property
    def first_failed_line(self) -> int | None:
        """The learner's line that the first failed test points to."""
        return next((row.line for row in self.rows if row.is_open and row.line), None)


@dataclass
class _Try:
    """What the events of the present try have told so far."""

    phase: str = ""
    planned: list[tuple[str, str]] = field(default_factory=list)
    results: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    output: list[tuple[str, str]] = field(default_factory=list)
    is_cut: bool = False


def progress(run: Run, events: Iterable[Mapping[str, Any]], position: int | None = None) -> RunView:
    """``events`` are contract events as stored, oldest first; ``position`` is the place in the queue."""
    told = _read(events)
    if run.state == Run.State.FINISHED:
        return _finished(run, told)
    rows = _live_rows(told) if run.state == Run.State.RUNNING else ()
    return RunView(
        word=_live_word(run),
        summary=_live_summary(run, told, rows, position),
        is_terminal=run.is_terminal,
        verdict="",
        message="Nothing was counted as an attempt." if run.state == Run.State.CANCELLED else "",
        rows=rows,
        output=_chunks(told.output),
        is_cut=told.is_cut,
    )


def _read(events: Iterable[Mapping[str, Any]]) -> _Try:
    told = _Try()
    for event in events:
        match event.get("kind"):
            case "phase":
                told = _phase(told, event)
            case "test":
                told.results[event["result"]["name"]] = event["result"]
            case "output":
                told.output.append((event["stream"], event["text"]))
    return told


def _phase(told: _Try, event: Mapping[str, Any]) -> _Try:
    match event["name"]:
        case "starting":  # a new try: what the one before said is void
            return _Try(phase="starting")
        case "cut":
            told.is_cut = True
        case name:
            told.phase = name
            told.planned += [(test["name"], test["title"]) for test in event.get("tests", ())]
    return told


# --- under way


def _live_word(run: Run) -> Word:
    if run.state == Run.State.RUNNING and run.cancel_asked:
        return Word("Stopping", "loader-circle", "run")
    return STATES[run.state]


def _live_rows(told: _Try) -> tuple[TestRow, ...]:
    """Results in the order planned, then the test that runs, then those that wait."""
    planned = dict(told.planned) | {name: result["title"] for name, result in told.results.items()}
    waiting = [name for name in planned if name not in told.results]
    rows = []
    for name, title in planned.items():
        if name in told.results:
            rows.append(_row(told.results[name]))
        else:
            status = "running" if name == waiting[0] else "waiting"
            rows.append(TestRow(name, title, status, status))
    return tuple(rows)


def _live_summary(run: Run, told: _Try, rows: tuple[TestRow, ...], position: int | None) -> str:
    if run.state == Run.State.CANCELLED:
        return "Stopped before it ended"
    if run.state == Run.State.QUEUED:
        again = "Trying again. " if run.tries else ""
        return f"{again}{_place(position)}"
    if rows:
        return _counts(rows)
    return "Running your code" if told.phase in ("importing", "testing") else "Starting"


def _place(position: int | None) -> str:
    if position is None or position <= 1:
        return "Next in the queue"
    return f"Number {position} in the queue"


def _counts(rows: tuple[TestRow, ...]) -> str:
    """``4 passed, 1 failed, 2 to go``: only what there is."""
    tones = [row.word.tone for row in rows]
    counts = (
        (tones.count("pass"), "passed"),
        (sum(map(tones.count, FAILING)), "failed"),
        (tones.count("run") + tones.count("wait"), "to go"),
        (tones.count("skip"), "not reached"),
    )
    return ", ".join(f"{count} {what}" for count, what in counts if count)


# --- ended


def _finished(run: Run, told: _Try) -> RunView:
    report: Mapping[str, Any] = run.report or {}
    rows = tuple(_row(result) for result in report.get("tests", ()))
    return RunView(
        word=VERDICTS[run.verdict],
        summary=_final_summary(run, rows),
        is_terminal=True,
        verdict=run.verdict,
        message=report.get("message", "") or SENTENCES.get(run.verdict, ""),
        rows=rows,
        output=_chunks(told.output) or _chunks([("stdout", report.get("output", ""))]),
        metrics=tuple((name, f"{value:.6g}") for name, value in report.get("metrics", {}).items() if value is not None),
        time=_seconds(report.get("wall_seconds", 0.0)),
        is_cut=told.is_cut,
    )


def _final_summary(run: Run, rows: tuple[TestRow, ...]) -> str:
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


# --- a test's row


def _row(result: Mapping[str, Any]) -> TestRow:
    difference: Mapping[str, Any] = result.get("difference") or {}
    return TestRow(
        name=result["name"],
        title=result["title"],
        status=result["status"],
        detail="" if result["status"] == TestStatus.SKIPPED else _seconds(result.get("seconds", 0.0)),
        message=result.get("message", ""),
        call=difference.get("call", ""),
        sides=_sides(difference),
        differs=difference.get("summary", ""),
        warnings=tuple(result.get("warnings", ())),
        line=result.get("line"),
    )


def _sides(difference: Mapping[str, Any]) -> tuple[Side, ...]:
    sides = (_side("Expected", "exp", difference.get("expected")), _side("Got", "got", difference.get("got")))
    return tuple(side for side in sides if side)


def _side(title: str, css: str, value: Mapping[str, Any] | str | None) -> Side | None:
    if not value:
        return None
    if isinstance(value, str):
        return Side(title, css, text=value)
    differs = {tuple(place) for place in value.get("differs", ())}
    top, left = _corner(value)
    tint = "w" if css == "exp" else "x"
    rows = tuple(
        (
            str(top + i) if len(value["shape"]) > 1 else "",
            tuple(Cell(text, tint if (i, j) in differs else "") for j, text in enumerate(row)),
        )
        for i, row in enumerate(value["rows"])
    )
    width = max((len(row) for row in value["rows"]), default=0)
    columns = tuple(str(left + j) for j in range(width)) if value["shape"] else ()
    return Side(title, css, shape=_shape(value), columns=columns, rows=rows)


def _corner(value: Mapping[str, Any]) -> tuple[int, int]:
    """Row and column of the window's first cell; a vector is one row."""
    origin = value.get("origin") or ()
    if len(value["shape"]) < 2:
        return 0, origin[-1] if origin else 0
    return (origin[-2], origin[-1]) if len(origin) >= 2 else (0, 0)


def _shape(value: Mapping[str, Any]) -> str:
    """``(2, 3) float64``, with a vector's shape as Python writes it."""
    return f"{tuple(value['shape'])} {value['dtype']}".strip()


def _chunks(output: Iterable[tuple[str, str]]) -> tuple[Chunk, ...]:
    """Neighbouring output of one stream joined; the end of what is too long for a page."""
    joined = [Chunk(stream, "".join(text for _, text in part)) for stream, part in groupby(output, lambda o: o[0])]
    kept: list[Chunk] = []
    room = MAX_SHOWN_OUTPUT
    for chunk in reversed(joined):
        if chunk.text and room > 0:
            kept.append(Chunk(chunk.stream, chunk.text[-room:]))
            room -= len(chunk.text)
    return tuple(reversed(kept))


def _seconds(seconds: float) -> str:
    """``2 ms``, ``1.8 s``; numbers and units joined by a no-break space."""
    if seconds < 1:
        return f"{max(round(1000 * seconds), 1) if seconds else 0}\u00a0ms"
    return f"{seconds:.1f}\u00a0s"
