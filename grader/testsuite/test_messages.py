"""What a learner reads when something went wrong: what happened, where, how much, and nothing of ours."""

import pytest

from grader.contract import Job, Limits, Report, TestStatus, Verdict
from grader.run import run

TESTS = '''
import numpy as np
from grader.checks import close


def test_adds(student):
    """Adds two numbers."""
    assert student.add(1, 2) == 3


def test_scales(student):
    """Scales an array."""
    close(student.scale(np.array([0.0, 0.25, 100000.0])), np.array([0.0, 0.5, 200000.0]))
'''
ADD = "def add(a, b):\n    return a + b\n\n"
LIMITS = Limits(wall_seconds=1, cpu_seconds=5, memory_bytes=256 * 2**20, output_bytes=4096)


def graded(source: str) -> Report:
    job = Job(id="one", files={"solution.py": source}, tests={"tests.py": TESTS}, limits=LIMITS)
    return run(job, lambda event: None)


def test_a_timeout_names_the_test_that_was_running_and_keeps_what_was_printed() -> None:
    report = graded(ADD + "def scale(x):\n    print('begun', end='')\n    while True: pass\n")
    assert report.status is Verdict.TIMEOUT
    assert report.message == 'Your code ran out of time after 1 s in the test "Scales an array".'
    assert report.output == "begun"
    assert [test.status for test in report.tests] == [TestStatus.PASSED, TestStatus.TIMEOUT]


def test_a_timeout_while_importing_says_so() -> None:
    report = graded("print('hello')\nwhile True: pass\n")
    assert report.message == "Your code ran out of time after 1 s while your file was being loaded."
    assert report.output == "hello\n"


def test_refused_memory_says_how_much_was_asked_and_how_much_is_allowed() -> None:
    report = graded("import numpy as np\n" + ADD + "def scale(x):\n    return np.zeros(10**10)\n")
    assert report.status is Verdict.MEMORY
    assert "more memory than the 256 MB that this exercise allows; it held " in report.message
    assert "Unable to allocate 74.5 GiB" in report.message


def test_memory_taken_bit_by_bit_says_how_much_was_held() -> None:
    report = graded("def add(a, b):\n    held = []\n    while True: held.append(bytearray(10**6))\n")
    assert report.status is Verdict.MEMORY
    assert " of memory" in report.message or "it held" in report.message
    assert "256 MB" in report.message


def test_an_exception_shows_the_learners_own_lines_and_no_others() -> None:
    report = graded("def divide(x):\n    return x / 0\n\ndef add(a, b):\n    return divide(a)\n")
    raised = report.tests[0]
    assert (raised.status, raised.line) == (TestStatus.ERROR, 2)
    assert raised.message == "ZeroDivisionError: division by zero"
    for line in ('File "solution.py", line 5, in add', 'File "solution.py", line 2, in divide'):
        assert line in raised.trace
    assert raised.trace.count("File ") == 2


def test_a_missing_function_has_no_trace_of_ours() -> None:
    missing = graded("x = 1\n").tests[0]
    assert missing.message == "NameError: your code does not define `add`"
    assert (missing.line, missing.trace) == (None, "")


def test_a_syntax_error_names_its_line_once() -> None:
    report = graded("x = 1\ndef add(a, b)\n    return a\n")
    assert report.message == "Your file could not be loaded: SyntaxError: expected ':' (line 2)"
    assert report.line == 2
    assert "def add(a, b)" in report.output


@pytest.mark.parametrize(
    ("body", "refused"),
    [
        (
            "import socket\n    socket.create_connection(('192.0.2.1', 80))",
            "using the network is not allowed",
        ),
        (
            "import urllib.request as u\n    u.urlopen('http://example.org')",
            "using the network is not allowed",
        ),
        ("open('/etc/mine', 'w')", "using the file /etc/mine is not allowed"),
    ],
    ids=["socket", "url", "file"],
)
def test_a_forbidden_action_says_what_was_refused(body: str, refused: str) -> None:
    report = graded(f"def add(a, b):\n    {body}\n")
    assert report.status is Verdict.FORBIDDEN
    assert report.message.startswith("Your code tried something that the sandbox does not allow. ")
    assert refused in report.message


def test_a_forbidden_call_says_in_which_test() -> None:
    report = graded("import ctypes\ndef add(a, b):\n    ctypes.CDLL(None).unshare(0x10000000)\n")
    assert report.status is Verdict.FORBIDDEN
    assert report.message.endswith('does not allow in the test "Adds two numbers".')


def test_too_much_output_is_cut_with_a_mark() -> None:
    report = graded("def add(a, b):\n    while True: print('x' * 100)\n")
    assert report.message == 'Your code printed more than 4 KB in the test "Adds two numbers".'
    assert report.output.endswith("… cut here: the output limit was reached.\n")
    assert report.output.startswith("xxx")


def test_numbers_in_a_shown_call_read_like_numbers() -> None:
    report = graded(ADD + "def scale(x):\n    return x * 3\n")
    difference = report.tests[1].difference
    assert difference is not None
    assert difference.call == "scale(array([0.0, 0.25, 100000.0]))"
