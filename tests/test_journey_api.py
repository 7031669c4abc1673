"""The same journey by API: token, submission, verdict, progress."""

import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import Site

EXERCISES = (
    Path(__file__).resolve().parents[1] / "curriculum/topics/mathematics/vectors-and-matrices/exercises"
)
EXERCISE = "dot-and-norm"


@pytest.fixture(scope="module")
def client(site: Site) -> Any:
    """The learner, signed in by token."""
    with httpx.Client(base_url=f"{site.url}/api/v1", timeout=20) as client:
        answer = client.post("/auth/token", json=site.people["learner"])
        assert answer.status_code == 200, answer.text
        client.headers["Authorization"] = f"Token {answer.json()['token']}"
        yield client


def files(name: str) -> dict[str, str]:
    """A submission made of one of the author's files."""
    return {"solution.py": (EXERCISES / EXERCISE / name).read_text()}


def verdict(client: httpx.Client, submission: str) -> dict[str, Any]:
    """Poll as a script would, until the run has ended."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        answer = client.get(f"/submissions/{submission}").json()
        if answer["state"] == "finished":
            return answer["verdict"]
        time.sleep(0.2)
    raise AssertionError("no verdict within 60 s")


def submit(client: httpx.Client, name: str) -> str:
    """Hand in a file; the id of the submission."""
    answer = client.post("/submissions", json={"exercise": EXERCISE, "files": files(name)})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def test_a_wrong_solution_fails_with_a_difference_and_the_right_one_passes(client: httpx.Client) -> None:
    failed = verdict(client, submit(client, "starter.py"))
    assert failed["status"] in ("failed", "error")
    assert failed["score"] < 1
    passed = verdict(client, submit(client, "solution.py"))
    assert passed["status"] == "passed"
    assert passed["score"] == 1
    assert all(test["status"] == "passed" for test in passed["tests"])


def test_the_same_files_give_back_the_earlier_submission(client: httpx.Client) -> None:
    assert submit(client, "solution.py") == submit(client, "solution.py")


def test_progress_shows_what_was_passed_and_on_a_path_the_stone_it_laid(client: httpx.Client) -> None:
    verdict(client, submit(client, "solution.py"))
    passed = client.get("/me/progress").json()["exercises"]
    assert [one["status"] for one in passed if one["slug"] == EXERCISE] == ["passed"]
    begun = {"path": "zero-to-llm", "starts_on": "2026-11-23", "hours_per_week": 6}
    assert client.post("/me/enrolments", json=begun).status_code == 201
    (walked,) = client.get("/me/progress").json()["enrolments"]
    stones = {stone["id"]: stone["state"] for stone in walked["milestones"][0]["stones"]}
    assert stones["first-dot-product"] == "met"
    assert walked["laid"] == 1


def test_an_unknown_exercise_is_a_problem_document(client: httpx.Client) -> None:
    answer = client.post(
        "/submissions", json={"exercise": "no-such-thing", "files": {"solution.py": "x = 1"}}
    )
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert {"type", "title", "status", "detail"} <= set(answer.json())


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"exercise": EXERCISE},
        {"exercise": EXERCISE, "files": {}},
        {"exercise": EXERCISE, "files": {"../../etc/passwd": "x"}},
        {"exercise": EXERCISE, "files": {"solution.py": "a\x00b"}},
        {"exercise": EXERCISE, "files": {"solution.py": "#" * 1_000_000}},
        {"exercise": EXERCISE, "files": {"solution.py": 7}},
        {"exercise": ["a"], "files": {"solution.py": "x = 1"}},
        [],
    ],
    ids=["empty", "no files", "no file", "path", "binary", "too large", "number", "list", "not an object"],
)
def test_bad_submissions_get_a_clear_message(client: httpx.Client, body: Any) -> None:
    answer = client.post("/submissions", json=body)
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert len(answer.json()["detail"]) > 10


def test_nothing_is_told_without_a_token(site: Site) -> None:
    for address in ("/me", "/me/progress"):
        assert httpx.get(f"{site.url}/api/v1{address}").status_code == 401


def test_the_schema_is_openapi_3_1_and_its_documents_page_opens(site: Site) -> None:
    schema = httpx.get(f"{site.url}/api/v1/schema", headers={"Accept": "application/json"})
    assert schema.json()["openapi"].startswith("3.1")
    assert "/api/v1/submissions" in schema.json()["paths"]
    assert httpx.get(f"{site.url}/api/v1/docs").status_code == 200


def test_solutions_and_hidden_tests_are_nowhere_in_the_api(client: httpx.Client) -> None:
    answer = client.get(f"/exercises/{EXERCISE}").text
    starter, solution, tests = (
        (EXERCISES / EXERCISE / name).read_text() for name in ("starter.py", "solution.py", "tests.py")
    )
    own_lines = [line.strip() for line in solution.splitlines() if line.strip() and line not in starter]
    hidden_test = tests.rsplit("def test_", 1)[1].split("(")[0]
    assert len(own_lines) > 3
    assert not [line for line in own_lines if len(line) > 12 and line in answer]
    assert hidden_test not in answer
