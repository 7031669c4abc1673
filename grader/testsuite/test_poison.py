"""A job does what it can to the judge that judges it; the next job, somebody else's, is judged as ever."""

import pytest

from grader.contract import Job, Limits, Report, Verdict
from grader.run import run
from grader.sandbox import select_backend
from grader.sandbox.select import SAFE
from grader.testsuite.test_submissions import HERE, grade

TESTS = """
import os
from grader.checks import close, equal, metric

def test_it(student):
    metric("judge", os.getpid())
    equal(student.double(21), 42)
    close(student.double(0.5), 1.0)
"""
RIGHT = "def double(x):\n    return 2 * x\n"
WRONG = "def double(x):\n    return 3 * x\n"
LIMITS = Limits(wall_seconds=2)

HOSTILE = {  # what a learner's process answers, to the calls of a careless test that keeps it all
    "giant": "def double(x):\n    return ['x' * 1000] * 10_000\n",
    "deep": "def double(x):\n    d = []\n    for _ in range(60):\n        d = [d]\n    return d\n",
    "keys": "def double(x):\n    return {(2**61 - 1) * n: n for n in range(3000)}\n",
    "array": "import numpy as np\ndef double(x):\n    return np.zeros((4096, 1024))\n",
    "lying": (
        "import os, struct\ndef double(x):\n"
        "    os.write(200, struct.pack('<II', 2**31, 2**20))\n    os.write(200, bytes(2**16))\n    os._exit(0)\n"
    ),
    "ahead": (
        "import os, struct, sys\ndef double(x):\n"
        "    import msgpack\n    said = msgpack.packb(['ok', 43])\n"
        "    for _ in range(50):\n        os.write(200, struct.pack('<II', len(said), 0) + said)\n    return 42\n"
    ),
    "handles": (
        "class Thing:\n    def __eq__(self, other):\n        return True\n    __hash__ = None\n"
        "def double(x):\n    return [Thing() for _ in range(5000)]\n"
    ),
    "names": "for n in range(5000):\n    exec(f'def equal{n}(*a): return True')\ndef double(x):\n    return x\n",
    "ends": "import os\ndef double(x):\n    os._exit(0)\n",
    "hangs": "def double(x):\n    while True:\n        pass\n",
}
CARELESS = """
import builtins, grader.checks, numpy as np, random
KEPT = []

def test_it(student):
    for _ in range(3):
        KEPT.append(student.double(21))
    grader.checks.kept = builtins.kept = KEPT
    random.seed(0); np.random.seed(0)
    assert KEPT == [42, 42, 42]
"""
PATCHES = """
import builtins, grader.checks, grader.checks.compare as compare, grader.harness.judge as judge
import grader.harness.session as session, numpy as np, sys

equal = compare.equal
compare.equal = grader.checks.equal = grader.checks.close = lambda *a, **k: None
compare._Comparison.run = lambda *a: None
np.allclose = np.array_equal = lambda *a, **k: True
judge.Judge._outcome = lambda *a: judge.Outcome(judge.TestStatus.PASSED)
session.Session.request = lambda *a: 42
builtins.isinstance = lambda *a: True
sys.modules["grader.checks"] = sys.modules["tests"]

def test_it(student):
    student.double(1)
"""


def graded(code: str, backend: str, tests: str = TESTS) -> Report:
    job = Job(id="1", files={"solution.py": code}, tests={"tests.py": tests}, limits=LIMITS)
    return run(job, lambda event: None, backend=select_backend(backend))


def assert_all_is_as_ever(backend: str) -> None:
    for _ in range(2):
        assert graded(RIGHT, backend).status is Verdict.PASSED
        assert graded(WRONG, backend).status is Verdict.FAILED


@pytest.mark.parametrize("backend", SAFE)
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_answers_do_nothing_to_the_next_job(name: str, backend: str) -> None:
    for tests in (TESTS, CARELESS):
        assert graded(HOSTILE[name], backend, tests).status not in (Verdict.PASSED, Verdict.INTERNAL)
    assert_all_is_as_ever(backend)


@pytest.mark.parametrize("backend", SAFE)
@pytest.mark.parametrize("tests", [CARELESS, PATCHES, "import sys\nsys.modules.clear()\n"])
def test_tests_that_change_everything_do_nothing_to_the_next_job(tests: str, backend: str) -> None:
    """Whatever becomes of that job itself: its author is to blame."""
    graded(RIGHT, backend, tests)
    assert_all_is_as_ever(backend)


@pytest.mark.parametrize("name", ["forbidden_garbage", "forbidden_forged_verdict", "failed_answers_ahead"])
def test_attacks_on_the_connection_end_their_judge(name: str) -> None:
    before = graded(RIGHT, "warm").metrics["judge"]
    assert grade(HERE / f"plain/attacks/{name}.py", "warm").status is Verdict(name.partition("_")[0])
    assert graded(RIGHT, "warm").metrics["judge"] != before
