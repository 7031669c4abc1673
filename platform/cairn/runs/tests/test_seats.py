"""Runs that several nodes train together: who gathers, who sits where, and what becomes of a lost part."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.utils import timezone

from cairn.accounts.models import User
from cairn.runs import actions, artifacts, nodes, operations, quotas, seats, wake
from cairn.runs.models import Node, Run, Seat
from cairn.runs.tests.training import lose, queued
from cairn.ui.errors import NotFound
from grader.contract import Batch, Claim, Job, Kind, NodeState, Phase, Report, Training, Verdict

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shelf")]
QUEUE = "train-cpu"


def claim(node: str, *, alone: bool = False) -> Claim | None:
    """A node's claim, who says where others reach it unless it trains ``alone``."""
    return actions.claim(QUEUE, node, 1, NodeState(address="" if alone else f"{node}.example:7077"))


def claimed(node: str) -> Claim:
    found = claim(node)
    assert found is not None
    return found


def offered(*names: str) -> None:
    """Nodes that the site has heard of, and that would train together."""
    for name in names:
        nodes.seen(name, 1, NodeState(address=f"{name}.example:7077"))


def tell(held: Claim, *events: Phase) -> None:
    actions.append_events(uuid.UUID(held.job.id), held.token, Batch(first=0, events=events))


@pytest.fixture
def run(alice: User) -> Run:
    offered("n1", "n2", "n3")
    return queued(alice, nodes=2)


def test_the_second_node_gets_a_seat_at_the_run_that_the_first_claimed(run: Run) -> None:
    first, second = claimed("n1"), claimed("n2")
    assert (first.job.id, second.job.id) == (str(run.pk), str(run.pk))
    assert first.seat is not None
    assert second.seat is not None
    assert (first.seat.rank, second.seat.rank, second.seat.nodes) == (0, 1, 2)
    assert first.seat.address == second.seat.address == "n1.example:7077"
    assert first.seat.secret == second.seat.secret
    assert first.job.tests
    assert not second.job.tests, "who only trains need not know the tests"
    assert claim("n3") is None, "every seat is taken"


def test_a_node_takes_one_part_in_a_run(run: Run) -> None:
    claimed("n1")
    assert claim("n1") is None


def test_a_node_that_trains_alone_gets_neither_a_seat_nor_such_a_run(run: Run) -> None:
    assert claim("n4", alone=True) is None
    claimed("n1")
    assert claim("n4", alone=True) is None


def test_a_run_waits_until_as_many_nodes_are_there(alice: User) -> None:
    offered("n1")
    queued(alice, nodes=2)
    assert claim("n1") is None
    offered("n2")
    assert claim("n1") is not None


def test_a_draining_node_and_one_that_was_not_heard_of_do_not_count(run: Run) -> None:
    operations.drain("n2", on=True)
    Node.objects.filter(pk="n3").update(seen_at=timezone.now() - timedelta(minutes=5))
    assert claim("n1") is None


def test_a_draining_node_takes_no_seat(run: Run) -> None:
    claimed("n1")
    operations.drain("n2", on=True)
    assert claim("n2") is None


def test_one_run_gathers_at_a_time(run: Run, bob: User) -> None:
    other = queued(bob, nodes=2)
    claimed("n1")
    assert claimed("n2").job.id == str(run.pk), "a free seat comes before another run"
    assert claimed("n3").job.id == str(other.pk), "the first has gathered"


def test_two_that_would_gather_at_the_same_moment_are_kept_apart_by_the_database(run: Run, bob: User) -> None:
    claimed("n1")
    other = queued(bob, nodes=2)
    with pytest.raises(IntegrityError), transaction.atomic():
        seats.lay(other)


def test_what_one_node_trains_goes_past_a_run_that_waits_for_more(alice: User, bob: User) -> None:
    queued(alice, nodes=3)
    single = queued(bob)
    offered("n1", "n2")
    assert claimed("n1").job.id == str(single.pk)


def test_a_run_whose_nodes_did_not_come_gives_way_for_a_while(run: Run, bob: User, settings: Any) -> None:
    held = claimed("n1")
    tell(held, Phase(name="gathering"))
    actions.release(run.pk, held.token)
    run.refresh_from_db()
    assert (run.state, run.tries, run.starts) == ("queued", 0, []), "it never began"
    assert not Seat.objects.exists()
    assert claim("n2") is None
    long_ago = timezone.now() - timedelta(seconds=2 * settings.GATHER_SECONDS + 1)
    Run.objects.filter(pk=run.pk).update(started_at=long_ago)
    assert claimed("n2").job.id == str(run.pk)


def test_a_lost_lease_takes_its_seats_along_and_each_try_has_a_secret_of_its_own(run: Run) -> None:
    first, second = claimed("n1"), claimed("n2")
    tell(first, Phase(name="training"))
    lose(run)
    actions.sweep()
    run.refresh_from_db()
    assert (run.state, run.tries) == ("queued", 1)
    with pytest.raises(actions.LeaseLost):
        actions.read_by(run.pk, second.token)
    again = claimed("n3")
    assert again.seat is not None
    assert first.seat is not None
    assert again.seat.secret != first.seat.secret
    assert claimed("n1").seat is not None


def test_the_holder_of_a_seat_reads_what_the_job_needs_and_says_nothing(run: Run) -> None:
    first, second = claimed("n1"), claimed("n2")
    assert actions.read_by(run.pk, second.token) == actions.read_by(run.pk, first.token) == run
    with pytest.raises(NotFound):
        artifacts.for_job(actions.read_by(run.pk, second.token), "0" * 64)
    report = Report(job_id=str(run.pk), status=Verdict.PASSED)
    for said in (
        lambda: actions.finish(run.pk, second.token, report),
        lambda: actions.release(run.pk, second.token),
        lambda: actions.append_events(run.pk, second.token, Batch(first=0, events=(Phase(name="done"),))),
        lambda: actions.held(run.pk, second.token),
    ):
        with pytest.raises(actions.LeaseLost):
            said()
    actions.finish(run.pk, first.token, report)
    run.refresh_from_db()
    assert run.verdict == "passed"
    assert not Seat.objects.exists()


def test_the_holder_of_a_seat_is_heard_of_and_hears_of_a_cancellation(run: Run, alice: User) -> None:
    first, second = claimed("n1"), claimed("n2")
    Node.objects.filter(pk="n2").update(seen_at=timezone.now() - timedelta(minutes=5))
    Run.objects.filter(pk=run.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    nodes._written.clear()
    assert actions.heartbeat(run.pk, second.token) is False
    assert "n2" in nodes.working().values_list("name", flat=True)
    run.refresh_from_db()
    assert run.lease_until < timezone.now(), "the lease is rank 0's to keep"  # type: ignore[operator]
    actions.heartbeat(run.pk, first.token)
    actions.cancel(run, alice)
    assert actions.heartbeat(run.pk, second.token) is True


def test_a_token_that_is_nobodys_reads_nothing(run: Run) -> None:
    claimed("n1")  # whose run has a free seat, with no token yet
    for token in ("", "train-cpu.guess"):
        with pytest.raises(actions.LeaseLost):
            actions.read_by(run.pk, token)


def test_nobody_sits_down_at_a_run_that_is_being_cancelled(run: Run, alice: User) -> None:
    claimed("n1")
    actions.cancel(run, alice)
    assert claim("n2") is None


def test_nodes_are_called_while_a_seat_is_free(
    run: Run, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    called: list[str] = []
    monkeypatch.setattr(wake.app, "send_task", lambda task, args, **more: called.append(args[0]))
    with django_capture_on_commit_callbacks(execute=True):
        claimed("n1")
    assert called == [QUEUE]
    actions.sweep()
    assert called == [QUEUE] * 2
    claimed("n2")
    cache.clear()  # so that the next sweep calls again
    actions.sweep()
    assert called == [QUEUE] * 2


def test_an_estimate_is_made_on_one_node(alice: User) -> None:
    job = Job(
        id=str(uuid.uuid4()),
        kind=Kind.ESTIMATE,
        entry="train.py",
        files={"train.py": "import cairn\n"},
        tests={},
        training=Training(nodes=2),
    )
    made = actions.enqueue(alice, "Digits", job, QUEUE)
    assert made.nodes == 1
    held = actions.claim(QUEUE, "n9", 1)
    assert held is not None
    assert held.seat is None


def test_the_minutes_of_every_node_are_charged(alice: User) -> None:
    run = queued(alice, nodes=3)
    now = timezone.now()
    Run.objects.filter(pk=run.pk).update(
        state="finished", verdict="passed", started_at=now - timedelta(minutes=10), finished_at=now
    )
    assert quotas.quotas_of(alice).by_queue[0].used == pytest.approx(30.0)


def test_where_no_node_trains_together_with_others_a_learner_is_told() -> None:
    seats.check(1)
    nodes.seen("n1", 1, NodeState())
    with pytest.raises(seats.NoSuchNodes, match="no node of this installation can"):
        seats.check(2)
    offered("n2")
    seats.check(2)
