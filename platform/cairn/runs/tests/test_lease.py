"""A run's life between the queue and its verdict, by the verbs that nodes and people use."""

from datetime import timedelta

import pytest
from django.utils import timezone

from cairn.accounts.models import User
from cairn.runs import actions, queries
from cairn.runs.models import Blob, Run
from cairn.runs.tests.conftest import batch, queued, report
from cairn.ui.errors import Forbidden
from grader.contract import Claim, TestResult, TestStatus, Verdict

pytestmark = pytest.mark.django_db


def claimed(queue: str = "grade", node: str = "n1") -> Claim:
    claim = actions.claim(queue, node)
    assert claim is not None
    return claim


def lapse(run: Run) -> None:
    """Let the lease run out."""
    Run.objects.filter(pk=run.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def test_a_claim_brings_the_whole_job_and_leases_the_row(alice: User) -> None:
    run = queued(alice)
    claim = claimed()
    assert claim.job.files == {"solution.py": "x = 1\n"}
    assert claim.job.tests == {"tests.py": "# secret expectations\n"}
    run.refresh_from_db()
    assert (run.state, run.tries, run.node) == ("running", 1, "n1")
    assert run.lease_until is not None
    assert claim.token not in run.token_hash


def test_a_claimed_run_is_not_claimed_again_and_other_queues_are_left_alone(alice: User) -> None:
    queued(alice)
    assert actions.claim("interactive", "n1") is None
    claimed()
    assert actions.claim("grade", "n2") is None


def test_the_same_text_is_stored_once(alice: User) -> None:
    queued(alice)
    queued(alice)
    assert Blob.objects.count() == 2


def test_events_are_stored_in_order_and_a_resent_batch_changes_nothing(alice: User) -> None:
    run = queued(alice)
    token = claimed().token
    for part in (batch(0, "a", "b"), batch(0, "a", "b"), batch(1, "b", "c")):
        actions.append_events(run.pk, token, part)
    events = queries.events_after(run.pk, 0)
    assert [event["data"].get("text", "starting") for event in events] == ["starting", "a", "b", "c"]
    assert [event["seq"] for event in events] == [1, 2, 3, 4]


def test_a_batch_that_skips_events_is_refused(alice: User) -> None:
    run = queued(alice)
    token = claimed().token
    with pytest.raises(actions.OutOfOrder):
        actions.append_events(run.pk, token, batch(3, "d"))


def test_numbering_goes_on_over_a_second_try(alice: User) -> None:
    run = queued(alice)
    actions.append_events(run.pk, claimed().token, batch(0, "a"))
    lapse(run)
    assert actions.sweep() == 1
    actions.append_events(run.pk, claimed().token, batch(0, "again"))
    assert [event["seq"] for event in queries.events_after(run.pk, 0)] == [1, 2, 3, 4]


def test_text_that_postgresql_would_refuse_is_made_harmless(alice: User) -> None:
    run = queued(alice)
    actions.append_events(run.pk, claimed().token, batch(0, "a\x00b"))
    assert queries.events_after(run.pk, 1)[0]["data"]["text"] == "a\ufffdb"


def test_a_log_without_end_is_cut_and_says_so(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "MAX_EVENTS", 5)
    run = queued(alice)
    token = claimed().token
    actions.append_events(run.pk, token, batch(0, *"abcdefgh"))
    actions.append_events(run.pk, token, batch(8, *"ijk"))
    events = queries.events_after(run.pk, 0)
    assert len(events) == 5
    assert events[-1]["data"]["name"] == "cut"


def test_a_report_closes_the_run(alice: User) -> None:
    run = queued(alice)
    token = claimed().token
    result = TestResult(name="test_a", title="A", status=TestStatus.PASSED)
    actions.finish(run.pk, token, report(run, tests=(result,), metrics={"loss": float("nan")}))
    run.refresh_from_db()
    assert (run.state, run.verdict, run.score, run.token_hash) == ("finished", "passed", 1.0, "")
    assert run.report["tests"][0]["name"] == "test_a"
    assert run.report["metrics"] == {"loss": None}


def test_a_stale_token_changes_nothing(alice: User) -> None:
    run = queued(alice)
    stale = claimed(node="slow").token
    lapse(run)
    actions.sweep()
    fresh = claimed(node="quick").token
    for attempt in (
        lambda: actions.append_events(run.pk, stale, batch(0, "late")),
        lambda: actions.heartbeat(run.pk, stale),
        lambda: actions.finish(run.pk, stale, report(run, Verdict.FAILED)),
        lambda: actions.release(run.pk, stale),
    ):
        with pytest.raises(actions.LeaseLost):
            attempt()
    actions.finish(run.pk, fresh, report(run))
    run.refresh_from_db()
    assert (run.verdict, run.node) == ("passed", "quick")
    with pytest.raises(actions.LeaseLost):
        actions.finish(run.pk, fresh, report(run, Verdict.FAILED))


def test_a_report_about_another_job_is_refused(alice: User) -> None:
    run, other = queued(alice), queued(alice)
    claim = claimed()
    wrong = other if claim.job.id == str(run.pk) else run
    with pytest.raises(actions.OutOfOrder):
        actions.finish(Run.objects.get(pk=claim.job.id).pk, claim.token, report(wrong))


def test_an_expired_lease_is_tried_again_and_the_third_time_is_ours(alice: User) -> None:
    run = queued(alice)
    for expected in ("queued", "queued", "finished"):
        claimed()
        lapse(run)
        actions.sweep()
        run.refresh_from_db()
        assert run.state == expected
    assert run.verdict == "internal"
    assert run.report["message"] == actions.GAVE_UP


def test_an_internal_report_is_tried_again_and_the_third_time_is_kept(alice: User) -> None:
    run = queued(alice)
    for expected in ("queued", "queued", "finished"):
        actions.finish(run.pk, claimed().token, report(run, Verdict.INTERNAL))
        run.refresh_from_db()
        assert run.state == expected
    assert (run.verdict, run.tries) == ("internal", 3)


def test_a_live_lease_is_left_alone_and_a_heartbeat_keeps_it(alice: User) -> None:
    run = queued(alice)
    token = claimed().token
    lapse(run)
    assert actions.heartbeat(run.pk, token) is False
    assert actions.sweep() == 0
    run.refresh_from_db()
    assert run.state == "running"


def test_a_lease_given_back_does_not_count_as_a_try(alice: User) -> None:
    run = queued(alice)
    actions.release(run.pk, claimed().token)
    run.refresh_from_db()
    assert (run.state, run.tries) == ("queued", 0)


def test_the_leases_of_a_dead_process_are_void_at_once(alice: User) -> None:
    run = queued(alice)
    claimed()
    assert actions.release_all_local() == 1
    run.refresh_from_db()
    assert (run.state, run.tries) == ("queued", 1)


def test_cancelling_what_waits_ends_it_at_once(alice: User) -> None:
    run = actions.cancel(queued(alice), alice)
    assert run.state == "cancelled"
    assert actions.claim("grade", "n1") is None


def test_cancelling_what_runs_reaches_the_node_and_its_release_ends_it(alice: User) -> None:
    run = queued(alice)
    token = claimed().token
    assert actions.cancel(run, alice).state == "running"
    assert actions.heartbeat(run.pk, token) is True
    assert actions.append_events(run.pk, token, batch(0, "a")) is True
    actions.release(run.pk, token)
    run.refresh_from_db()
    assert run.state == "cancelled"


def test_cancelling_what_ended_changes_nothing(alice: User) -> None:
    run = queued(alice)
    actions.finish(run.pk, claimed().token, report(run))
    assert actions.cancel(run, alice).verdict == "passed"


def test_a_node_that_dies_while_stopping_does_not_bring_the_run_back(alice: User) -> None:
    run = queued(alice)
    claimed()
    actions.cancel(run, alice)
    lapse(run)
    actions.sweep()
    run.refresh_from_db()
    assert run.state == "cancelled"


def test_nobody_else_may_cancel(alice: User, bob: User) -> None:
    with pytest.raises(Forbidden):
        actions.cancel(queued(alice), bob)
