"""What a page says at each moment of a run."""

from typing import Any

import pytest
from django.utils import timezone

from cairn.runs.models import Run
from cairn.runs.view_model import progress

TITLES = ("Sums to one", "Keeps the shape", "Any axis")
TESTING = {
    "kind": "phase",
    "name": "testing",
    "tests": [{"name": f"test_{i}", "title": title} for i, title in enumerate(TITLES)],
}
STARTING = {"kind": "phase", "name": "starting", "tests": []}


def result(i: int, status: str = "passed") -> dict[str, Any]:
    return {"name": f"test_{i}", "title": TITLES[i], "status": status, "message": "", "seconds": 0.002}


def done(i: int, status: str = "passed") -> dict[str, Any]:
    return {"kind": "test", "result": result(i, status)}


def said(text: str, stream: str = "stdout") -> dict[str, Any]:
    return {"kind": "output", "stream": stream, "text": text}


def run(state: str = "running", **more: Any) -> Run:
    return Run(title="Softmax", kind="grade", queue="grade", state=state, **more)


def finished(verdict: str, *statuses: str, kind: str = "grade", **report: Any) -> Run:
    tests = [result(i, status) for i, status in enumerate(statuses)]
    body = {
        "status": verdict,
        "tests": tests,
        "message": "",
        "output": "",
        "metrics": {},
        "wall_seconds": 0.5,
    }
    ended = run("finished", verdict=verdict, report=body | report)
    ended.kind = kind
    return ended


def phase(name: str) -> dict[str, Any]:
    return {"kind": "phase", "name": name, "tests": []}


@pytest.mark.parametrize(
    ("state", "verdict", "phases", "stages"),
    [
        ("queued", "", [], ["now", "", "", "", ""]),
        ("running", "", ["starting"], ["done", "now", "", "", ""]),
        ("running", "", ["starting", "preparing", "training"], ["done", "done", "now", "", ""]),
        ("running", "", ["starting", "training", "evaluating"], ["done", "done", "done", "now", ""]),
        ("running", "", ["starting", "training", "starting"], ["done", "now", "", "", ""]),
        ("cancelled", "", [], ["", "", "", "", ""]),
        ("cancelled", "", ["starting", "training", "done"], ["done", "done", "", "", ""]),
        ("finished", "memory", ["starting", "training", "done"], ["done", "done", "done", "", "done"]),
        ("finished", "failed", ["starting", "training", "evaluating", "done"], ["done"] * 5),
        ("finished", "passed", ["starting", "training", "done"], ["done"] * 5),
    ],
)
def test_the_stages_that_a_training_reached_are_done_and_those_it_never_saw_are_not(
    state: str, verdict: str, phases: list[str], stages: list[str]
) -> None:
    training = Run(title="Digits", kind="train", queue="train-cpu", state=state, verdict=verdict)
    training.created_at = timezone.now()
    view = progress(training, [phase(name) for name in phases])
    assert [stage.state for stage in view.stages] == stages


@pytest.mark.parametrize(
    ("position", "summary"),
    [(1, "Next in the queue"), (3, "Number 3 in the queue"), (None, "Next in the queue")],
)
def test_a_waiting_run_says_its_place(position: int | None, summary: str) -> None:
    view = progress(run("queued"), [], position)
    assert (view.summary, view.is_terminal) == (summary, False)


def test_a_waiting_run_says_when_it_starts_where_that_is_known() -> None:
    assert progress(run("queued"), [], 1, 0.4).summary == "Next in the queue, starts within a few seconds"
    assert progress(run("queued"), [], 7, 18.0).summary == "Number 7 in the queue, starts in about 20 s"


def test_a_run_given_back_says_that_it_is_tried_again_and_shows_nothing_of_the_lost_try() -> None:
    view = progress(run("queued", tries=1), [STARTING, TESTING, done(0)], 1)
    assert view.summary == "Trying again. Next in the queue"
    assert view.rows == ()


def test_a_starting_run() -> None:
    assert progress(run(), [STARTING]).summary == "Starting"


def test_tests_come_in_one_by_one() -> None:
    view = progress(run(), [STARTING, TESTING, done(0), done(1, "failed")])
    assert view.summary == "1 passed, 1 failed, 1 to go"
    assert [row["status"] for row in view.rows] == ["passed", "failed", "run"]


def test_one_test_runs_and_the_others_wait() -> None:
    view = progress(run(), [STARTING, TESTING])
    assert [row["status"] for row in view.rows] == ["run", "wait", "wait"]
    assert [row["title"] for row in view.rows] == list(TITLES)


def test_a_second_try_begins_anew() -> None:
    events = [STARTING, TESTING, done(0, "failed"), said("old"), STARTING, TESTING, done(0)]
    view = progress(run(), events)
    assert view.summary == "1 passed, 2 to go"
    assert view.output == ()


def test_output_is_joined_by_stream_and_in_order() -> None:
    view = progress(run(), [said("a"), said("b"), said("oops", "stderr"), said("c")])
    assert [(chunk.stream, chunk.text) for chunk in view.output] == [
        ("stdout", "ab"),
        ("stderr", "oops"),
        ("stdout", "c"),
    ]


def test_of_long_output_the_end_is_shown() -> None:
    view = progress(run(), [said("x" * 70_000), said("the end")])
    assert view.output[-1].text.endswith("the end")
    assert sum(len(chunk.text) for chunk in view.output) == 64_000


@pytest.mark.parametrize(
    ("ended", "summary"),
    [
        (finished("passed", "passed", "passed"), "All 2 tests passed"),
        (finished("passed", "passed"), "The test passed"),
        (finished("passed", "passed", "passed", kind="try"), "All 2 examples passed"),
        (finished("passed", kind="try"), "Your file ran to its end"),
        (finished("failed", "passed", "failed", "error"), "1 passed, 2 failed"),
        (
            finished("timeout", "passed", "timeout", "skipped"),
            "Over the time limit, 1 passed, 1 failed, 1 not reached",
        ),
        (finished("error"), "Stopped by an error"),
        (finished("memory"), "Out of memory"),
        (finished("internal"), "Not counted"),
    ],
)
def test_an_ended_run_sums_up(ended: Run, summary: str) -> None:
    view = progress(ended, [])
    assert view.summary == summary
    assert view.is_terminal


@pytest.mark.parametrize("verdict", ["error", "timeout", "memory", "output", "forbidden"])
def test_what_stopped_the_code_is_said_even_where_the_report_does_not(verdict: str) -> None:
    assert progress(finished(verdict), []).message.endswith(".")
    assert (
        progress(finished(verdict, message="Asked for 900 MB of 512."), []).message
        == "Asked for 900 MB of 512."
    )


def test_a_cancelled_submission_counts_nothing_and_a_cancelled_try_need_not_say_so() -> None:
    view = progress(run("cancelled"), [STARTING, TESTING, done(0)])
    assert (view.summary, view.message) == ("Stopped before it ended", "Nothing was counted as an attempt.")
    tried = run("cancelled")
    tried.kind = "try"
    assert progress(tried, []).message == ""


def test_stopping_is_shown_until_the_node_has_stopped() -> None:
    assert progress(run(cancel_asked=True), [STARTING]).word.text == "Stopping"


def test_measured_numbers_are_listed_and_nan_is_left_out() -> None:
    view = progress(finished("passed", metrics={"accuracy": 0.97621, "loss": None}), [])
    assert view.metrics == (("accuracy", "0.97621"),)


def test_a_cut_log_says_so() -> None:
    assert progress(run(), [STARTING, {"kind": "phase", "name": "cut", "tests": []}]).is_cut


def test_a_failed_test_says_why_in_its_row_and_not_twice() -> None:
    assert progress(finished("failed", "failed", message="Sums to one: got 2."), []).message == ""
    assert progress(finished("failed", message="Nothing was tested."), []).message == "Nothing was tested."


def test_a_file_that_could_not_be_loaded_names_its_line() -> None:
    assert progress(finished("error", message="SyntaxError", line=6), []).line == 6
    assert progress(finished("passed"), []).line is None
