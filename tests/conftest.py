"""Journeys run against the whole site, started the way a newcomer starts it, in a folder of its own."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.services import free_port

ROOT = Path(__file__).resolve().parents[1]
START_SECONDS = 120
PICTURES = ROOT / "var/test-pictures"  # what the browser showed when a test failed
FAILED = pytest.StashKey[bool]()


class Site:
    """A served Cairn: where it is, who can sign in, and how to stop and start it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None
        self.log = home / "log"

    def start(self) -> None:
        """Serve, and return once the site and a worker are ready."""
        environment = {**os.environ, "CAIRN_HOME": str(self.home), "PORT": str(self.port)}
        environment.pop("DJANGO_SETTINGS_MODULE", None)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "start"],
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.wait_ready()

    def wait_ready(self) -> None:
        """Poll /readyz; on failure the site's own log says why."""
        assert self.process is not None
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            if self.status("/readyz") == 200:
                return
            time.sleep(0.1)
        raise AssertionError("The site did not get ready:\n" + self.log.read_text()[-4000:])

    def status(self, address: str) -> int:
        """The status of a GET, 0 where nothing listens yet."""
        try:
            with urllib.request.urlopen(self.url + address, timeout=5) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def stop(self, with_signal: signal.Signals = signal.SIGINT) -> None:
        """End the site as Ctrl-C does, or as a crash does with SIGKILL for the whole tree."""
        if self.process is None:
            return
        if with_signal == signal.SIGKILL:
            os.killpg(self.process.pid, with_signal)
        else:
            self.process.send_signal(with_signal)
        self.process.wait(timeout=30)
        self.process = None

    @property
    def people(self) -> dict[str, dict[str, str]]:
        """The demo sign-ins."""
        people: dict[str, dict[str, str]] = json.loads((self.home / "demo-accounts.json").read_text())
        return people


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One site for all journeys; each journey signs up its own people where it matters."""
    running = Site(tmp_path_factory.mktemp("cairn-home"))
    running.start()
    yield running
    running.stop()


@pytest.fixture
def own_site(tmp_path: Path) -> Iterator[Site]:
    """A site for one test that stops, kills or restarts it."""
    running = Site(tmp_path)
    yield running
    if running.process is not None:
        running.stop(signal.SIGKILL)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Debian's Chromium. Closed with the module: an open one would leave an event loop behind for Django."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
        )
        yield chromium
        chromium.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """Let fixtures know whether their test failed."""
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report


@pytest.fixture
def page(browser: Any, site: Site, request: pytest.FixtureRequest) -> Iterator[Any]:
    """A fresh person at a desk: own cookies, nothing stored. Complaints of the console are kept."""
    context = browser.new_context(base_url=site.url, viewport={"width": 1440, "height": 1000})
    context.set_default_timeout(15_000)
    fresh = context.new_page()
    complaints: list[str] = []
    fresh.on("pageerror", lambda error: complaints.append(str(error)))
    fresh.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
    fresh.complaints = complaints
    yield fresh
    if request.node.stash.get(FAILED, False):
        PICTURES.mkdir(parents=True, exist_ok=True)
        fresh.screenshot(path=PICTURES / f"{request.node.name[:80].replace('/', '-')}.png")
    context.close()
