"""The run's page, fragment, cancellation and API: for the owner and their mentor, for nobody else."""

import uuid
from typing import Any

import pytest
from django.test import Client

from cairn.accounts.models import User
from cairn.runs import actions
from cairn.runs.models import Run
from cairn.runs.tests.conftest import batch, queued, report
from grader.contract import Batch, Phase, PlannedTest, TestDone, TestResult, TestStatus, Verdict

pytestmark = pytest.mark.django_db
READABLE = ("/runs/{}", "/runs/{}/results", "/api/v1/runs/{}", "/api/v1/runs/{}/events")


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, "allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.fixture
def run(alice: User) -> Run:
    return queued(alice)


@pytest.mark.parametrize("address", READABLE)
def test_the_owner_and_their_mentor_may_read(address: str, run: Run, alice: User, mo: User) -> None:
    for reader in (alice, mo):
        assert signed_in(reader).get(address.format(run.pk)).status_code == 200


@pytest.mark.parametrize("address", READABLE)
def test_a_stranger_learns_nothing(address: str, run: Run, bob: User) -> None:
    client = signed_in(bob)
    assert client.get(address.format(run.pk)).status_code == 404
    assert client.get(address.format(uuid.uuid4())).status_code == 404


@pytest.mark.parametrize(("address", "status"), [*zip(READABLE, (302, 401, 401, 401), strict=True)])
def test_a_guest_is_sent_to_sign_in(address: str, status: int, run: Run) -> None:
    assert Client().get(address.format(run.pk)).status_code == status


def test_the_owner_stops_a_run(run: Run, alice: User) -> None:
    answer = signed_in(alice).post(f"/runs/{run.pk}/cancellation")
    assert answer.status_code == 302
    run.refresh_from_db()
    assert run.state == "cancelled"


def test_a_script_gets_the_results_after_stopping(run: Run, alice: User) -> None:
    answer = signed_in(alice).post(f"/runs/{run.pk}/cancellation", headers={"HX-Request": "true"})
    assert 'data-state="cancelled"' in answer.content.decode()


@pytest.mark.parametrize(("who", "status"), [("bob", 404), ("mo", 403)])
def test_nobody_else_stops_it(who: str, status: int, run: Run, request: pytest.FixtureRequest) -> None:
    client = signed_in(request.getfixturevalue(who))
    assert client.post(f"/runs/{run.pk}/cancellation").status_code == status
    run.refresh_from_db()
    assert run.state == "queued"


def test_the_results_say_how_far_the_run_is(run: Run, alice: User) -> None:
    claim = actions.claim("grade", "n1")
    assert claim is not None
    plan = Phase(
        name="testing",
        tests=(PlannedTest(name="test_a", title="Adds"), PlannedTest(name="test_b", title="Sums")),
    )
    passed = TestDone(result=TestResult(name="test_a", title="Adds", status=TestStatus.PASSED))
    actions.append_events(run.pk, claim.token, Batch(first=0, events=(plan, passed)))
    text = signed_in(alice).get(f"/runs/{run.pk}/results").content.decode()
    assert 'data-terminal="false"' in text
    assert "1 passed, 1 to go" in text
    assert 'data-seq="3"' in text


def test_what_learner_code_printed_is_escaped(run: Run, alice: User) -> None:
    claim = actions.claim("grade", "n1")
    assert claim is not None
    actions.append_events(run.pk, claim.token, batch(0, "<script>alert(1)</script>"))
    text = signed_in(alice).get(f"/runs/{run.pk}").content.decode()
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text


def test_an_internal_failure_is_told_as_ours(run: Run, alice: User) -> None:
    for _ in range(3):
        claim = actions.claim("grade", "n1")
        assert claim is not None
        actions.finish(run.pk, claim.token, report(run, Verdict.INTERNAL))
    text = signed_in(alice).get(f"/runs/{run.pk}/results").content.decode()
    assert 'data-verdict="internal"' in text
    assert "The sandbox did not answer. Your code is saved. Nothing was counted as an attempt." in text


def test_the_api_gives_state_and_events_in_pages(
    run: Run, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cairn.runs.api.PAGE", 2)
    client = signed_in(alice)
    assert client.get(f"/api/v1/runs/{run.pk}").json()["position"] == 1
    claim = actions.claim("grade", "n1")
    assert claim is not None
    actions.append_events(run.pk, claim.token, batch(0, "a", "b"))
    first: dict[str, Any] = client.get(f"/api/v1/runs/{run.pk}/events").json()
    assert ([event["seq"] for event in first["events"]], first["more"]) == ([1, 2], True)
    rest = client.get(f"/api/v1/runs/{run.pk}/events?after=2").json()
    assert ([event["data"]["text"] for event in rest["events"]], rest["more"]) == (["b"], False)


@pytest.mark.parametrize("after", ["-1", "x", "9" * 30])
def test_the_api_refuses_a_place_that_is_none(after: str, run: Run, alice: User) -> None:
    assert signed_in(alice).get(f"/api/v1/runs/{run.pk}/events?after={after}").status_code == 400


def test_tokens_and_hidden_tests_are_nowhere(run: Run, alice: User) -> None:
    actions.claim("grade", "n1")
    run.refresh_from_db()
    for address in READABLE:
        text = signed_in(alice).get(address.format(run.pk)).content.decode()
        assert run.token_hash not in text
        assert "secret expectations" not in text
