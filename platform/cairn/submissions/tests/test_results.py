"""What a learner's work amounts to."""

from pathlib import Path
from typing import Any

import pytest

from cairn.accounts.models import User
from cairn.catalog.actions import publish
from cairn.catalog.tests.sample import replace_in
from cairn.submissions import actions
from cairn.submissions.models import Submission
from cairn.submissions.queries import FileFacts, results_of
from cairn.submissions.tests.conftest import graded
from grader.contract import Verdict

pytestmark = pytest.mark.django_db


def submit(user: User, text: str) -> Submission:
    return actions.submit(user, "exercise", "dot-product", {"dot.py": text})


def test_nothing_was_done(alice: User) -> None:
    results = results_of(alice)
    assert (results.exercises, results.projects, results.quizzes) == ({}, {}, {})


def test_what_waits_is_running_and_gives_no_score(alice: User) -> None:
    submission = submit(alice, "a = 1")
    outcome = results_of(alice).exercises["dot-product"]
    assert (outcome.status, outcome.best_score, outcome.passed_at) == ("running", 0.0, None)
    assert outcome.last_submission_id == submission.pk


def test_the_best_attempt_counts_and_passed_is_for_ever(alice: User) -> None:
    graded(submit(alice, "a = 1").run, Verdict.FAILED, passed=1, failed=3)
    graded(submit(alice, "a = 2").run, Verdict.PASSED, passed=4)
    last = submit(alice, "a = 3")
    graded(last.run, Verdict.FAILED, passed=2, failed=2)
    outcome = results_of(alice).exercises["dot-product"]
    assert (outcome.status, outcome.best_score) == ("passed", 1.0)
    assert (outcome.passed_tests, outcome.total_tests) == (4, 4)
    assert outcome.passed_at is not None
    assert outcome.last_submission_id == last.pk


def test_our_failures_and_stopped_runs_are_no_results(alice: User) -> None:
    graded(submit(alice, "a = 1").run, Verdict.INTERNAL, passed=0)
    assert results_of(alice).exercises == {}


def test_results_of_others_are_not_mine(alice: User, bob: User) -> None:
    graded(submit(bob, "a = 1").run, Verdict.PASSED)
    assert results_of(alice).exercises == {}


def test_a_result_stays_when_its_content_changes_and_is_marked(alice: User, tmp_path: Path) -> None:
    graded(submit(alice, "a = 1").run, Verdict.PASSED)
    assert not results_of(alice).exercises["dot-product"].outdated
    root = tmp_path / "curriculum"
    replace_in(
        root, "topics/mathematics/vectors-and-matrices/exercises/dot-product/prompt.md", "Write", "Now write"
    )
    publish(root)
    outcome = results_of(alice).exercises["dot-product"]
    assert (outcome.status, outcome.outdated) == ("passed", True)


def project(user: User, text: str, report: str = "") -> Submission:
    files = {"linear.py": text} | ({"report.md": report} if report else {})
    return actions.submit(user, "project", "linear-algebra-library", files)


def test_a_project_shows_tests_metrics_and_documents_of_its_best_submission(alice: User) -> None:
    best = project(alice, "a = 1", "# Report\n\nTwo words\n")
    graded(best.run, Verdict.FAILED, passed=2, failed=1, metrics={"seconds": 0.5, "loss": float("nan")})
    last = project(alice, "a = 2")
    graded(last.run, Verdict.FAILED, passed=1, failed=2, metrics={"seconds": 9.0})
    outcome = results_of(alice).projects["linear-algebra-library"]
    assert (outcome.status, outcome.submission_id, outcome.best_submission_id) == ("failed", last.pk, best.pk)
    assert outcome.tests == {"test_0": "passed", "test_1": "passed", "test_2": "failed"}
    assert outcome.metrics == {"seconds": 0.5}
    assert outcome.files == {"report.md": FileFacts(3, ("Report",))}


def test_among_equal_submissions_the_latest_counts(alice: User) -> None:
    graded(project(alice, "a = 1").run, Verdict.PASSED, metrics={"seconds": 1.0})
    latest = project(alice, "a = 1", "# Report\n")
    graded(latest.run, Verdict.PASSED, metrics={"seconds": 2.0})
    assert results_of(alice).projects["linear-algebra-library"].best_submission_id == latest.pk


def test_two_queries_beside_the_library(alice: User, django_assert_max_num_queries: Any) -> None:
    for text in ("a = 1", "a = 2", "a = 3"):
        graded(submit(alice, text).run, Verdict.FAILED, passed=0, failed=1)
        graded(project(alice, text).run, Verdict.FAILED, passed=0, failed=1)
    with django_assert_max_num_queries(4):  # two of them ask which release is current
        results_of(alice)
