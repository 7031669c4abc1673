"""The operations page: for admins alone, at a fixed price, and what its buttons do."""

from typing import Any

import pytest
from django.test import Client

from cairn.accounts.models import User
from cairn.runs import actions, nodes
from cairn.runs.models import Node, Pause, Run
from cairn.runs.tests.conftest import queued, report
from grader.contract import NodeState, Verdict, WarmProcess

pytestmark = pytest.mark.django_db

ADDRESSES = ("/ops", "/ops/live")


@pytest.fixture(autouse=True)
def nobody_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cairn.runs.wake.app.send_task", lambda *args, **options: None)
    nodes._written.clear()


@pytest.fixture
def admin(client: Client, ada: User) -> Client:
    client.force_login(ada)
    return client


def busy(owner: User) -> Run:
    """A site at work: a run that runs, one that waits, one that passed, one that failed on our side."""
    passed, failed, running = (queued(owner) for _ in range(3))
    queued(owner, "interactive")
    said = NodeState(
        versions={"python": "3.11.7", "code": "somethingelse"},
        warm=(WarmProcess(runtime="torch", side="learner", bytes=150 * 2**20),),
    )
    for run, verdict in ((passed, Verdict.PASSED), (failed, Verdict.INTERNAL)):
        Run.objects.exclude(pk=run.pk).filter(state="queued").update(state="cancelled")
        claim = actions.claim("grade", "n1", 2, said)
        assert claim is not None
        Run.objects.filter(state="cancelled").update(state="queued")
        actions.finish(run.pk, claim.token, report(run, verdict, message="<b>The cell</b> did not start."))
    actions.claim("interactive", "n1")
    actions.claim("grade", "n1")
    running.refresh_from_db()
    return Run.objects.filter(state="running").earliest("created_at")


@pytest.mark.parametrize("address", ADDRESSES)
def test_learners_and_mentors_are_refused(client: Client, alice: User, mo: User, address: str) -> None:
    for somebody in (alice, mo):
        client.force_login(somebody)
        assert client.get(address).status_code == 403


def test_guests_sign_in_first(client: Client) -> None:
    assert client.get("/ops").status_code == 302
    assert client.get("/ops/live").status_code == 401


def test_only_admins_can_wish(client: Client, alice: User, mo: User) -> None:
    run = queued(alice)
    for somebody in (alice, mo):
        client.force_login(somebody)
        assert client.post("/ops/wishes", {"wish": "pause", "name": "grade"}).status_code == 403
        assert client.post(f"/ops/runs/{run.pk}/cancellation").status_code == 403
    client.logout()
    assert client.post("/ops/wishes", {"wish": "pause", "name": "grade"}).status_code == 302
    assert not Pause.objects.exists()
    run.refresh_from_db()
    assert run.state == Run.State.QUEUED


def test_an_empty_site_says_so(admin: Client) -> None:
    shown = admin.get("/ops").content.decode()
    assert "No node was heard of this week" in shown
    assert "Nothing runs at the moment" in shown


def test_it_shows_queues_nodes_runs_and_failures(admin: Client, alice: User) -> None:
    busy(alice)
    shown = admin.get("/ops").content.decode()
    for said in (
        "3.11.7",
        "not what the site runs",
        "torch, 150.0\xa0MB",
        "&lt;b&gt;The cell&lt;/b&gt; did not start.",
    ):
        assert said in shown
    assert "<b>The cell" not in shown


def test_it_costs_the_same_however_much_there_is(
    admin: Client, alice: User, bob: User, django_assert_num_queries: Any
) -> None:
    admin.get("/ops")
    with django_assert_num_queries(9):
        admin.get("/ops/live")
    for owner in (alice, bob):
        busy(owner)
    nodes.seen("n2")
    with django_assert_num_queries(10):  # one more: the runs of our failures
        admin.get("/ops/live")


def test_pause_and_resume(admin: Client, ada: User) -> None:
    answer = admin.post("/ops/wishes", {"wish": "pause", "name": "grade"})
    assert (answer.status_code, answer["Location"]) == (302, "/ops")
    assert Pause.objects.get().by == ada
    assert "Paused" in admin.get("/ops").content.decode()
    admin.post("/ops/wishes", {"wish": "resume", "name": "grade"})
    assert not Pause.objects.exists()


def test_drain_and_work_again_without_leaving_the_page(admin: Client) -> None:
    nodes.seen("n1")
    wish = {"wish": "drain", "name": "n1"}
    answer = admin.post("/ops/wishes", wish, headers={"HX-Request": "true"})
    assert "Drained" in answer.content.decode()
    assert Node.objects.get().draining
    admin.post("/ops/wishes", wish | {"wish": "work"})
    assert not Node.objects.get().draining


def test_a_running_job_is_stopped(admin: Client, alice: User) -> None:
    run = busy(alice)
    admin.post(f"/ops/runs/{run.pk}/cancellation")
    run.refresh_from_db()
    assert run.cancel_asked
    assert "Stopping" in admin.get("/ops").content.decode()


def test_what_it_cannot_do_is_refused(admin: Client) -> None:
    assert admin.post("/ops/wishes", {"wish": "reboot", "name": "n1"}).status_code == 400
    assert admin.post("/ops/wishes", {"wish": "pause", "name": "nowhere"}).status_code == 404
    assert admin.post("/ops/wishes", {"wish": "drain", "name": "nobody"}).status_code == 404
