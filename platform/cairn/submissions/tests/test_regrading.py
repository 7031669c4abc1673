"""Grading again: shown beside what counts, counted once accepted, and no date of a learner's moves."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from cairn.accounts.models import User
from cairn.runs import actions as runs
from cairn.submissions import actions, queries, regrading
from cairn.submissions.models import Regrade, Submission
from cairn.submissions.tests.conftest import CODE, graded
from cairn.ui.errors import NotFound
from grader.contract import Verdict

pytestmark = pytest.mark.django_db
SLUG = "dot-product"
OLD = "0" * 64  # the hash of content that is no longer current


def handed_in(user: User, text: str = CODE["dot.py"], verdict: Verdict = Verdict.FAILED) -> Submission:
    """Graded on content that has changed since."""
    submission = actions.submit(user, "exercise", SLUG, {"dot.py": text})
    graded(submission.run, verdict)
    Submission.objects.filter(pk=submission.pk).update(content_hash=OLD)
    submission.refresh_from_db()
    return submission


def again(verdict: Verdict = Verdict.PASSED) -> Regrade:
    """Every candidate is queued, and the newest regrade ends so."""
    regrading.regrade(regrading.candidates("exercise", SLUG))
    newest = Regrade.objects.select_related("run").latest("pk")
    graded(newest.run, verdict)
    return newest


def run_command(*arguments: str) -> str:
    said = StringIO()
    call_command("regrade", SLUG, *arguments, stdout=said)
    return said.getvalue()


def test_a_regrade_waits_where_nobody_waits_for_it_and_uses_todays_tests(alice: User) -> None:
    submission = handed_in(alice)
    asked = regrading.regrade(regrading.candidates("exercise", SLUG))
    run = asked.queued[0].run
    assert run.queue == "regrade"
    assert run.owner == alice
    claim = runs.claim("grade", "n1")
    assert claim is not None
    assert claim.job.files == CODE
    assert claim.job.content_hash == asked.queued[0].content_hash != submission.content_hash


def test_nothing_counts_before_it_is_accepted(alice: User) -> None:
    submission = handed_in(alice)
    again(Verdict.PASSED)
    submission.refresh_from_db()
    assert submission.run.verdict == "failed"
    assert queries.results_of(alice).exercises[SLUG].status == "failed"


def test_what_would_change_is_shown_beside_what_counts(alice: User) -> None:
    handed_in(alice)
    regrading.regrade(regrading.candidates("exercise", SLUG))
    waiting = regrading.changes("exercise", SLUG)[0]
    assert (waiting.then, waiting.is_ready, waiting.differs) == ("", False, False)
    graded(Regrade.objects.get().run, Verdict.PASSED)
    ready = regrading.changes("exercise", SLUG)[0]
    assert ready.now.startswith("failed, ")
    assert ready.then.startswith("passed, ")
    assert ready.differs


def test_an_accepted_regrade_counts_and_moves_no_date(alice: User) -> None:
    submission = handed_in(alice)
    first_ended = submission.run.finished_at
    regrade = again(Verdict.PASSED)
    before = submission.run
    assert regrading.accept("exercise", SLUG) == [regrade]
    submission.refresh_from_db()
    assert submission.run == regrade.run
    outcome = queries.results_of(alice).exercises[SLUG]
    assert (outcome.status, outcome.outdated) == ("passed", False)
    assert outcome.passed_at == first_ended
    regrade.refresh_from_db()
    assert (regrade.before, regrade.before_hash) == (before, OLD)
    assert regrading.changes("exercise", SLUG) == []


def test_a_worse_verdict_counts_too_once_accepted(alice: User) -> None:
    handed_in(alice, verdict=Verdict.PASSED)
    again(Verdict.FAILED)
    regrading.accept("exercise", SLUG)
    assert queries.results_of(alice).exercises[SLUG].status == "failed"


def test_what_is_not_ready_stays_open(alice: User) -> None:
    handed_in(alice)
    regrading.regrade(regrading.candidates("exercise", SLUG))
    assert regrading.accept("exercise", SLUG) == []
    assert len(regrading.changes("exercise", SLUG)) == 1


def test_asking_twice_queues_once(alice: User) -> None:
    handed_in(alice)
    for expected in (1, 0):
        asked = regrading.regrade(regrading.candidates("exercise", SLUG))
        assert len(asked.queued) == expected


def test_a_regrade_that_failed_on_our_side_may_be_asked_for_again(alice: User) -> None:
    handed_in(alice)
    again(Verdict.INTERNAL)
    assert regrading.candidates("exercise", SLUG).count() == 1
    assert regrading.accept("exercise", SLUG) == []


def test_what_the_current_content_graded_is_taken_only_on_request(alice: User) -> None:
    submission = actions.submit(alice, "exercise", SLUG, CODE)
    graded(submission.run, Verdict.FAILED)
    assert not regrading.candidates("exercise", SLUG).exists()
    assert regrading.candidates("exercise", SLUG, everything=True).get() == submission


def test_files_that_the_work_no_longer_takes_are_left_out(alice: User) -> None:
    submission = handed_in(alice)
    Submission.objects.update(files={"other.py": submission.files["dot.py"]})
    asked = regrading.regrade(regrading.candidates("exercise", SLUG))
    assert (asked.queued, asked.unfit) == ([], [submission])


def test_discarded_regrades_are_cancelled_and_forgotten(alice: User) -> None:
    handed_in(alice)
    run = regrading.regrade(regrading.candidates("exercise", SLUG)).queued[0].run
    assert regrading.discard("exercise", SLUG) == 1
    run.refresh_from_db()
    assert run.state == "cancelled"
    assert not Regrade.objects.exists()


def test_the_command_says_what_would_be_queued_queues_shows_and_accepts(alice: User, bob: User) -> None:
    handed_in(alice)
    handed_in(bob, verdict=Verdict.PASSED)
    assert "2 submissions would be graded again" in run_command("--dry-run")
    assert not Regrade.objects.exists()
    assert "2 submissions queued" in run_command()
    for regrade in Regrade.objects.select_related("run").order_by("run__created_at"):
        graded(regrade.run, Verdict.PASSED)
    shown = run_command("--show")
    assert "1 would change, 1 stay the same, 0 not graded yet." in shown
    assert "failed, " in shown
    assert queries.results_of(alice).exercises[SLUG].status == "failed"
    assert "2 regrades accepted." in run_command("--accept")
    assert queries.results_of(alice).exercises[SLUG].status == "passed"


def test_an_unknown_work_is_refused(alice: User) -> None:
    with pytest.raises(NotFound):
        regrading.candidates("exercise", "nowhere")
    with pytest.raises(CommandError, match="no exercise and no project nowhere"):
        call_command("regrade", "nowhere")


def test_counting_changes_costs_the_same_for_many(alice: User, django_assert_num_queries: Any) -> None:
    for number in range(3):
        handed_in(alice, f"def dot(a, b):\n    return {number}\n")
    regrading.regrade(regrading.candidates("exercise", SLUG))
    regrading.changes("exercise", SLUG)
    with django_assert_num_queries(2):  # which release is current, and the rows
        regrading.changes("exercise", SLUG)
