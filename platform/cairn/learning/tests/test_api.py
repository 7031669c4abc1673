"""Progress and enrolment by API."""

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from cairn.learning.models import Enrolment
from cairn.submissions.models import QuizAttempt


@pytest.fixture
def api(noor):
    client = APIClient()
    client.force_authenticate(noor)
    return client


def enrol(api, **instead):
    today = timezone.localdate().isoformat()
    return api.post(
        "/api/v1/me/enrolments",
        {"path": "zero-to-llm", "starts_on": today, "hours_per_week": 8} | instead,
        format="json",
    )


def test_who_walks_no_path_has_no_progress_yet(api):
    assert api.get("/api/v1/me/progress").json() == {"enrolments": [], "exercises": [], "quizzes": []}


def test_enrolling_answers_with_the_progress_on_the_path(api, noor):
    answer = enrol(api)
    assert answer.status_code == 201
    assert answer.json()["total"] == 7
    assert answer.json()["next"]["url"] == "/topics/vectors-and-matrices"
    assert Enrolment.objects.get(user=noor).hours_per_week == 8


def test_progress_names_every_stone_and_activity(api, noor):
    enrol(api)
    QuizAttempt.objects.create(
        user=noor,
        topic="vectors-and-matrices",
        content_hash="x",
        seed=1,
        score=0.9,
        finished_at=timezone.now(),
    )
    progress = api.get("/api/v1/me/progress").json()["enrolments"][0]
    milestone = progress["milestones"][0]
    states = {stone["id"]: stone["state"] for stone in milestone["stones"]}
    assert states["quiz"] == "met"
    assert states["fast-enough"] == "open"
    assert progress["laid"] == milestone["laid"] == 1
    assert ("exercise", "dot-product") in {(one["kind"], one["slug"]) for one in milestone["activities"]}


@pytest.mark.parametrize(
    ("instead", "status"),
    [
        ({"path": "no-such-path"}, 404),
        ({"hours_per_week": 0}, 400),
        ({"hours_per_week": "many"}, 400),
        ({"starts_on": "2001-01-01"}, 400),
        ({"starts_on": "soon"}, 400),
    ],
)
def test_an_enrolment_that_makes_no_plan_is_a_problem_document(api, instead, status):
    answer = enrol(api, **instead)
    assert answer.status_code == status
    assert answer["content-type"].startswith("application/problem+json")
    assert not Enrolment.objects.exists()


def test_a_stranger_is_asked_for_a_token(books):
    assert APIClient().get("/api/v1/me/progress").status_code == 401
    assert APIClient().post("/api/v1/me/enrolments", {}).status_code == 401
