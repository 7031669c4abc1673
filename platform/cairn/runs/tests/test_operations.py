"""What admins can do: pause queues, drain nodes, stop runs; and what they are told."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from cairn.accounts.models import User
from cairn.runs import actions, nodes, operations, queries
from cairn.runs.models import Failure, Node, Run
from cairn.runs.templatetags.runs import queue_title
from cairn.runs.tests.conftest import queued, report
from cairn.ui.errors import Forbidden, NotFound
from grader.contract import Claim, NodeState, Verdict

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def woken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The queues that nodes were called to, in order."""
    called: list[str] = []
    for module in (actions, operations):
        monkeypatch.setattr(module, "wake", lambda queue, times=1: called.extend([queue] * times))
    return called


def claimed(queue: str = "grade", node: str = "n1") -> Claim:
    claim = actions.claim(queue, node)
    assert claim is not None
    return claim


def state_of(name: str) -> operations.QueueState:
    return next(one for one in operations.queue_states() if one.name == name)


def test_from_a_paused_queue_nothing_is_claimed_and_the_others_go_on(alice: User, bob: User) -> None:
    queued(alice)
    click = queued(bob, "interactive")
    operations.pause("grade", by=bob)
    assert claimed().job.id == str(click.pk)
    assert actions.claim("grade", "n1") is None
    assert state_of("grade").pause is not None
    assert (state_of("grade").waiting, state_of("interactive").running) == (1, 1)


def test_a_resumed_queue_goes_on_and_calls_nodes(alice: User, woken: list[str]) -> None:
    run = queued(alice)
    operations.pause("grade", by=alice)
    operations.resume("grade")
    assert woken == ["grade"]
    assert claimed().job.id == str(run.pk)


def test_for_a_paused_queue_nobody_is_called(alice: User, woken: list[str]) -> None:
    nodes.seen("n1")
    queued(alice)
    operations.pause("grade", by=alice)
    actions.sweep()
    assert woken == []


def test_an_unknown_queue_or_node_is_refused(alice: User) -> None:
    with pytest.raises(NotFound):
        operations.pause("elsewhere", by=alice)
    with pytest.raises(NotFound):
        operations.drain("nobody", on=True)


def test_a_draining_node_finishes_what_it_has_and_claims_nothing_more(alice: User) -> None:
    first, second = queued(alice), queued(alice)
    claim = claimed()
    operations.drain("n1", on=True)
    assert actions.heartbeat(first.pk, claim.token) is False
    assert actions.finish(first.pk, claim.token, report(first)).state == Run.State.FINISHED
    assert actions.claim("grade", "n1") is None
    assert claimed(node="n2").job.id == str(second.pk)
    operations.drain("n1", on=False)
    third = queued(alice)
    assert claimed().job.id == str(third.pk)


def test_a_node_that_speaks_goes_on_draining(alice: User) -> None:
    nodes.seen("n1")
    operations.drain("n1", on=True)
    nodes.seen("n1", about=NodeState())
    assert Node.objects.get().draining


def test_learners_are_told_when_nothing_takes_work(alice: User) -> None:
    nodes.seen("n1")
    nodes.seen("n2")
    operations.drain("n1", on=True)
    assert queries.grading_state().available
    operations.drain("n2", on=True)
    assert "paused" in queries.grading_state().reason
    operations.drain("n2", on=False)
    operations.pause("grade", by=alice)
    assert "paused" in queries.grading_state().reason


def test_a_paused_regrade_queue_concerns_no_learner(alice: User) -> None:
    nodes.seen("n1")
    operations.pause("regrade", by=alice)
    assert queries.grading_state().available


def test_idle_nodes_are_called_so_that_they_show_they_are_there(woken: list[str]) -> None:
    nodes.seen("n1")
    Node.objects.create(name="n2", seen_at=timezone.now() - timedelta(seconds=40))
    actions.sweep()
    assert {"grade", "interactive"} <= set(woken)


def test_what_went_wrong_on_our_side_is_kept_for_each_try(alice: User) -> None:
    run = queued(alice)
    for _ in range(3):
        claim = claimed()
        failed = report(run, Verdict.INTERNAL, message="The cell did not start.\x00")
        actions.finish(run.pk, claim.token, failed)
    run.refresh_from_db()
    assert run.report is not None
    assert "cell" not in run.report["message"]
    trouble = operations.troubles_lately()[0]
    assert (trouble.count, trouble.node, trouble.run) == (3, "n1", run)
    assert trouble.message == "The cell did not start.\ufffd"


def test_a_silent_node_is_a_failure_and_a_cancelled_run_is_none(alice: User) -> None:
    lost, stopped = queued(alice), queued(alice)
    claimed(), claimed()
    Run.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    Run.objects.filter(pk=stopped.pk).update(cancel_asked=True)
    actions.sweep()
    assert [failure.run_id for failure in Failure.objects.all()] == [lost.pk]


def test_verdicts_are_counted_over_a_day_and_a_week(alice: User) -> None:
    for age in (0, 3, 30):
        run = queued(alice)
        actions.finish(run.pk, claimed().token, report(run))
        Run.objects.filter(pk=run.pk).update(finished_at=timezone.now() - timedelta(days=age))
    assert operations.ended_lately() == [operations.Ended("passed", day=1, week=2)]


def test_an_admin_stops_anybodys_run_and_a_mentor_does_not(alice: User, mo: User, person: Any) -> None:
    run = queued(alice)
    with pytest.raises(Forbidden):
        actions.cancel(run, mo)
    assert actions.cancel(run, person("ada", is_staff=True)).state == Run.State.CANCELLED


def test_a_node_is_shown_with_what_it_said_and_what_it_runs(alice: User) -> None:
    queued(alice)
    said = NodeState.model_validate(
        {"versions": {"python": "3.11"}, "warm": [{"runtime": "torch", "side": "judge", "bytes": 5}]}
    )
    actions.claim("grade", "n1", slots=3, about=said)
    Node.objects.create(name="gone", seen_at=timezone.now() - timedelta(hours=3))
    here, gone = operations.node_reports()
    assert (here.is_fresh, here.running, here.said, here.warm_bytes) == (True, 1, said, 5)
    assert not gone.is_fresh


def test_every_queue_has_a_name_for_admins() -> None:
    names = {queue_title(queue.value) for queue in Run.Queue}
    assert len(names) == len(Run.Queue)
    assert queue_title("train-cpu") == "Training on CPU"
