"""What a node may do over HTTP, and what anybody else may not."""

import uuid
from typing import Any

import pytest
from django.test import Client

from cairn.accounts.models import User
from cairn.runs import wake
from cairn.runs.models import Run
from cairn.runs.tests.conftest import batch, queued, report
from grader.contract import Claim, Verdict

pytestmark = pytest.mark.django_db


class Node:
    """A worker node, as the site sees one."""

    def __init__(self) -> None:
        self.client = Client(enforce_csrf_checks=True)

    def post(self, path: str, body: str, token: str = "") -> Any:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self.client.post(f"/api/node/{path}", body, content_type="application/json", headers=headers)

    def claim(self, queue: str = "grade", ticket: str | None = None) -> Any:
        ticket = wake.ticket(queue) if ticket is None else ticket
        return self.post("claim", f'{{"queue": "{queue}", "ticket": "{ticket}", "node": "n1"}}')


@pytest.fixture
def node() -> Node:
    return Node()


def test_nothing_waits(node: Node) -> None:
    assert node.claim().status_code == 204


def test_from_claim_to_report_and_the_next_claim(node: Node, alice: User) -> None:
    first, second = queued(alice), queued(alice)
    claim = Claim.model_validate_json(node.claim().content)
    assert claim.job.id == str(first.pk)
    place = f"jobs/{first.pk}"
    assert node.post(f"{place}/events", batch(0, "hello").model_dump_json(), claim.token).json() == {
        "cancel": False
    }
    assert node.post(f"{place}/heartbeat", "{}", claim.token).json() == {"cancel": False}
    answer = node.post(f"{place}/report", report(first).model_dump_json(), claim.token)
    assert Claim.model_validate_json(answer.content).job.id == str(second.pk)
    first.refresh_from_db()
    assert first.verdict == "passed"


def test_the_last_report_is_answered_with_nothing(node: Node, alice: User) -> None:
    run = queued(alice)
    token = node.claim().json()["token"]
    assert node.post(f"jobs/{run.pk}/report", report(run).model_dump_json(), token).status_code == 204


def test_a_slot_that_helped_with_a_run_click_goes_on_grading(node: Node, alice: User) -> None:
    click, graded = queued(alice, "interactive"), queued(alice)
    claim = Claim.model_validate_json(node.claim("grade").content)
    assert claim.job.id == str(click.pk)
    answer = node.post(f"jobs/{click.pk}/report", report(click).model_dump_json(), claim.token)
    assert Claim.model_validate_json(answer.content).job.id == str(graded.pk)


def test_no_node_asks_for_regrades_alone(node: Node, alice: User) -> None:
    queued(alice, "regrade")
    assert node.claim("regrade").status_code == 422
    assert node.claim("grade").status_code == 200


def test_giving_a_job_back(node: Node, alice: User) -> None:
    run = queued(alice)
    token = node.claim().json()["token"]
    assert node.post(f"jobs/{run.pk}/release", "{}", token).status_code == 204
    run.refresh_from_db()
    assert run.state == "queued"


@pytest.mark.parametrize("ticket", ["", "grade", "grade:1abc:forged"])
def test_a_bad_ticket_claims_nothing(node: Node, alice: User, ticket: str) -> None:
    queued(alice)
    assert node.claim(ticket=ticket).status_code == 403


def test_a_ticket_for_another_queue_claims_nothing(node: Node, alice: User) -> None:
    queued(alice)
    assert node.claim("grade", wake.ticket("interactive")).status_code == 403


@pytest.mark.parametrize("what", ["events", "heartbeat", "report", "release"])
@pytest.mark.parametrize("token", ["", "guessed"])
def test_without_the_token_a_run_cannot_be_touched(node: Node, alice: User, what: str, token: str) -> None:
    run = queued(alice)
    node.claim()
    body = {
        "events": batch(0, "x").model_dump_json(),
        "report": report(run, Verdict.FAILED).model_dump_json(),
    }
    assert node.post(f"jobs/{run.pk}/{what}", body.get(what, "{}"), token).status_code == 409
    run.refresh_from_db()
    assert (run.state, run.last_seq) == ("running", 1)


def test_a_token_speaks_for_its_own_run_only(node: Node, alice: User) -> None:
    queued(alice), queued(alice)
    mine, other = node.claim().json(), node.claim().json()
    answer = node.post(
        f"jobs/{other['job']['id']}/report", report(other["job"]["id"]).model_dump_json(), mine["token"]
    )
    assert answer.status_code == 409


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("events", "not json"),
        ("events", '{"first": -1, "events": []}'),
        ("events", '{"first": 0, "events": [{"kind": "unknown"}]}'),
        ("events", '{"first": 5, "events": []}'),
        ("report", '{"job_id": "x", "status": "brilliant"}'),
        ("report", '{"job_id": "x", "status": "passed", "score": 7}'),
        ("report", '{"job_id": "x", "status": "passed"}'),
    ],
)
def test_a_malformed_message_is_refused(node: Node, alice: User, what: str, body: str) -> None:
    run = queued(alice)
    token = node.claim().json()["token"]
    assert node.post(f"jobs/{run.pk}/{what}", body, token).status_code == 422


def test_a_message_over_the_limit_is_refused(node: Node, alice: User, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    run = queued(alice)
    token = node.claim().json()["token"]
    assert (
        node.post(f"jobs/{run.pk}/events", batch(0, "x" * 2000).model_dump_json(), token).status_code == 413
    )


def test_an_unknown_job_and_a_finished_one_look_the_same(node: Node, alice: User) -> None:
    run = queued(alice)
    token = node.claim().json()["token"]
    node.post(f"jobs/{run.pk}/report", report(run).model_dump_json(), token)
    assert node.post(f"jobs/{run.pk}/heartbeat", "{}", token).status_code == 409
    assert node.post(f"jobs/{uuid.uuid4()}/heartbeat", "{}", token).status_code == 409


def test_nothing_can_be_read(node: Node, alice: User) -> None:
    run = queued(alice)
    for path in ("claim", f"jobs/{run.pk}/events", f"jobs/{run.pk}/report"):
        assert node.client.get(f"/api/node/{path}").status_code == 405
    assert Run.objects.get().state == "queued"
