"""A training run and its node, scripted: what tests of several rooms say to the site."""

import hashlib
import uuid
from typing import Any

from django.test import Client

from cairn.accounts.models import User
from cairn.runs import actions, wake
from cairn.runs.models import Run
from grader.contract import (
    Artifact,
    ArtifactRole,
    Batch,
    Claim,
    Event,
    Job,
    Kind,
    Points,
    Report,
    Training,
    Verdict,
)


def queued(
    owner: User, queue: str = "train-cpu", *, subject: str = "projects/digits", charts: str = "", **more: Any
) -> Run:
    """A training run that waits. ``more`` goes into its Training."""
    fields: dict[str, Any] = {"parameters": {"rate": 0.1}, "artifact_bytes": 2**16, "disk_bytes": 2**20}
    job = Job(
        id=str(uuid.uuid4()),
        kind=Kind.TRAIN,
        entry="train.py",
        evaluated="solution.py",
        files={"train.py": "import cairn\n", "solution.py": "x = 1\n"},
        tests={"tests.py": "# secret expectations\n"},
        training=Training(**(fields | more)),
    )
    return actions.enqueue(owner, "Digits", job, queue, subject, charts)


def line(name: str, steps: range, value: float = 1.0) -> Points:
    """Points of a curve that falls as 1/step, half a second each."""
    return Points(
        name=name,
        steps=tuple(steps),
        values=tuple(value / (1 + step) for step in steps),
        seconds=tuple(step / 2 for step in steps),
    )


def artifact(name: str, data: bytes, role: ArtifactRole = ArtifactRole.MODEL, **more: Any) -> Artifact:
    """A file as a node announces it."""
    return Artifact(name=name, role=role, digest=hashlib.sha256(data).hexdigest(), size=len(data), **more)


class Node:
    """A node that holds one claim and says what it is told to."""

    def __init__(self, queue: str = "train-cpu") -> None:
        self.client, self.queue, self.sent = Client(enforce_csrf_checks=True), queue, 0

    def claim(self) -> Claim:
        ask = f'{{"queue": "{self.queue}", "ticket": "{wake.ticket(self.queue)}", "node": "n1"}}'
        answer = self.client.post("/api/node/claim", ask, content_type="application/json")
        assert answer.status_code == 200, answer.content
        self.held, self.sent = Claim.model_validate_json(answer.content), 0
        return self.held

    @property
    def place(self) -> str:
        return f"/api/node/jobs/{self.held.job.id}"

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.held.token}"}

    def tell(self, *events: Event) -> Any:
        batch = Batch(first=self.sent, events=events)
        self.sent += len(events)
        return self.client.post(
            f"{self.place}/events",
            batch.model_dump_json(),
            content_type="application/json",
            headers=self.headers,
        )

    def put(self, announced: Artifact, data: bytes, digest: str = "") -> Any:
        return self.client.put(
            f"{self.place}/artifacts/{digest or announced.digest}",
            data,
            content_type="application/octet-stream",
            headers=self.headers | {"X-Artifact": announced.model_dump_json()},
        )

    def keep(self, name: str, data: bytes, role: ArtifactRole = ArtifactRole.MODEL, **more: Any) -> Artifact:
        """Send a file and say so."""
        made = artifact(name, data, role, **more)
        assert self.put(made, data).status_code in (200, 201)
        assert self.tell(made).status_code == 200
        return made

    def get(self, digest: str) -> Any:
        return self.client.get(f"{self.place}/artifacts/{digest}", headers=self.headers)

    def report(self, status: Verdict = Verdict.PASSED, **more: Any) -> Any:
        said = Report(job_id=self.held.job.id, status=status, **more)
        return self.client.post(
            f"{self.place}/report",
            said.model_dump_json(),
            content_type="application/json",
            headers=self.headers,
        )


def lose(run: Run) -> None:
    """The node falls silent until the lease is over, and the sweeper comes by."""
    from datetime import timedelta

    from django.utils import timezone

    Run.objects.filter(pk=run.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    actions.sweep()
    run.refresh_from_db()
