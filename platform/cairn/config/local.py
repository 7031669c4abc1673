"""Everything on one machine: the web server, and with it what runs learner code and sweeps leases.

The sweeper is a thread of the web process. So is the node, over Celery's in-process broker, unless there is
Redis: then it is a Celery worker of its own, started as a child. Either way ending the server ends it first,
while the server still listens: it gives back what it was running, and the next start goes on at once.
"""

import ctypes
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, Protocol

import structlog
import uvicorn
from celery.worker import WorkController
from celery.worker import state as worker_state
from django.conf import settings
from django.core.cache import cache
from django.db import close_old_connections

from cairn.learning import digest
from cairn.runs import actions, nodes
from cairn.submissions import exams
from grader import worker as grader_worker
from grader.sandbox import SandboxUnavailable, select_backend

NAME = "local"
THREADS = 4  # of the node: two jobs at once, one more for somebody at the Run button, and one training
POLL_SECONDS = 0.02  # how often the in-process broker is looked at; it cannot be waited for
STOP_SECONDS = 10.0

_log = structlog.get_logger(__name__)


class Workers(Protocol):
    """What runs learner code and sweeps leases beside the web server."""

    def prepare(self) -> None:
        """Before the server listens."""

    def start(self) -> None:
        """Begin, from the main thread; the server listens already."""

    def stop(self) -> None:
        """End, giving leases back; the server still listens."""


class NoWorkers:
    """Pages only: workers run elsewhere, or not at all."""

    def prepare(self) -> None:
        """Nothing to prepare."""

    def start(self) -> None:
        """Nothing to begin."""

    def stop(self) -> None:
        """Nothing to end."""


class Sweeper:
    """The sweeper as a thread. Others may sweep too: they do not get into each other's way."""

    def __init__(self, trouble: str) -> None:
        self._trouble = trouble
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._sweep, name="sweeper", daemon=True)

    def start(self) -> None:
        """Sweep now, and then every few seconds."""
        self._thread.start()

    def stop(self) -> None:
        """End after the present round."""
        self._ended.set()
        self._thread.join(STOP_SECONDS)

    def _sweep(self) -> None:
        while True:
            self._sweep_once()
            if self._ended.wait(settings.SWEEP_SECONDS):
                return

    def _sweep_once(self) -> None:
        try:
            if self._trouble:
                nodes.in_trouble(NAME, self._trouble)
            actions.sweep()
            exams.settle_all()
            if cache.add("learning.digests", "1", timeout=60):
                digest.send_due()
        except Exception:  # a locked or restarting database: the next round comes soon
            _log.exception("The sweeper failed; it tries again.")
        finally:
            close_old_connections()


class Threads:
    """Without Redis: node and sweeper are threads of this process, the only one that there is."""

    def __init__(self, url: str, trouble: str) -> None:
        os.environ.update(CAIRN_URL=url, CAIRN_NODE=NAME)
        self._sweeper = Sweeper(trouble)
        self._node = None if trouble else threading.Thread(target=self._work, name="node", daemon=True)

    def prepare(self) -> None:
        """Void all leases: they are those of a process that has ended."""
        actions.release_all_local()

    def start(self) -> None:
        """Begin to sweep and, where it can, to grade."""
        self._sweeper.start()
        if self._node:
            self._node.start()

    def stop(self) -> None:
        """Give back what runs, and wait for the threads."""
        self._sweeper.stop()
        if self._node:
            grader_worker.node().stop.set()
            worker_state.should_stop = 0
            self._node.join(STOP_SECONDS)

    def _work(self) -> None:
        app = grader_worker.app
        app.conf.broker_transport_options = {"polling_interval": POLL_SECONDS}
        app.conf.worker_concurrency = THREADS
        node = WorkController(
            app=app,
            pool_cls="threads",
            concurrency=THREADS,
            queues=list(grader_worker.QUEUES),
            without_heartbeat=True,
            without_mingle=True,
            without_gossip=True,
            quiet=True,
        )
        node.start()


class Child:
    """With Redis: the node is a Celery worker of its own, as on any machine; it ends with this process."""

    def __init__(self, url: str, trouble: str) -> None:
        places = os.pathsep.join((str(settings.ROOT), str(settings.ROOT / "platform")))
        self._environment = {**os.environ, "CAIRN_URL": url, "CAIRN_NODE": NAME, "PYTHONPATH": places}
        self._sweeper = Sweeper(trouble)
        self._can_grade = not trouble
        self._node: subprocess.Popen[bytes] | None = None

    def prepare(self) -> None:
        """Nothing: leases may be held by nodes on other machines."""

    def start(self) -> None:
        """Begin to sweep and, where it can, to grade. The node ends with the thread that calls this."""
        self._sweeper.start()
        if self._can_grade:
            self._node = self._worker()

    def _worker(self) -> subprocess.Popen[bytes]:
        queues = ",".join(grader_worker.QUEUES)
        command = [sys.executable, "-m", "celery", "--app", "grader.worker", "worker", "--queues", queues]
        options = ["--pool", "threads", "--concurrency", str(THREADS), "--loglevel", "WARNING"]
        return subprocess.Popen(  # noqa: S603 - our own command
            [*command, *options, "--hostname", f"grader-{os.getpid()}@%h"],
            cwd=settings.ROOT,
            env=self._environment,
            process_group=0,  # Ctrl-C is for this process; it passes the end on when it is time
            preexec_fn=_end_with_parent,
        )

    def stop(self) -> None:
        """Ask the node to end; kill it, with all it started, if it does not."""
        self._sweeper.stop()
        if self._node is None:
            return
        self._node.terminate()
        try:
            self._node.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self._node.pid, signal.SIGKILL)
            self._node.wait()


def _end_with_parent() -> None:
    """In a child, on Linux: be killed when the parent is, which had no time to ask."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


class _Server(uvicorn.Server):
    """uvicorn that starts workers once it listens, and on a signal ends them before it stops listening."""

    def __init__(self, config: uvicorn.Config, workers: Workers, say: Callable[[str], None]) -> None:
        super().__init__(config)
        self._workers, self._say = workers, say
        self._stopping = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._workers.start()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self._stopping:
            super().handle_exit(sig, frame)  # asked twice: end without waiting
            return
        self._stopping = True
        threading.Thread(target=self._stop).start()

    def _stop(self) -> None:
        self._say("Stopping: what runs is given back and goes on at the next start.")
        try:
            self._workers.stop()
        finally:
            self.should_exit = True


def grading_trouble() -> str:
    """Why this machine cannot run learner code, for a person; empty where it can."""
    try:
        select_backend(settings.SANDBOX)
    except SandboxUnavailable as error:
        return str(error)
    return ""


def serve(host: str, port: int, *, with_worker: bool, say: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM. ``say`` tells the person at the terminal.

    Raises OSError for a taken port.
    """
    logging.getLogger("kombu.connection").setLevel(logging.ERROR)  # it misses a host name in memory://
    listening = _listen(host, port)
    url = f"http://{_reachable(host)}:{listening.getsockname()[1]}"
    trouble = grading_trouble() if with_worker else ""
    if trouble:
        say(f"Code is not graded on this machine: {trouble}")
        say("Pages work, and what is handed in waits until it can be graded.")
    config = uvicorn.Config(
        "cairn.config.asgi:application",
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        ws_max_size=4096,  # pages send nothing
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=3,
    )
    say(f"Cairn is at {url}  (Ctrl-C stops it)")
    workers = _workers(url, with_worker, trouble)
    workers.prepare()
    _Server(config, workers, say).run(sockets=[listening])


def _workers(url: str, with_worker: bool, trouble: str) -> Workers:
    if not with_worker:
        return NoWorkers()
    return (Child if settings.REDIS_URL else Threads)(url, trouble)


def _listen(host: str, port: int) -> socket.socket:
    family: Any = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((host, port))
    return listening


def _reachable(host: str) -> str:
    """An address of ours that a node on this machine can call and ALLOWED_HOSTS knows."""
    if host in ("", "0.0.0.0"):  # noqa: S104 - compared, not bound
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host
