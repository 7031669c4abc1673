"""Fairness on a real node: neither a flood nor long jobs of one person keep another waiting."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import fire
from tests.services import free_port
from tests.test_fire import environment

pytestmark = pytest.mark.timeout(300)
FLOODS, COMES_LATER, CLICKS = 0, 1, 2  # the people


class Alone:
    """A site in one process, and what its database says of the runs."""

    def __init__(self, home: Path) -> None:
        self.environment = environment(home, "", "")
        self._database = str(home / "cairn.sqlite3")
        command = [sys.executable, "manage.py", "serve", "--port", str(free_port())]
        self.server = fire.Piece("server", command, self.environment, home / "log")

    def do(self, what: str, *numbers: float) -> list[str]:
        """Hand in, or click Run: the ids of the runs."""
        return fire.there(self.environment, what, *numbers)

    def runs(self, where: str) -> list[tuple[Any, ...]]:
        """(created_at, started_at, finished_at) of the runs of that kind, as the database keeps them."""
        columns = "created_at, started_at, finished_at"
        return fire.rows(self._database, f"SELECT {columns} FROM runs_run WHERE {where} ORDER BY started_at")

    def until(self, where: str, count: int, seconds: float = 60) -> None:
        """Wait until so many runs are like that."""
        deadline = time.monotonic() + seconds
        while len(self.runs(where)) < count:
            assert time.monotonic() < deadline, f"fewer than {count} runs where {where}"
            time.sleep(0.1)

    def owned_by(self, person: int) -> str:
        """The condition for the runs of one person."""
        return f"owner_id = (SELECT id FROM accounts_user WHERE username = 'p{person}')"


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Alone]:
    site = Alone(tmp_path)
    site.do("prepare", 3)
    site.server.start()
    yield site
    site.server.kill()


def test_two_hundred_waiting_submissions_of_one_person_delay_another_by_one_job_at_most(alone: Alone) -> None:
    flood, later = alone.owned_by(FLOODS), alone.owned_by(COMES_LATER)
    alone.do("submit", FLOODS, 200, 0)
    alone.until(f"{flood} AND started_at IS NOT NULL", 3)
    alone.do("submit", COMES_LATER, 1, 0)
    alone.until(f"{later} AND finished_at IS NOT NULL", 1)
    ((created, started, _),) = alone.runs(later)
    assert len(alone.runs(f"{flood} AND state = 'queued'")) > 50, "there was no flood to wait for"
    between = alone.runs(f"{flood} AND started_at > '{created}' AND started_at < '{started}'")
    assert len(between) <= 1
    assert alone.runs(f"{flood} AND started_at < '{created}' AND finished_at < '{started}'"), "it had to wait"


def test_a_run_click_waits_for_no_long_grading(alone: Alone) -> None:
    flood, clicked = alone.owned_by(FLOODS), alone.owned_by(CLICKS)
    alone.do("submit", FLOODS, 6, 8)
    alone.until(f"{flood} AND state = 'running'", 2)
    alone.do("click", CLICKS)
    alone.until(f"{clicked} AND state = 'finished'", 1)
    ((created, started, _),) = alone.runs(clicked)
    assert not alone.runs(f"{flood} AND finished_at > '{created}' AND finished_at < '{started}'")
    assert len(alone.runs(f"{flood} AND state = 'running'")) == 2
