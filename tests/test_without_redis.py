"""Redis is gone in the middle of the day: every page works, nothing handed in is lost, and readyz says it."""

import contextlib
import re
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.conftest import Site
from tests.services import free_port, redis

pytestmark = pytest.mark.services

EXERCISE = "/exercises/dot-and-norm"
CODE = (
    Path(__file__)
    .resolve()
    .parents[1]
    .joinpath("curriculum/topics/mathematics/vectors-and-matrices/exercises/dot-and-norm/solution.py")
)
PAGES = ("/", "/home", "/map", "/plan", "/practice", "/journal", "/search?q=vector", EXERCISE, "/healthz")


class Person(httpx.Client):
    """A signed-in person without script."""

    def __init__(self, site: Site, who: str) -> None:
        super().__init__(base_url=site.url, follow_redirects=True, timeout=30)
        address, known = "/account/login/", site.people[who]
        form = {"login": known["username"], "password": known["password"]}
        self.answer = self.post(address, data=form | {"csrfmiddlewaretoken": self.token(address)})

    def token(self, address: str) -> str:
        """The secret of the form on a page."""
        found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.get(address).text)
        assert found is not None
        return found[1]


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def outage(tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Site, Person]]:
    """A site that had a Redis until now, and somebody who was signed in before."""
    site = Site(tmp_path)
    with contextlib.ExitStack() as running:
        monkeypatch.setenv("REDIS_URL", running.enter_context(redis(port)))
        site.start()
        try:
            lena = Person(site, "learner")
            assert lena.get("/home").status_code == 200
            running.close()
            yield site, lena
        finally:
            site.stop()


def test_pages_go_on_and_what_is_handed_in_is_graded_when_redis_is_back(
    outage: tuple[Site, Person], port: int
) -> None:
    site, lena = outage
    for page in PAGES:
        assert lena.get(page).status_code == 200, page
    assert Person(site, "mentor").get("/review").status_code == 200  # signing in works too

    state = httpx.get(f"{site.url}/readyz")
    assert state.status_code == 503
    assert state.json()["broker"].startswith("does not answer: pages work")
    assert state.json()["cache"].startswith("does not answer: pages work")
    assert state.json()["database"] == "ok"

    token = lena.post("/api/v1/auth/token", json=site.people["learner"]).json()["token"]
    lena.headers["Authorization"] = f"Token {token}"
    work = {"exercise": "dot-and-norm", "files": {"solution.py": CODE.read_text()}}
    handed_in = lena.post("/api/v1/submissions", json=work)
    assert handed_in.status_code == 201

    with redis(port):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            found = lena.get(f"/api/v1/submissions/{handed_in.json()['id']}").json()
            if "passed" in str(found):
                break
            time.sleep(0.5)
        assert "passed" in str(found), found


def test_who_signs_out_while_redis_is_away_stays_signed_out(outage: tuple[Site, Person], port: int) -> None:
    site, lena = outage
    cookie = lena.cookies["sessionid"]
    token = lena.token("/home")
    assert lena.post("/account/logout/", data={"csrfmiddlewaretoken": token}).status_code == 200
    with redis(port):
        time.sleep(3)
        again = httpx.get(f"{site.url}/home", cookies={"sessionid": cookie})
        assert again.status_code == 302
