"""A small curriculum to hand work in for, and what a node would do with it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from cairn.accounts.models import User
from cairn.catalog.library import Library
from cairn.catalog.tests.sample import publish_sample
from cairn.runs import actions as runs
from cairn.runs.models import Run
from cairn.runs.wake import calls_for
from grader.contract import Report, TestResult, TestStatus, Verdict

SIGN_IN = "allauth.account.auth_backends.AuthenticationBackend"
CODE = {"dot.py": "def dot(a, b):\n    return 1\n"}


@pytest.fixture
def books(db: None, tmp_path: Path) -> Library:
    return publish_sample(tmp_path / "curriculum")


@pytest.fixture
def alice(person: Callable[..., User], books: Library) -> User:
    return person("alice")


def signed_in(user: User, **options: Any) -> Client:
    client = Client(**options)
    client.force_login(user, SIGN_IN)
    return client


def graded(run: Run, verdict: Verdict, passed: int = 1, failed: int = 0, **more: Any) -> None:
    """Let a node take the run and report; ``internal`` until its tries are used up."""
    tests = [
        TestResult(
            name=f"test_{i}", title=f"Test {i}", status=TestStatus.PASSED if i < passed else TestStatus.FAILED
        )
        for i in range(passed + failed)
    ]
    share = passed / (passed + failed) if tests else 0.0
    report = Report(job_id=str(run.pk), status=verdict, score=share, tests=tuple(tests), **more)
    for _ in range(3 if verdict is Verdict.INTERNAL else 1):
        claim = runs.claim(calls_for(run.queue), "n1")
        assert claim is not None
        assert claim.job.id == str(run.pk)
        runs.finish(run.pk, claim.token, report)
    run.refresh_from_db()
