"""The submissions are right, or the figures would be those of a failure."""

import subprocess
import sys

import pytest

from bench.own import own_seconds
from bench.workload import CALLS, KINDS, PROOF, workload


@pytest.mark.parametrize("kind", ["plain", "numpy"])
def test_as_a_script_it_answers_all_calls(kind):
    script = workload(kind).script()
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == PROOF


def test_a_wrong_answer_ends_the_script():
    script = workload("plain").script().replace("return sum(sieve)", "return sum(sieve) + 1")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert PROOF not in done.stdout


@pytest.mark.parametrize("kind", KINDS)
def test_as_a_job_it_has_a_hidden_test_for_each_call(kind):
    tests = workload(kind).job().tests["tests.py"]
    assert tests.count("def test_") == CALLS


def test_only_the_time_inside_the_learners_code_counts():
    import time

    def call(student, number):
        time.sleep(0.02)
        assert student.one() == 1

    assert 0 < own_seconds("def one():\n    return 1\n", call) < 0.02
