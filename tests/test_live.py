"""The live socket as a browser opens it: over the real server, with a session, from our own pages only."""

import json
import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.conftest import Site


def signed_in(site: Site, who: str) -> httpx.Client:
    """A browser with that demo person's session."""
    browser = httpx.Client(base_url=site.url, timeout=20, follow_redirects=True)
    browser.get("/account/login/")
    person = site.people[who]
    form = {"login": person["username"], "password": person["password"]}
    browser.post("/account/login/", data=form | {"csrfmiddlewaretoken": browser.cookies["csrftoken"]})
    assert "sessionid" in browser.cookies
    return browser


@pytest.fixture(scope="module")
def learner(site: Site) -> Iterator[httpx.Client]:
    with closing(signed_in(site, "learner")) as browser:
        yield browser


def submit(browser: httpx.Client) -> str:
    """Hand in something that prints, waits and then fails; the run's id."""
    code = f"import time\nprint('hello', flush=True)\ntime.sleep(1)\n# {uuid.uuid4()}\n"
    headers = {"X-CSRFToken": browser.cookies["csrftoken"], "Referer": str(browser.base_url)}
    body = {"exercise": "dot-and-norm", "files": {"solution.py": code}}
    answer = browser.post("/api/v1/submissions", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["run"])


def socket(site: Site, browser: httpx.Client, run: str, after: int = 0, origin: str = "") -> ClientConnection:
    """The run's socket, opened as a page of ``origin`` would."""
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    address = f"{site.url.replace('http', 'ws')}/ws/runs/{run}?after={after}"
    return connect(address, origin=origin or site.url, additional_headers={"Cookie": cookies})  # type: ignore[arg-type]


def frames(live: ClientConnection) -> list[dict[str, Any]]:
    """All frames until the server closes, which it must do by itself."""
    got = []
    try:
        while True:
            got.append(json.loads(live.recv(timeout=60)))
    except ConnectionClosed:
        return got


def test_a_run_is_followed_to_its_verdict_and_nothing_is_missing(site: Site, learner: httpx.Client) -> None:
    run = submit(learner)
    with socket(site, learner, run) as live:
        got = frames(live)
        assert live.close_code == 1000
    events = [event for frame in got for event in frame["events"]]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert "hello" in "".join(event["data"].get("text", "") for event in events)
    assert (got[-1]["state"], bool(got[-1]["verdict"])) == ("finished", True)
    assert len(got) > 1, "everything came at once: nothing was live"


def test_after_a_lost_connection_the_rest_comes(site: Site, learner: httpx.Client) -> None:
    run = submit(learner)
    with socket(site, learner, run) as live:
        first = frames(live)
    with socket(site, learner, run, after=2) as live:
        again = frames(live)
    seqs = [event["seq"] for frame in first for event in frame["events"]]
    assert [event["seq"] for frame in again for event in frame["events"]] == [seq for seq in seqs if seq > 2]


def test_another_person_a_guest_and_an_unknown_run_look_the_same(site: Site, learner: httpx.Client) -> None:
    run = submit(learner)
    mine = httpx.Client(base_url=site.url)
    for browser, which in ((mine, run), (learner, str(uuid.uuid4()))):
        with socket(site, browser, which) as live:
            assert frames(live) == []
            assert live.close_code == 4404


def test_another_sites_page_may_not_listen(site: Site, learner: httpx.Client) -> None:
    run = submit(learner)
    with pytest.raises(InvalidStatus) as refused:
        socket(site, learner, run, origin="https://evil.example")
    assert refused.value.response.status_code == 403


def test_there_is_no_socket_elsewhere(site: Site) -> None:
    with pytest.raises(InvalidStatus):
        connect(f"{site.url.replace('http', 'ws')}/ws/elsewhere", origin=site.url)  # type: ignore[arg-type]


def test_a_verdict_comes_within_seconds(site: Site, learner: httpx.Client) -> None:
    begin = time.monotonic()
    with socket(site, learner, submit(learner)) as live:
        frames(live)
    assert time.monotonic() - begin < 20
