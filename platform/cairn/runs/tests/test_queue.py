"""Who comes next, what a waiting person is told, and when nodes are called."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone

from cairn.accounts.models import User
from cairn.runs import actions, nodes, queries
from cairn.runs import wake as wakes
from cairn.runs.models import Node, Run
from cairn.runs.tests.conftest import queued, report
from grader.contract import Verdict

pytestmark = pytest.mark.django_db


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The queues that nodes were called to, in order."""
    called: list[str] = []

    def send(task: str, args: tuple[str, str], **options: Any) -> None:
        assert task == "grader.drain"
        assert options["queue"] == args[0]
        assert wakes.admits(args[1], args[0])
        called.append(args[0])

    monkeypatch.setattr(wakes.app, "send_task", send)
    return called


def next_owner() -> str:
    claim = actions.claim("grade", "n1")
    assert claim is not None
    return Run.objects.select_related("owner").get(pk=claim.job.id).owner.username


def test_oldest_first_for_one_person(alice: User) -> None:
    first, second = queued(alice), queued(alice)
    for run in (first, second):
        claim = actions.claim("grade", "n1")
        assert claim is not None
        assert claim.job.id == str(run.pk)


def test_two_hundred_of_one_person_delay_another_by_one_job_at_most(alice: User, bob: User) -> None:
    for _ in range(200):
        queued(alice)
    assert next_owner() == "alice"
    queued(bob)
    assert next_owner() == "bob"


def test_people_take_turns_also_when_jobs_end_at_once(alice: User, bob: User) -> None:
    for _ in range(3):
        queued(alice)
    for _ in range(3):
        queued(bob)
    order = []
    while claim := actions.claim("grade", "n1"):
        run = Run.objects.select_related("owner").get(pk=claim.job.id)
        actions.finish(run.pk, claim.token, report(run))
        order.append(run.owner.username)
    assert order == ["alice", "bob"] * 3


def test_who_grades_takes_run_clicks_first_and_regrades_last(alice: User, bob: User) -> None:
    order = [queued(alice, "regrade"), queued(alice, "grade"), queued(bob, "interactive")][::-1]
    for run in order:
        claim = actions.claim("grade", "n1")
        assert claim is not None
        assert claim.job.id == str(run.pk)
        assert actions.served_queue(claim.token) == "grade"
    assert actions.claim("grade", "n1") is None


def test_the_slot_for_run_clicks_takes_nothing_else(alice: User) -> None:
    queued(alice, "grade")
    queued(alice, "regrade")
    assert actions.claim("interactive", "n1") is None


def test_a_regrade_calls_those_who_grade(
    alice: User, woken: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        queued(alice, "regrade")
    assert woken == ["grade"]
    nodes.seen("n1")
    actions.sweep()
    assert woken == ["grade", "grade"]


def test_many_regrades_delay_no_first_submission(alice: User, bob: User) -> None:
    for _ in range(50):
        queued(alice, "regrade")
    mine = queued(bob)
    assert queries.position(mine) == 1
    assert next_owner() == "bob"


def test_position_of_a_regrade_counts_all_that_goes_before_it(alice: User, bob: User) -> None:
    last = queued(alice, "regrade")
    queued(alice)
    queued(bob)
    queued(bob, "interactive")
    assert queries.position(last) == 4


def test_the_expected_start_rests_on_the_last_runs_and_the_slots_of_working_nodes(alice: User) -> None:
    now = timezone.now()
    for seconds in (20, 40):
        run = queued(alice)
        Run.objects.filter(pk=run.pk).update(
            state="finished", started_at=now - timedelta(seconds=seconds), finished_at=now
        )
    mine = queued(alice)
    assert queries.expected_wait(mine, 3) is None, "nobody is there"
    nodes.seen("n1", 2)
    cache.clear()
    assert queries.expected_wait(mine, 2) == 30
    assert queries.expected_wait(mine, 3) == 60
    assert queries.expected_wait(mine, None) is None
    nodes.in_trouble("n1", "No sandbox.")
    cache.clear()
    assert queries.expected_wait(mine, 3) is None


def test_however_many_wait_the_pace_is_read_once(alice: User, django_assert_num_queries: Any) -> None:
    waiting = [queued(alice) for _ in range(5)]
    with django_assert_num_queries(2):
        for place, run in enumerate(waiting, 1):
            queries.expected_wait(run, place)


def test_position_counts_turns_and_not_rows(alice: User, bob: User) -> None:
    flood = [queued(alice) for _ in range(20)]
    mine = queued(bob)
    assert queries.position(mine) == 2
    assert queries.position(flood[0]) == 2
    assert queries.position(flood[5]) == 7


def test_what_does_not_wait_has_no_position(alice: User) -> None:
    run = queued(alice)
    actions.cancel(run, alice)
    run.refresh_from_db()
    assert queries.position(run) is None


def test_a_job_wakes_a_node_once_it_is_committed(
    alice: User, woken: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        queued(alice, "interactive")
        assert woken == []
    assert woken == ["interactive"]


def test_a_broker_that_is_down_does_not_lose_the_job(
    alice: User, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    def refuse(*args: Any, **options: Any) -> None:
        raise ConnectionError("no broker")

    monkeypatch.setattr(wakes.app, "send_task", refuse)
    with django_capture_on_commit_callbacks(execute=True):
        run = queued(alice)
    run.refresh_from_db()
    assert run.state == "queued"


def test_the_sweeper_calls_nodes_for_what_waits(alice: User, woken: list[str]) -> None:
    nodes.seen("n1")
    queued(alice)
    actions.sweep()
    assert woken == ["grade"]


def test_two_sweepers_in_one_interval_call_once(alice: User, woken: list[str]) -> None:
    nodes.seen("n1")
    queued(alice)
    actions.sweep()
    actions.sweep()
    assert woken == ["grade"]


def test_while_no_node_is_known_every_queue_is_called(woken: list[str], db: None) -> None:
    actions.sweep()
    assert sorted(woken) == ["grade", "interactive", "train-cpu", "train-gpu"]


def test_a_given_back_run_wakes_a_node(
    alice: User, woken: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    run = queued(alice)
    claim = actions.claim("grade", "n1")
    assert claim is not None
    with django_capture_on_commit_callbacks(execute=True):
        actions.finish(run.pk, claim.token, report(run, Verdict.INTERNAL))
    assert woken == ["grade"]


def test_a_claim_shows_that_a_worker_is_there(db: None) -> None:
    assert queries.worker_seen() is None
    assert not queries.grading_state().available
    actions.claim("grade", "n1")
    assert queries.worker_seen() is not None
    assert queries.grading_state().available


def test_a_worker_unheard_of_for_a_minute_is_gone(db: None) -> None:
    Node.objects.create(name="n1", seen_at=timezone.now() - timedelta(minutes=2))
    assert queries.worker_seen() is None
    assert "No worker has answered" in queries.grading_state().reason


def test_a_worker_without_a_sandbox_says_why_grading_waits(db: None) -> None:
    nodes.in_trouble("local", "User namespaces are off.")
    state = queries.grading_state()
    assert not state.available
    assert "User namespaces are off." in state.reason
    assert queries.worker_seen() is None


def test_a_ticket_is_for_one_queue_and_runs_out(monkeypatch: pytest.MonkeyPatch) -> None:
    ticket = wakes.ticket("grade")
    assert wakes.admits(ticket, "grade")
    assert not wakes.admits(ticket, "interactive")
    assert not wakes.admits("grade:forged:signature", "grade")
    monkeypatch.setattr(wakes, "TICKET_SECONDS", -1)
    assert not wakes.admits(ticket, "grade")


def test_a_run_takes_the_id_of_its_job(alice: User) -> None:
    chosen = str(uuid.uuid4())
    assert str(queued(alice, id=chosen).pk) == chosen
