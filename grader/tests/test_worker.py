"""The node as it is really started: its own command, a real Redis, a site that speaks HTTP."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from celery import Celery

from grader import worker
from grader.contract import Claim, Job, Report, Verdict
from grader.sandbox.base import SandboxUnavailable
from grader.training import interface
from grader.worker import TASK
from tests import services

ROOT = Path(__file__).resolve().parents[2]
TESTS = "def test_one(student):\n    assert student.f() == 1\n"


class Site(ThreadingHTTPServer):
    """Hands out ``waiting`` jobs and remembers what it is told."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.waiting: list[Job] = []
        self.reports: list[Report] = []
        self.released: list[str] = []
        self.started = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Site

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        *_, run, what = self.path.split("/")
        if what == "report":
            self.server.reports.append(Report.model_validate_json(body))
        if what == "release":
            self.server.released.append(run)
        if what == "events":
            self.server.started.set()
        if what in ("claim", "report"):
            return self.claim()
        return self.reply(200, json.dumps({"cancel": False}))

    def claim(self) -> None:
        if not self.server.waiting:
            return self.reply(204, "")
        claim = Claim(job=self.server.waiting.pop(0), token="t", lease_seconds=30)
        return self.reply(200, claim.model_dump_json())

    def reply(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    threading.Thread(target=site.serve_forever, daemon=True).start()
    yield site
    site.shutdown()
    site.server_close()


def job(number: int, code: str) -> Job:
    return Job(id=str(number), files={"solution.py": code}, tests={"tests.py": TESTS})


def command(*options: str) -> list[str]:
    return [sys.executable, "-m", "celery", "-A", "grader.worker", "worker", "--pool", "threads", *options]


def until(condition, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.services
def test_a_woken_worker_runs_what_waits_and_gives_back_what_it_cannot_finish(site: Site) -> None:
    site.waiting = [job(number, "def f():\n    return 1\n") for number in range(3)]
    with services.redis() as redis_url:
        environment = {
            **os.environ,
            "CAIRN_URL": site.url,
            "CAIRN_BROKER_URL": redis_url,
            "CAIRN_SANDBOX": "auto",
        }
        options = ("--queues", "interactive,grade", "--concurrency", "2", "--loglevel", "WARNING")
        with services.child(command(*options), cwd=ROOT, env=environment) as worker:
            broker = Celery(broker=redis_url)
            broker.send_task(TASK, ("grade", "ticket"), queue="grade")
            until(lambda: len(site.reports) == 3)
            assert {report.status for report in site.reports} == {Verdict.PASSED}
            site.waiting = [job(9, "while True:\n    pass\n")]
            site.started.clear()
            broker.send_task(TASK, ("interactive", "ticket"), queue="interactive")
            until(site.started.is_set)
            worker.terminate()
            until(lambda: worker.poll() is not None)
    assert site.released == ["9"]
    assert len(site.reports) == 3


def test_a_worker_without_a_sandbox_does_not_start_and_says_why() -> None:
    environment = {**os.environ, "CAIRN_URL": "http://127.0.0.1:1", "CAIRN_SANDBOX": "nothing-like-it"}
    environment["CAIRN_BROKER_URL"] = "memory://"
    done = subprocess.run(
        command("--queues", "grade"),
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    assert "nothing-like-it" in done.stderr


def test_where_a_node_is_reached_is_checked_before_it_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAIRN_NODE_ADDRESS", "somewhere")
    with pytest.raises(SandboxUnavailable, match="no address"):
        worker._address({"train-cpu": 1})
    assert worker._address({}) == "", "who does not train needs none"


def test_a_node_that_cannot_train_together_with_others_does_not_offer_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(interface, "DEVICE", Path("/dev/net/no-such-device"))
    monkeypatch.setenv("CAIRN_NODE_ADDRESS", "10.0.0.5:7077")
    assert worker._address({"train-cpu": 1}) == ""
    assert "there is no /dev/net/no-such-device" in caplog.text
