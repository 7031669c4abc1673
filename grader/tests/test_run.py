"""One job from start to report: the events in order, what is kept, and whose fault it was."""

import threading
import time

import pytest

from grader.contract import (
    Event,
    Job,
    Kind,
    Limits,
    Metric,
    Output,
    Phase,
    Report,
    TestDone,
    TestStatus,
    Verdict,
)
from grader.run import run

TESTS = '''
from grader.checks import close, equal, example, metric

@example
def test_shown(student):
    """Doubles three"""
    equal(student.double(3), 6)

def test_hidden(student):
    """Doubles a fraction"""
    close(student.double(0.5), 1.0)
    metric("accuracy", 0.5)
'''
LIMITS = Limits(wall_seconds=3, output_bytes=2048)


def job(code: str, tests: str = TESTS, kind: Kind = Kind.GRADE, **more) -> Job:
    files = {"solution.py": code} | more.pop("files", {})
    return Job(
        id="1",
        kind=kind,
        files=files,
        tests={"tests.py": tests} if tests else {},
        **({"limits": LIMITS} | more),
    )


def graded(*arguments, **keywords) -> tuple[Report, list[Event]]:
    events: list[Event] = []
    return run(job(*arguments, **keywords), events.append), events


def printed(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, Output))


def test_events_come_in_order_and_the_report_agrees() -> None:
    report, events = graded("print('loading')\ndef double(x):\n    return 2 * x\n", content_hash="abc")
    assert [event.name for event in events if isinstance(event, Phase)] == [
        "starting",
        "importing",
        "testing",
        "done",
    ]
    testing = next(event for event in events if isinstance(event, Phase) and event.name == "testing")
    assert [test.title for test in testing.tests] == ["Doubles three", "Doubles a fraction"]
    assert tuple(event.result for event in events if isinstance(event, TestDone)) == report.tests
    assert [event for event in events if isinstance(event, Metric)] == [Metric(name="accuracy", value=0.5)]
    assert report.status is Verdict.PASSED
    assert report.score == 1.0
    assert report.metrics == {"accuracy": 0.5}
    assert report.output == printed(events) == "loading\n"
    assert report.content_hash == "abc"
    assert 0 < report.wall_seconds < 3
    assert report.cpu_seconds > 0
    assert report.peak_bytes > 2**16


def test_a_try_runs_the_examples_and_the_main_part() -> None:
    code = "def double(x):\n    return 2 * x\nif __name__ == '__main__':\n    print('in main')\n"
    report, _ = graded(code, kind=Kind.TRY)
    assert [test.name for test in report.tests] == ["test_shown"]
    assert report.output == "in main\n"
    assert graded(code)[0].output == ""


def test_a_try_may_end_with_exit() -> None:
    report, _ = graded("import sys\nprint('done')\nsys.exit()\n", tests="", kind=Kind.TRY)
    assert (report.status, report.score, report.output) == (Verdict.PASSED, 1.0, "done\n")


def test_an_exception_shows_the_learners_own_trace_and_line() -> None:
    report, events = graded("def f():\n    return 1 / 0\n\nf()\n")
    assert report.status is Verdict.ERROR
    assert "ZeroDivisionError: division by zero (line 2)" in report.message
    assert 'File "solution.py", line 2, in f' in report.output
    assert "learner.py" not in report.output
    assert report.output == printed(events)


def test_an_exception_in_a_test_names_its_line_and_call() -> None:
    report, _ = graded("def double(x):\n    y = x\n    return y['a']\n")
    first = report.tests[0]
    assert (first.status, first.line) == (TestStatus.ERROR, 3)
    assert first.difference is not None
    assert first.difference.call == "double(3)"


def test_other_files_are_importable_beside_the_entry() -> None:
    code = "from helper import twice\ndef double(x):\n    return twice(x)\n"
    assert graded(code, files={"helper.py": "def twice(x):\n    return 2 * x\n"})[0].status is Verdict.PASSED


def test_the_students_files_are_readable_on_the_trusted_side() -> None:
    tests = "def test_report(student):\n    assert 'words' in student.files['report.md']\n"
    assert graded("x = 1\n", tests, files={"report.md": "some words"})[0].status is Verdict.PASSED


def test_the_same_seed_gives_the_same_numbers_on_both_sides() -> None:
    tests = (
        "from grader.checks import metric\n"
        "def test_it(student, rng):\n    metric('ours', rng.random())\n    metric('theirs', student.value)\n"
    )
    code = "import random\nvalue = random.random()\n"
    first, second, other = (graded(code, tests, seed=seed)[0].metrics for seed in (5, 5, 6))
    assert first == second
    assert first["ours"] != other["ours"]
    assert first["theirs"] != other["theirs"]


def test_output_is_made_safe_and_cut_with_a_mark() -> None:
    report, _ = graded("print('\\x1b[31mred\\x1b[0m')\nwhile True:\n    print('x' * 100)\n")
    assert report.status is Verdict.OUTPUT
    assert report.output.startswith("red\n")
    assert "cut here" in report.output
    assert len(report.output) < 2048 + 100


def test_partial_output_is_kept_after_a_time_out() -> None:
    report, _ = graded("print('before', end='')\nwhile True: pass\n")
    assert (report.status, report.output) == (Verdict.TIMEOUT, "before")


def test_time_in_the_tests_is_not_the_learners() -> None:
    tests = "import time\ndef test_slow(student):\n    time.sleep(1.2)\n    assert student.f() == 1\n"
    report, _ = graded("def f():\n    return 1\n", tests, limits=Limits(wall_seconds=1))
    assert report.status is Verdict.PASSED
    assert report.wall_seconds < 0.5


@pytest.mark.parametrize(
    "tests",
    [
        "import nothing_like_this",
        "def test_x(student):\n    1 / 0\n",
        "def test_x(student, fixture): ...\n",
        "import os\nos._exit(3)",
    ],
)
def test_broken_tests_are_our_failure(tests: str) -> None:
    report, _ = graded("x = 1\n", tests)
    assert report.status is Verdict.INTERNAL
    assert report.message


def test_an_answer_that_a_test_trips_over_is_wrong() -> None:
    tests = "def test_x(student):\n    assert student.f().shape == (2,)\n"
    report, _ = graded("def f():\n    return None\n", tests)
    assert report.status is Verdict.FAILED
    assert "could not be used" in report.tests[0].message


def test_a_cancelled_run_ends_soon_and_is_ours() -> None:
    cancel = threading.Event()
    threading.Timer(0.5, cancel.set).start()
    began = time.monotonic()
    report = run(job("while True: pass\n"), lambda event: None, cancel=cancel)
    assert report.status is Verdict.INTERNAL
    assert time.monotonic() - began < 2


def test_a_listener_that_fails_leaves_nothing_running() -> None:
    class Broken(Exception):
        pass

    def fail(event: Event) -> None:
        if isinstance(event, TestDone):
            raise Broken

    with pytest.raises(Broken):
        run(job("def double(x):\n    return 2 * x\n"), fail)


def test_failing_values_are_drawn_for_the_page() -> None:
    tests = (
        "import numpy as np\nfrom grader.checks import close\n"
        "def test_x(student):\n    close(student.f(np.ones((2, 2))), np.eye(2), hint='Think.')\n"
    )
    report, _ = graded("def f(x):\n    return x\n", tests)
    drawn = report.tests[0].difference
    assert drawn is not None
    assert drawn.call == "f(array([[1.0, 1.0], [1.0, 1.0]]))"
    assert drawn.got.rows == (("1", "1"), ("1", "1"))  # type: ignore[union-attr]
    assert drawn.got.differs == ((0, 1), (1, 0))  # type: ignore[union-attr]
    assert report.message.startswith("X: Think.")


def test_a_file_that_does_not_parse_shows_where() -> None:
    report, _ = graded("def double(x)\n    return 2 * x\n")
    assert report.status is Verdict.ERROR
    assert "SyntaxError" in report.message
    assert "(line 1)" in report.message
    assert 'File "solution.py", line 1' in report.output


def test_tests_may_write_as_much_as_they_like_and_nobody_sees_it() -> None:
    tests = (
        "import sys\ndef test_x(student):\n    print('a' * 10**6, file=sys.stderr)\n    print('b' * 10**6)\n"
    )
    report, _ = graded("x = 1\n", tests)
    assert (report.status, report.output) == (Verdict.PASSED, "")


REBINDS = """
from math import sqrt

def value():
    return 1

def rebind():
    global value
    value = lambda: 2

class Shape:
    def sides(self):
        return 3
"""
ASKS = """
from grader.checks import equal

def test_what_the_module_calls_so_now(student):
    equal(student.value(), 1)
    student.rebind()
    equal(student.value(), 2)

def test_what_a_test_kept_is_what_it_was(student):
    kept = student.value
    student.value = lambda: 5
    equal(student.value(), 5)
    equal(kept(), 2)

def test_classes_and_imported_names(student):
    equal(student.Shape().sides(), 3)
    equal(student.sqrt(4.0), 2.0)
"""


def test_a_function_is_what_the_learners_module_calls_so() -> None:
    report, _ = graded(REBINDS, ASKS)
    assert report.status is Verdict.PASSED, report.tests


def test_work_folders_hold_as_much_as_the_exercise_says() -> None:
    fill = """
def fill(count):
    with open("large", "wb") as file:
        return file.write(bytes(count))

def spread():
    for number in range(8):
        with open(f"part{number}", "wb") as file:
            file.write(bytes(2**16))
"""
    tests = "def test_fits(student):\n    assert student.fill(60_000) == 60_000\n\n"
    for size in (2**16, 2**25):
        limits = Limits(wall_seconds=3, file_bytes=size)
        assert graded(fill, tests, limits=limits)[0].status is Verdict.PASSED
        more = tests + "def test_more(student):\n    student.spread()\n"
        wanted = Verdict.ERROR if size == 2**16 else Verdict.PASSED
        assert graded(fill, more, limits=limits)[0].status is wanted
