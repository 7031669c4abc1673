"""The cast, and a small curriculum to hand work in for."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from cairn.accounts.models import Cohort, Membership, User
from cairn.catalog.library import Library
from cairn.catalog.tests.sample import publish_sample
from cairn.runs import actions as runs
from cairn.runs.models import Run
from cairn.runs.wake import calls_for
from grader.contract import Report, TestResult, TestStatus, Verdict

SIGN_IN = "allauth.account.auth_backends.AuthenticationBackend"
CODE = {"dot.py": "def dot(a, b):\n    return 1\n"}


@pytest.fixture(autouse=True)
def nothing_remembered() -> None:
    cache.clear()


@pytest.fixture
def books(db: None, tmp_path: Path) -> Library:
    return publish_sample(tmp_path / "curriculum")


@pytest.fixture
def person(db: None) -> Callable[..., User]:
    def make(name: str, **more: Any) -> User:
        return User.objects.create_user(name, f"{name}@example.org", "pass-word-1", **more)

    return make


@pytest.fixture
def alice(person: Callable[..., User], books: Library) -> User:
    return person("alice")


@pytest.fixture
def bob(person: Callable[..., User]) -> User:
    return person("bob")


@pytest.fixture
def mo(person: Callable[..., User], alice: User) -> User:
    mentor = person("mo", is_mentor=True)
    cohort = Cohort.objects.create(
        slug="autumn", title="Autumn", path="zero-to-llm", starts_on=timezone.now()
    )
    Membership.objects.create(cohort=cohort, user=alice, role=Membership.Role.LEARNER)
    Membership.objects.create(cohort=cohort, user=mentor, role=Membership.Role.MENTOR)
    return mentor


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
