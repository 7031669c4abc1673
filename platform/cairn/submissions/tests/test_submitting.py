"""Trying and submitting, by the verbs."""

import pytest

from cairn.accounts.models import User
from cairn.runs import actions as runs
from cairn.submissions import actions, queries
from cairn.submissions.delivery import BadFiles, TooLarge
from cairn.submissions.models import Submission
from cairn.submissions.tests.conftest import CODE, graded
from cairn.ui.errors import NotFound
from grader.contract import Verdict

pytestmark = pytest.mark.django_db


def submit(user: User, text: str = CODE["dot.py"]) -> Submission:
    return actions.submit(user, "exercise", "dot-product", {"dot.py": text})


def test_a_submission_is_pinned_to_its_content_and_queued(alice: User) -> None:
    submission = submit(alice)
    assert submission.run.queue == "grade"
    assert len(submission.content_hash) == 64
    claim = runs.claim("grade", "n1")
    assert claim is not None
    assert claim.job.files == CODE
    assert "test_worked_example" in claim.job.tests["tests.py"]
    assert (claim.job.entry, claim.job.kind) == ("dot.py", "grade")
    assert claim.job.limits.wall_seconds == 10
    assert claim.job.content_hash == submission.content_hash


def test_the_same_files_give_back_the_earlier_submission(alice: User) -> None:
    assert submit(alice).pk == submit(alice).pk
    assert submit(alice, "def dot(a, b):\r\n    return 1\r\n").pk == submit(alice).pk
    assert submit(alice, "def dot(a, b):\n    return 2\n").pk != submit(alice).pk


def test_the_same_files_of_somebody_else_are_their_own(alice: User, bob: User) -> None:
    assert submit(alice).pk != submit(bob).pk


def test_after_our_failure_the_same_files_may_be_submitted_again_and_no_attempt_is_lost(alice: User) -> None:
    lost = submit(alice)
    graded(lost.run, Verdict.INTERNAL, passed=0)
    again = submit(alice)
    assert again.pk != lost.pk
    graded(again.run, Verdict.PASSED)
    shown = queries.attempts(alice, "exercise", "dot-product")
    assert [(one.submission.pk, one.number) for one in shown] == [(again.pk, 1), (lost.pk, None)]


def test_a_stopped_submission_costs_no_attempt_and_may_be_repeated(alice: User) -> None:
    stopped = submit(alice)
    runs.cancel(stopped.run, alice)
    assert submit(alice).pk != stopped.pk
    assert [one.number for one in queries.attempts(alice, "exercise", "dot-product")] == [1, None]


def test_a_failed_submission_is_an_attempt(alice: User) -> None:
    graded(submit(alice).run, Verdict.FAILED, passed=0, failed=1)
    submit(alice, "def dot(a, b): return 5\n")
    assert [one.number for one in queries.attempts(alice, "exercise", "dot-product")] == [2, 1]


def test_a_new_try_stops_the_one_before(alice: User) -> None:
    first = actions.try_out(alice, "dot-product", CODE)
    second = actions.try_out(alice, "dot-product", CODE)
    first.refresh_from_db()
    assert (first.state, second.state) == ("cancelled", "queued")
    assert (second.kind, second.queue) == ("try", "interactive")


def test_a_try_of_another_exercise_goes_on(alice: User) -> None:
    first = actions.try_out(alice, "dot-product", CODE)
    actions.try_out(alice, "vector-norm", {"solution.py": "def norm(x): return 5"})
    first.refresh_from_db()
    assert first.state == "queued"


@pytest.mark.parametrize(
    ("files", "error", "says"),
    [
        ({"other.py": "x"}, BadFiles, "other.py is not a file of Dot product. It takes dot.py."),
        ({"../../etc/passwd": "x"}, BadFiles, "is not a file of Dot product"),
        ({}, BadFiles, "dot.py is missing or empty"),
        ({"dot.py": " \n "}, BadFiles, "dot.py is missing or empty"),
        ({"dot.py": "a\x00b"}, BadFiles, "dot.py holds binary data"),
        ({"dot.py": "#" * 200_001}, TooLarge, "dot.py has 200,001 characters; at most 200,000 are taken"),
    ],
)
def test_files_that_cannot_be_taken(
    alice: User, files: dict[str, str], error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says) as refusal:
        actions.submit(alice, "exercise", "dot-product", files)
    assert "your draft is kept" in str(refusal.value)
    assert not Submission.objects.exists()


@pytest.mark.parametrize(
    ("work", "slug"),
    [
        ("exercise", "no-such-thing"),
        ("project", "no-such-thing"),
        ("poem", "dot-product"),
        ("project", "dot-product"),
    ],
)
def test_what_is_not_there_cannot_be_tried(alice: User, work: str, slug: str) -> None:
    with pytest.raises(NotFound):
        actions.submit(alice, work, slug, CODE)


def test_a_project_takes_its_files_and_the_facts_of_its_documents_are_kept(alice: User) -> None:
    report = "# What I built\n\nThree functions, timed twice.\n\n```python\n# not a heading\n```\n## Limits\n"
    files = {"linear.py": "def dot(a, b): return 1\n", "report.md": report}
    submission = actions.submit(alice, "project", "linear-algebra-library", files)
    assert submission.documents == {"report.md": {"words": 8, "headings": ["What I built", "Limits"]}}
    assert queries.files_of(submission) == files


def test_optional_files_may_be_left_out(alice: User) -> None:
    files = {"linear.py": "def dot(a, b): return 1\n"}
    assert actions.submit(alice, "project", "linear-algebra-library", files).documents == {}


def test_the_work_of_others_is_not_found(alice: User, bob: User, mo: User) -> None:
    submission = submit(alice)
    assert queries.access_submission(alice, submission.pk) == submission
    assert queries.access_submission(mo, submission.pk) == submission
    with pytest.raises(NotFound):
        queries.access_submission(bob, submission.pk)
