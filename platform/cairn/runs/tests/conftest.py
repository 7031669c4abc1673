"""Runs that wait, and what nodes say of them."""

import uuid
from pathlib import Path
from typing import Any

import pytest

from cairn.accounts.models import User
from cairn.runs import actions, nodes
from cairn.runs.models import Run
from grader.contract import Batch, Job, Kind, Output, Report, Verdict


@pytest.fixture(autouse=True)
def fresh_process() -> None:
    """What a process writes down of its nodes is forgotten between tests."""
    nodes._written.clear()


def queued(owner: User, queue: str = "grade", **job: Any) -> Run:
    """A run that waits."""
    fields = {
        "id": str(uuid.uuid4()),
        "kind": Kind.GRADE,
        "files": {"solution.py": "x = 1\n"},
        "tests": {"tests.py": "# secret expectations\n"},
    }
    return actions.enqueue(owner, "Dot product", Job(**(fields | job)), queue)


def batch(first: int, *texts: str) -> Batch:
    return Batch(first=first, events=tuple(Output(text=text) for text in texts))


def report(run: Run | str, status: Verdict = Verdict.PASSED, **more: Any) -> Report:
    job_id = run if isinstance(run, str) else str(run.pk)
    return Report(job_id=job_id, status=status, score=float(status is Verdict.PASSED), **more)


@pytest.fixture
def shelf(tmp_path: Path, settings: Any) -> Path:
    """Artifacts lie in a folder of the test's own."""
    folder = tmp_path / "artifacts"
    place = {**settings.STORAGES["artifacts"], "OPTIONS": {"location": folder}}
    settings.STORAGES = {**settings.STORAGES, "artifacts": place}
    return folder
