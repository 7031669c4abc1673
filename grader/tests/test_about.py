"""What a node says of itself: its versions, and each warm process with the memory that it holds."""

import threading

import pytest

from grader.about import code_version, state
from grader.contract import Job, Verdict
from grader.run import run
from grader.sandbox import Backend, select_backend
from grader.sandbox.warm import Warm

FAKES = """
import ctypes, os, sys, time
if os.fork() == 0 and os.fork() == 0:
    ctypes.CDLL(None).prctl(15, b"warm-fake", 0, 0, 0)
    time.sleep(3)
time.sleep(1.5)
"""


@pytest.fixture
def backend() -> Backend:
    found = select_backend()
    if not isinstance(found, Warm):
        pytest.skip("warm processes need the warm backend")
    return found


def ask(backend: Backend, source: str) -> Verdict:
    files, tests = {"solution.py": source}, {"tests.py": "def test_it(student):\n    pass\n"}
    return run(Job(id="one", files=files, tests=tests), lambda event: None, backend=backend).status


def test_warm_processes_are_told_with_their_memory(backend: Backend) -> None:
    assert ask(backend, "import numpy\n") is Verdict.PASSED
    said = state(backend)
    assert {("numpy", "learner"), ("numpy", "judge")} <= {(one.runtime, one.side) for one in said.warm}
    assert all(2**20 < one.bytes < 2**30 for one in said.warm)
    assert said.versions["code"] == code_version()
    assert said.versions["sandbox"] == "warm"


def test_learner_code_that_calls_itself_a_warm_process_is_not_believed(backend: Backend) -> None:
    going = threading.Thread(target=ask, args=(backend, FAKES))
    going.start()
    seen: set[str] = set()
    while going.is_alive():
        seen |= {one.runtime for one in state(backend).warm}
        going.join(0.05)
    assert "plain" in seen
    assert "fake" not in seen
