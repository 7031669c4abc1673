"""The real site on data of its own: published, served, and a learner signed in."""

# ruff: noqa: S603  it starts programs of its own choosing, never of a visitor's

import contextlib
import http.client
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

from bench.machine import OUT, ROOT

HOME = OUT / "home"
PATH = "zero-to-llm"
_START_SECONDS = 60
_COMMAND_SECONDS = 300


def manage(home: Path, *arguments: str) -> float:
    """Runs a command of the site on the data in ``home``; its seconds. Raises RuntimeError if it fails."""
    began = time.perf_counter()
    done = _run(_command(*arguments), home)
    seconds = time.perf_counter() - began
    if done.returncode:
        raise RuntimeError(f"manage.py {' '.join(arguments)} failed: {(done.stderr or done.stdout)[-500:]}")
    return seconds


def prepare() -> None:
    """Brings the benchmark's own data up to date: tables, static files, a release, the demo cohort."""
    for arguments in (("migrate",), ("collectstatic", "--no-input"), ("curriculum", "sync"), ("demo",)):
        manage(HOME, *arguments)


@contextlib.contextmanager
def served(port: int) -> Iterator[None]:
    """The site on ``port``, without workers. Raises RuntimeError if it does not come up."""
    log = (OUT / "server.log").open("w")
    serve = _command("serve", "--port", str(port), "--no-worker")
    server = subprocess.Popen(serve, env=_environment(HOME), cwd=ROOT, stdout=log, stderr=subprocess.STDOUT)
    try:
        _wait_for(server, port)
        yield
    finally:
        server.terminate()
        server.wait(timeout=30)
        log.close()


def _wait_for(server: "subprocess.Popen[bytes]", port: int) -> None:
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until and server.poll() is None:
        with contextlib.suppress(OSError):
            Visitor(port).get("/healthz")
            return
        time.sleep(0.1)
    raise RuntimeError(f"The site did not come up; {OUT / 'server.log'} says why.")


class Visitor:
    """A client with cookies on one kept connection; thin, so that its own time adds little to the site's."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._cookies: dict[str, str] = {}

    def get(self, url: str) -> tuple[bytes, int]:
        """The body as it came over the wire, and its status. Raises OSError."""
        return self._ask("GET", url)

    def post(self, url: str, **fields: str) -> None:
        """Sends a form, as a browser does from that page. Raises RuntimeError for a refusal."""
        token = {"csrfmiddlewaretoken": self._cookies.get("csrftoken", "")}
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        _, status = self._ask("POST", url, urlencode(token | fields), headers)
        if status != http.client.FOUND:
            raise RuntimeError(f"{url} answered {status} to the form")

    def _ask(
        self, method: str, url: str, body: str = "", more: dict[str, str] | None = None
    ) -> tuple[bytes, int]:
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        headers = {"Cookie": cookies, "Accept-Encoding": "br, gzip", "Accept": "text/html", **(more or {})}
        self._connection.request(method, url, body or None, headers)
        answer = self._connection.getresponse()
        content = answer.read()
        for line in answer.headers.get_all("Set-Cookie") or ():
            name, value = line.partition(";")[0].split("=", 1)
            self._cookies[name] = value
        return content, answer.status


def learner(port: int) -> Visitor:
    """The demo learner, signed in and on a path."""
    visitor = Visitor(port)
    sign_in = json.loads((HOME / "demo-accounts.json").read_text())["learner"]
    visitor.get("/account/login/")
    visitor.post("/account/login/", login=sign_in["username"], password=sign_in["password"])
    visitor.get(f"/paths/{PATH}")
    visitor.post(
        f"/paths/{PATH}/enrolment", starts_on=datetime.now(UTC).date().isoformat(), hours_per_week="10"
    )
    return visitor


def queries(urls: dict[str, tuple[str, bool]]) -> dict[str, int]:
    """How many queries each page (its address, signed in or not) costs with warm caches.

    Counted in a process of its own.
    """
    count = [sys.executable, "-m", "bench.queries", json.dumps(urls)]
    done = _run(count, HOME)
    found = re.search(r"^\{.*\}$", done.stdout, re.MULTILINE)
    if done.returncode or not found:
        raise RuntimeError(f"The queries could not be counted: {done.stderr[-500:]}")
    counted: dict[str, int] = json.loads(found.group())
    return counted


def _run(command: list[str], home: Path) -> "subprocess.CompletedProcess[str]":
    """Raises subprocess.TimeoutExpired for a command that hangs."""
    return subprocess.run(
        command,
        env=_environment(home),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=_COMMAND_SECONDS,
    )


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "manage.py", *arguments]


def _environment(home: Path) -> dict[str, str]:
    """The default settings on other data, whatever this shell was set up for."""
    ours = ("CAIRN_", "DATABASE_URL", "REDIS_URL", "SECRET_KEY", "DJANGO_", "ALLOWED_HOSTS", "PYTEST")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**kept, "CAIRN_HOME": str(home), "DJANGO_SETTINGS_MODULE": "cairn.config.settings",
            "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "platform")))}  # fmt: skip
