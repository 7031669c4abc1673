"""Work survives whatever ends the server: real processes, real signals, a real sandbox."""

import signal
import time
import uuid
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import Site
from tests.fire import family, survivors

EXERCISE = "dot-and-norm"
SOLUTION = (
    Path(__file__).resolve().parents[1]
    / "curriculum/topics/mathematics/vectors-and-matrices/exercises"
    / EXERCISE
    / "solution.py"
).read_text()


class Learner:
    """A script of the demo learner's."""

    def __init__(self, site: Site) -> None:
        self.client = httpx.Client(base_url=f"{site.url}/api/v1", timeout=20)
        token = self.client.post("/auth/token", json=site.people["learner"]).json()["token"]
        self.client.headers["Authorization"] = f"Token {token}"

    def close(self) -> None:
        """Close the connections."""
        self.client.close()

    def submit(self, seconds: float = 0.0) -> dict[str, Any]:
        """Hand in a right solution that first sleeps, and that was never handed in before."""
        code = f"import time\ntime.sleep({seconds})\n{SOLUTION}\n# {uuid.uuid4()}\n"
        answer = self.client.post("/submissions", json={"exercise": EXERCISE, "files": {"solution.py": code}})
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def run_of(self, submission: dict[str, Any]) -> dict[str, Any]:
        """The run that grades it, now."""
        return dict(self.client.get(f"/runs/{submission['run']}").json())

    def wait(self, submission: dict[str, Any], state: str, seconds: float = 90) -> dict[str, Any]:
        """The run, once it is in that state."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            run = self.run_of(submission)
            if run["state"] == state:
                return run
            time.sleep(0.1)
        raise AssertionError(f"not {state} within {seconds} s: {run}")


def running(site: Site) -> set[tuple[int, str]]:
    """The site's processes, once the sandbox of a job is among them."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        assert site.process is not None
        if len(processes := family(site.process.pid)) > 3:
            return processes
        time.sleep(0.05)
    raise AssertionError("the sandbox is not running")


@pytest.fixture
def started(own_site: Site) -> Site:
    own_site.start()
    return own_site


def test_ended_by_ctrl_c_in_the_middle_of_a_submission_the_verdict_arrives_after_the_start(
    started: Site,
) -> None:
    with closing(Learner(started)) as learner:
        submission = learner.submit(seconds=3)
        learner.wait(submission, "running")
    processes = running(started)
    before = time.monotonic()
    started.stop(signal.SIGINT)
    assert time.monotonic() - before < 15
    assert not survivors(processes)
    started.start()
    with closing(Learner(started)) as learner:
        run = learner.wait(submission, "finished")
        assert (run["verdict"], run["tries"]) == ("passed", 1)


def test_killed_in_the_middle_every_submission_gets_its_one_verdict_after_the_start(started: Site) -> None:
    with closing(Learner(started)) as learner:
        submissions = [learner.submit(seconds=2), *(learner.submit() for _ in range(7))]
        learner.wait(submissions[0], "running")
    processes = running(started)
    started.stop(signal.SIGKILL)
    assert not survivors(processes)
    started.start()
    with closing(Learner(started)) as learner:
        runs = [learner.wait(submission, "finished") for submission in submissions]
        assert [run["verdict"] for run in runs] == ["passed"] * 8
        assert runs[0]["tries"] == 2
        for run in runs:
            events = learner.client.get(f"/runs/{run['id']}/events").json()["events"]
            assert [event["seq"] for event in events] == list(range(1, len(events) + 1))


def test_a_run_that_its_owner_stops_ends_soon(site: Site) -> None:
    with closing(Learner(site)) as learner:
        submission = learner.submit(seconds=60)
        learner.wait(submission, "running")
        with httpx.Client(base_url=site.url, timeout=20, follow_redirects=True) as browser:
            _sign_in(browser, site)
            form = {"csrfmiddlewaretoken": browser.cookies["csrftoken"]}
            answer = browser.post(f"/runs/{submission['run']}/cancellation", data=form)
            assert answer.status_code == 200
        run = learner.wait(submission, "cancelled", seconds=8)
        assert run["verdict"] == ""


def _sign_in(browser: httpx.Client, site: Site) -> None:
    browser.get("/account/login/")
    person = site.people["learner"]
    form = {
        "login": person["username"],
        "password": person["password"],
        "csrfmiddlewaretoken": browser.cookies["csrftoken"],
    }
    assert "sessionid" in browser.post("/account/login/", data=form).cookies or "sessionid" in browser.cookies
