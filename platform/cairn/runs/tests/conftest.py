"""The cast: Alice learns, Mo mentors her cohort, Bob is a stranger, Ada administers."""

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone

from cairn.accounts.models import Cohort, Membership, User
from cairn.runs import actions, nodes
from cairn.runs.models import Run
from grader.contract import Batch, Job, Kind, Output, Report, Verdict


@pytest.fixture(autouse=True)
def fresh_process() -> None:
    """Nothing remembered from the test before."""
    cache.clear()
    nodes._written.clear()


@pytest.fixture
def person(db: None) -> Callable[..., User]:
    def make(name: str, **more: Any) -> User:
        return User.objects.create_user(name, f"{name}@example.org", "pass-word-1", **more)

    return make


@pytest.fixture
def alice(person: Callable[..., User]) -> User:
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
