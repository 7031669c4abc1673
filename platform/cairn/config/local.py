"""Everything on one machine: the web server, and with it what runs learner code and sweeps leases.

Without Redis, nodes and the sweeper are threads of the web process, over Celery's in-process broker. With
Redis they are Celery workers, started as children. Either way ending the server ends them first, while it
still listens: a node gives back what it was running, and the next start goes on with it at once.
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
from django.db import close_old_connections

from cairn.runs import actions, nodes
from grader import worker as grader_worker
from grader.sandbox import SandboxUnavailable, select_backend

NAME = "local"
AT_ONCE = 2  # jobs
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


class Threads:
    """Node and sweeper as threads of this process. Every lease found at the start is a dead process's."""

    def __init__(self, url: str, trouble: str) -> None:
        os.environ.update(CAIRN_URL=url, CAIRN_NODE=NAME)
        self._trouble = trouble
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._sweep, name="sweeper", daemon=True)]
        if not trouble:
            self._threads.append(threading.Thread(target=self._work, name="node", daemon=True))

    def prepare(self) -> None:
        """Void the leases of the process before."""
        actions.release_all_local()

    def start(self) -> None:
        """Begin to sweep and, where it can, to grade."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Give back what runs, and wait for the threads."""
        self._ended.set()
        if not self._trouble:
            grader_worker.node().stop.set()
        worker_state.should_stop = 0
        for thread in self._threads:
            thread.join(STOP_SECONDS)

    def _work(self) -> None:
        app = grader_worker.app
        app.conf.broker_transport_options = {"polling_interval": POLL_SECONDS}
        node = WorkController(
            app=app,
            pool_cls="threads",
            concurrency=AT_ONCE,
            queues=list(grader_worker.QUEUES),
            without_heartbeat=True,
            without_mingle=True,
            without_gossip=True,
            quiet=True,
        )
        node.start()

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
        except Exception:  # a locked or restarting database: the next round comes soon
            _log.exception("The sweeper failed; it tries again.")
        finally:
            close_old_connections()


class Children:
    """A grading worker and a control worker as Celery processes, which end with this one."""

    def __init__(self, url: str) -> None:
        places = os.pathsep.join((str(settings.ROOT), str(settings.ROOT / "platform")))
        self._environment = {**os.environ, "CAIRN_URL": url, "PYTHONPATH": places}
        self._children: list[subprocess.Popen[bytes]] = []

    def prepare(self) -> None:
        """Nothing: leases may be held by nodes on other machines."""

    def start(self) -> None:
        """Start both workers. They end with the thread that calls this, hence the main one."""
        at_once = ("--pool", "threads", "--loglevel", "WARNING", "--concurrency")
        schedule = str(settings.HOME / "beat")
        queues = ",".join(grader_worker.QUEUES)
        self._children = [
            self._child("grader.worker", "--queues", queues, *at_once, str(AT_ONCE)),
            self._child(
                "cairn.config.celery", "--queues", "control", "--beat", "--schedule", schedule, *at_once, "1"
            ),
        ]

    def _child(self, app: str, *options: str) -> subprocess.Popen[bytes]:
        command = [
            sys.executable,
            "-m",
            "celery",
            "--app",
            app,
            "worker",
            "--hostname",
            f"{app}@%h",
            *options,
        ]
        return subprocess.Popen(  # noqa: S603 - our own command
            command,
            cwd=settings.ROOT,
            env=self._environment,
            process_group=0,  # Ctrl-C is for this process; it passes the end on when it is time
            preexec_fn=_end_with_parent,
        )

    def stop(self) -> None:
        """Ask them to end; kill, with all they started, what does not."""
        for child in self._children:
            child.terminate()
        for child in self._children:
            try:
                child.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()


def _end_with_parent() -> None:
    """In a child, on Linux: get SIGTERM when the parent ends, however it ends."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)


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
    return Children(url) if settings.REDIS_URL else Threads(url, trouble)


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
