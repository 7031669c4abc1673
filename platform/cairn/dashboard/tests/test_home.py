"""Home and health: what a learner sees first, and what a machine asks."""

from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.utils import timezone

from cairn.accounts.models import User
from cairn.dashboard import health
from cairn.learning.models import Enrolment
from cairn.review.models import Review
from cairn.runs.queries import GradingState
from cairn.submissions import quizzes
from cairn.submissions.actions import submit
from cairn.submissions.models import QuizAttempt


def text(answer):
    return answer.content.decode()


@pytest.fixture
def walking(page, noor):
    """Noor is in the third week of her path."""
    Enrolment.objects.create(
        user=noor, path="zero-to-llm", starts_on=timezone.localdate() - timedelta(days=15), hours_per_week=8
    )
    return page


def passed_quiz(noor):
    QuizAttempt.objects.create(
        user=noor,
        topic="vectors-and-matrices",
        content_hash="x",
        seed=1,
        score=0.9,
        finished_at=timezone.now(),
    )


def test_a_newcomer_is_asked_to_choose_a_path(page):
    shown = text(page.get("/home"))
    assert "Choose a path" in shown
    assert "/paths/zero-to-llm" in shown
    assert "1 of 2 milestones written so far" in shown


def test_home_says_what_is_next_and_how_far_one_is(walking):
    shown = text(walking.get("/home"))
    assert "Week 3 on" in shown
    assert "0 of 7 stones laid" in shown
    assert shown.count('class="nextup"') == 1
    assert "Vectors and matrices" in shown
    assert "Nothing handed in yet" in shown


def test_work_and_what_a_mentor_said_are_listed(walking, noor):
    ines = User.objects.create_user("ines", "ines@example.org", "granite-cairn-9", first_name="Ines")
    files = {"linear.py": "def dot(a, b): ..."}
    work = submit(noor, "project", "linear-algebra-library", files)
    Review.objects.create(submission=work, mentor=ines, lines={"clear-code": True}, comment="Good names.")
    passed_quiz(noor)
    shown = text(walking.get("/home"))
    assert "Good names." in shown
    assert "Ines agrees" in shown
    assert "90\u202f%" in shown


def test_what_a_mentor_wrote_is_text_and_not_markup(walking, noor):
    ines = User.objects.create_user("ines", "ines@example.org", "granite-cairn-9")
    work = submit(noor, "project", "linear-algebra-library", {"linear.py": "x = 1"})
    Review.objects.create(submission=work, mentor=ines, lines={}, comment="<script>alert(1)</script>")
    assert "<script>alert" not in text(walking.get("/home"))


def test_a_new_stone_settles_once(walking, noor):
    walking.get("/home")
    assert "settle" not in text(walking.get("/home"))
    passed_quiz(noor)
    assert "settle" in text(walking.get("/home"))
    assert "settle" not in text(walking.get("/home"))


def test_guests_sign_in_first(client, books):
    answer = client.get("/home")
    assert answer.status_code == 302
    assert answer.url.endswith("?next=/home")


@pytest.mark.parametrize(
    ("hour", "said"), [(4, "evening"), (5, "morning"), (11, "morning"), (12, "afternoon"), (18, "evening")]
)
def test_the_greeting_follows_the_learners_clock(hour, said):
    from cairn.dashboard.views import _greeting

    assert said in _greeting(hour)


def test_reviews_due_today_are_counted_and_lead_to_practice(walking, noor):
    assert "No question is due today" in walking.get("/home").content.decode()
    attempt = quizzes.start(noor, "vectors-and-matrices")
    quizzes.answer(attempt, "how-much", "1")
    QuizAttempt.objects.update(started_at=timezone.now() - timedelta(days=2))
    shown = walking.get("/home").content.decode()
    assert "Start 1 question" in shown
    assert 'href="/practice"' in shown


# --- health


def test_alive_is_answered_without_asking_anybody(client, django_assert_num_queries, db):
    with django_assert_num_queries(0):
        answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_ready_needs_database_broker_and_a_worker_seen_lately(client, db, monkeypatch):
    monkeypatch.setattr(health, "grading_state", lambda: GradingState(True))
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ready",
        "database": "ok",
        "broker": "ok",
        "cache": "ok",
        "worker": "ok",
    }


def test_without_a_worker_it_is_not_ready_and_says_so(client, db):
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["worker"] == "not seen"


def test_a_database_that_does_not_answer_is_named(client, db, monkeypatch):
    class Broken:
        def cursor(self):
            raise DatabaseError("gone")

    monkeypatch.setattr(health, "connection", Broken())
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["database"] == "does not answer: no page works"
