"""Submissions by API."""

import uuid
from typing import Any

import pytest
from django.test import Client

from cairn.accounts.models import User
from cairn.submissions.models import Submission
from cairn.submissions.tests.conftest import CODE, graded, signed_in
from grader.contract import Verdict

pytestmark = pytest.mark.django_db
ADDRESS = "/api/v1/submissions"
GOOD = {"exercise": "dot-product", "files": CODE}


def post(client: Client, body: Any) -> Any:
    return client.post(ADDRESS, body, content_type="application/json")


def test_from_submission_to_verdict(alice: User) -> None:
    client = signed_in(alice)
    answer = post(client, GOOD)
    assert answer.status_code == 201
    made = answer.json()
    assert (made["exercise"], made["state"], made["verdict"]) == ("dot-product", "queued", None)
    submission = Submission.objects.get(pk=made["id"])
    graded(submission.run, Verdict.FAILED, passed=1, failed=1, output="hello\n", wall_seconds=0.5)
    verdict = client.get(f"{ADDRESS}/{made['id']}").json()["verdict"]
    assert verdict["exercise"] == "dot-product"
    assert (verdict["status"], verdict["score"], verdict["output"]) == ("failed", 0.5, "hello\n")
    assert [test["status"] for test in verdict["tests"]] == ["passed", "failed"]
    assert {"name", "status", "message", "seconds"} <= set(verdict["tests"][0])
    assert {"wall_seconds", "cpu_seconds", "peak_bytes"} <= set(verdict)
    assert verdict["content_hash"] == submission.content_hash


def test_a_project_is_handed_in_too(alice: User) -> None:
    body = {"project": "linear-algebra-library", "files": {"linear.py": "x = 1"}}
    assert post(signed_in(alice), body).json()["project"] == "linear-algebra-library"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ([], 400),
        ({"exercise": "dot-product"}, 400),
        ({"files": CODE}, 400),
        ({"exercise": "dot-product", "project": "linear-algebra-library", "files": CODE}, 400),
        ({"exercise": "dot-product", "files": {"dot.py": 7}}, 400),
        ({"exercise": "dot-product", "files": []}, 400),
        ({"exercise": ["a"], "files": CODE}, 400),
        ({"exercise": "dot-product", "files": {}}, 422),
        ({"exercise": "dot-product", "files": {"../../etc/passwd": "x"}}, 422),
        ({"exercise": "dot-product", "files": {"dot.py": "a\x00b"}}, 422),
        ({"exercise": "dot-product", "files": {"dot.py": "#" * 1_000_000}}, 413),
        ({"exercise": "dot-product", "files": {"dot.py": "#" * 6_000_000}}, 413),
        ({"exercise": "no-such-thing", "files": CODE}, 404),
    ],
)
def test_bad_input_is_a_problem_document(alice: User, body: Any, status: int) -> None:
    answer = post(signed_in(alice), body)
    assert answer.status_code == status, answer.content
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert len(answer.json()["detail"]) > 10
    assert not Submission.objects.exists()


def test_only_the_learner_and_their_mentor_read_it(alice: User, bob: User, mo: User) -> None:
    made = post(signed_in(alice), GOOD).json()["id"]
    for reader, status in ((alice, 200), (mo, 200), (bob, 404)):
        assert signed_in(reader).get(f"{ADDRESS}/{made}").status_code == status
    assert Client().get(f"{ADDRESS}/{made}").status_code == 401
    assert signed_in(bob).get(f"{ADDRESS}/{uuid.uuid4()}").status_code == 404


def test_pages_and_api_share_one_limit(alice: User) -> None:
    client = signed_in(alice)
    codes = [post(client, GOOD).status_code for _ in range(31)]
    assert codes == [201] * 30 + [429]
    assert client.post("/exercises/dot-product/submissions", {"file:dot.py": "x"}).status_code == 429
