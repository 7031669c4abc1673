"""Runs a command beside a real PostgreSQL and a real Redis, started for it and gone after it.

``python -m tests.services pytest platform tests`` is how ``make test`` runs the suite a second time. Both
servers come from the distribution's packages, listen on free loopback ports, and keep their data in a
temporary folder.
"""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

START_SECONDS = 30


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def tool(name: str) -> str:
    """The path of a server program, also where Debian keeps PostgreSQL's."""
    places = [*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True), "/usr/sbin"]
    found = shutil.which(name) or shutil.which(name, path=os.pathsep.join(map(str, places)))
    if not found:
        raise SystemExit(f"{name} is not installed. Run scripts/test-tools.sh to see what the tests need.")
    return found


def wait_for_port(port: int, what: str) -> None:
    """Return once something listens on ``port``; stop the suite if nothing does in time."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise SystemExit(f"{what} did not start within {START_SECONDS} s.")


@contextlib.contextmanager
def child(command: list[str], **options: object) -> Iterator[subprocess.Popen[bytes]]:
    """A process that ends with the block, whatever happens in it."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)  # type: ignore[call-overload]
    try:
        yield process
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=10)
        process.kill()
        process.wait()


@contextlib.contextmanager
def postgresql() -> Iterator[str]:
    """A PostgreSQL of our own; yields its DATABASE_URL. As root it runs as ``nobody``, as it insists."""
    account = pwd.getpwnam("nobody") if os.getuid() == 0 else None
    identity = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if account else {}
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="cairn-postgres-") as folder:
        if account:
            os.chown(folder, account.pw_uid, account.pw_gid)
        subprocess.run(
            [tool("initdb"), "-D", f"{folder}/data", "-U", "cairn", "-A", "trust", "-E", "UTF8", "--no-sync"],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=folder,
            **identity,
        )  # type: ignore[call-overload]
        options = ["-p", str(port), "-k", folder, "-c", "listen_addresses=127.0.0.1"]
        quick = ["-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off"]
        with child([tool("postgres"), "-D", f"{folder}/data", *options, *quick], cwd=folder, **identity):
            wait_for_port(port, "PostgreSQL")
            yield f"postgresql://cairn@127.0.0.1:{port}/postgres"


@contextlib.contextmanager
def redis(port: int | None = None) -> Iterator[str]:
    """A Redis of our own that keeps nothing on disk; yields its REDIS_URL."""
    port = port or free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    with child([tool("redis-server"), *options]):
        wait_for_port(port, "Redis")
        yield f"redis://127.0.0.1:{port}/0"


def main() -> int:
    """Run the command of the arguments with DATABASE_URL and REDIS_URL set; return its exit status."""
    with postgresql() as database_url, redis() as redis_url:
        environment = {**os.environ, "DATABASE_URL": database_url, "REDIS_URL": redis_url}
        return subprocess.run(sys.argv[1:], env=environment, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main())
