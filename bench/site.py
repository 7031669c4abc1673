"""The real site on data of its own: published, served, and asked by visitors."""

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
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from bench.machine import OUT, ROOT

PATH = "zero-to-llm"
ENCODINGS = "gzip, deflate, br, zstd"  # as a browser of today asks
_START_SECONDS = 60
_COMMAND_SECONDS = 3600  # filling a database takes minutes


@dataclass(frozen=True)
class Site:
    """One installation: its folder, and its servers where it has any (SQLite and one process where not)."""

    home: Path
    database_url: str = ""
    redis_url: str = ""

    def manage(self, *arguments: str) -> float:
        """Runs a command of the site; its seconds. Raises RuntimeError if it fails."""
        began = time.perf_counter()
        self._run(_command(*arguments))
        return time.perf_counter() - began

    def ask(self, module: str, *arguments: str) -> Any:
        """Runs a module with the site's settings; the JSON object that it prints last.

        Raises RuntimeError if it fails or prints none.
        """
        said = self._run([sys.executable, "-m", module, *arguments])
        found = re.findall(r"^\{.*\}$", said, re.MULTILINE)
        if not found:
            raise RuntimeError(f"{module} printed no answer: {said[-500:]}")
        return json.loads(found[-1])

    def prepare(self) -> None:
        """Tables, static files and a release."""
        for arguments in (("migrate",), ("collectstatic", "--no-input"), ("curriculum", "sync")):
            self.manage(*arguments)

    @contextlib.contextmanager
    def served(self, port: int) -> Iterator[int]:
        """The site on ``port``, without workers; its process. Raises RuntimeError if it does not come up."""
        log = (OUT / f"server-{port}.log").open("w")
        serve = _command("serve", "--port", str(port), "--no-worker")
        server = subprocess.Popen(
            serve, env=self._environment(), cwd=ROOT, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            _wait_for(server, port)
            yield server.pid
        finally:
            server.terminate()
            server.wait(timeout=30)
            log.close()

    def _run(self, command: list[str]) -> str:
        """Raises RuntimeError if it fails, subprocess.TimeoutExpired if it hangs."""
        done = subprocess.run(
            command,
            env=self._environment(),
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=_COMMAND_SECONDS,
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(command[1:])} failed: {(done.stderr or done.stdout)[-800:]}")
        return done.stdout

    def _environment(self) -> dict[str, str]:
        """The default settings on other data, whatever this shell was set up for."""
        ours = ("CAIRN_", "DATABASE_URL", "REDIS_URL", "SECRET_KEY", "DJANGO_", "ALLOWED_HOSTS", "PYTEST")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        servers = {"DATABASE_URL": self.database_url, "REDIS_URL": self.redis_url}
        return {**kept, "CAIRN_HOME": str(self.home), "DJANGO_SETTINGS_MODULE": "cairn.config.settings",
                "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "platform"))),
                **{name: url for name, url in servers.items() if url}}  # fmt: skip


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "manage.py", *arguments]


def _wait_for(server: "subprocess.Popen[bytes]", port: int) -> None:
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until and server.poll() is None:
        with contextlib.suppress(OSError):
            Visitor(port).get("/healthz")
            return
        time.sleep(0.1)
    raise RuntimeError(f"The site did not come up; {OUT / f'server-{port}.log'} says why.")


class Visitor:
    """A client with cookies on one kept connection; thin, so that its own time adds little to the site's."""

    def __init__(self, port: int, session: str = "") -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._cookies = {"sessionid": session} if session else {}

    def get(self, url: str) -> tuple[bytes, int]:
        """The body as it came over the wire, and its status. Raises OSError."""
        return self._ask("GET", url)

    def put(self, url: str, **fields: str) -> None:
        """Sends fields as a page's script does. Raises RuntimeError for a refusal."""
        headers = {"Content-Type": "application/x-www-form-urlencoded",
                   "X-CSRFToken": self._cookies.get("csrftoken", "")}  # fmt: skip
        _, status = self._ask("PUT", url, urlencode(fields), headers)
        if status != http.client.NO_CONTENT:
            raise RuntimeError(f"{url} answered {status} to what was sent")

    def _ask(
        self, method: str, url: str, body: str = "", more: dict[str, str] | None = None
    ) -> tuple[bytes, int]:
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        headers = {"Cookie": cookies, "Accept-Encoding": ENCODINGS, "Accept": "text/html", **(more or {})}
        try:
            self._connection.request(method, url, body or None, headers)
            answer = self._connection.getresponse()
        except (http.client.RemoteDisconnected, BrokenPipeError):
            # A server may close a connection that waits, and a browser then opens another.
            self._connection.close()
            self._connection.request(method, url, body or None, headers)
            answer = self._connection.getresponse()
        content = answer.read()
        for line in answer.headers.get_all("Set-Cookie") or ():
            name, value = line.partition(";")[0].split("=", 1)
            self._cookies[name] = value
        return content, answer.status
