"""A mentor finds the work of their learners, reads it, and judges it; nobody else does."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from cairn.accounts.models import User
from cairn.catalog.queries import Library
from cairn.review import actions, queries
from cairn.review.models import Review
from cairn.runs.models import Run
from cairn.submissions.actions import submit
from cairn.submissions.models import Submission, Work
from cairn.ui.errors import Forbidden, Refusal

PROJECT = "linear-algebra-library"
QUEUE = "/review"


@pytest.fixture
def handed_in(alice: User, sample: Library) -> Callable[..., Submission]:
    """A graded submission of Alice's project."""

    def hand_in(code: str = "def dot(a, b):\n    return '<b>'\n", verdict: str = "passed") -> Submission:
        submission = submit(alice, Work.PROJECT, PROJECT, {"linear.py": code})
        Run.objects.filter(pk=submission.run_id).update(
            state=Run.State.FINISHED, verdict=verdict, report={"tests": []}
        )
        return Submission.objects.get(pk=submission.pk)

    return hand_in


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_the_queue_shows_what_waits_and_forgets_what_was_reviewed(mo: User, handed_in: Any) -> None:
    submission = handed_in()
    assert list(queries.queue(mo)) == [submission]
    actions.review(mo, submission, {"clear-code": True}, "", ["clear-code"])
    assert list(queries.queue(mo)) == []
    assert list(queries.queue(mo, reviewed=True)) == [submission]


def test_only_the_last_attempt_waits(mo: User, handed_in: Any) -> None:
    handed_in()
    second = handed_in("def dot(a, b):\n    return 2\n")
    assert list(queries.queue(mo)) == [second]


def test_work_that_we_failed_to_grade_waits_for_nobody(mo: User, handed_in: Any) -> None:
    handed_in(verdict="internal")
    assert list(queries.queue(mo)) == []


def test_the_wrong_people_find_the_queue_closed(alice: User, sample: Library) -> None:
    assert Client().get(QUEUE).status_code == 302
    answer = signed_in(alice).get(QUEUE)
    assert answer.status_code == 403
    assert "Only mentors" in answer.content.decode()


def test_a_mentor_of_another_cohort_sees_none_of_it(mia: User, handed_in: Any) -> None:
    submission = handed_in()
    assert list(queries.queue(mia)) == []
    assert signed_in(mia).get(reverse("review:read", args=[submission.pk])).status_code == 404
    with pytest.raises(Forbidden):
        actions.review(mia, submission, {}, "Looks fine", [])


def test_a_stranger_cannot_read_it_and_the_author_can_but_not_judge(
    alice: User, bob: User, handed_in: Any
) -> None:
    address = reverse("review:read", args=[handed_in().pk])
    assert Client().get(address).status_code == 302
    assert signed_in(bob).get(address).status_code == 404
    own = signed_in(alice)
    assert "Send review" not in own.get(address).content.decode()
    assert own.post(address, {"line:clear-code": "met"}).status_code == 403


def test_an_admin_reads_everybodys_work(ada: User, handed_in: Any) -> None:
    submission = handed_in()
    assert list(queries.queue(ada)) == [submission]
    assert signed_in(ada).get(reverse("review:read", args=[submission.pk])).status_code == 200


def test_code_is_shown_as_text_and_never_as_markup(mo: User, handed_in: Any) -> None:
    page = signed_in(mo).get(reverse("review:read", args=[handed_in().pk])).content.decode()
    assert "&lt;b&gt;" in page
    assert "'<b>'" not in page


def test_a_review_lays_the_rubric_stone_and_a_later_word_replaces_it(
    mo: User, alice: User, handed_in: Any
) -> None:
    submission = handed_in()
    address = reverse("review:read", args=[submission.pk])
    client = signed_in(mo)
    assert client.post(address, {"line:clear-code": "met", "comment": "Good names."}).status_code == 302
    assert queries.decisions_for(alice)[(PROJECT, "clear-code")].met
    client.post(address, {"line:clear-code": "not-yet", "comment": "On second thought: dot needs one."})
    assert not queries.decisions_for(alice)[(PROJECT, "clear-code")].met
    assert Review.objects.count() == 1


@pytest.mark.parametrize(
    ("lines", "comment", "says"),
    [
        ({}, "  ", "Judge a rubric line"),
        ({"no-such": True}, "", "no rubric line"),
        ({}, "x" * 10_001, "10000 fit"),
    ],
)
def test_an_empty_unknown_or_endless_review_is_refused(
    mo: User, handed_in: Any, lines: dict[str, bool], comment: str, says: str
) -> None:
    with pytest.raises(Refusal, match=says):
        actions.review(mo, handed_in(), lines, comment, ["clear-code"])
    assert not Review.objects.exists()


def test_what_was_typed_survives_a_refusal(mo: User, handed_in: Any) -> None:
    answer = signed_in(mo).post(reverse("review:read", args=[handed_in().pk]), {"comment": "long " * 2500})
    assert answer.status_code == 400
    assert "long long" in answer.content.decode()


def test_the_queue_page_asks_the_database_a_fixed_number_of_times(
    mo: User, handed_in: Any, django_assert_max_num_queries: Any
) -> None:
    client = signed_in(mo)
    handed_in()
    client.get(QUEUE)
    with django_assert_max_num_queries(5):
        client.get(QUEUE)
