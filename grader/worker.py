"""The Celery app of a node: ``celery -A grader.worker worker --queues interactive,grade --pool threads``.

``--concurrency`` counts threads, one for each processor and one more if it is not given. The last of them
runs only what somebody waits for at the Run button, so that long grading never fills a node.

A message is only a wake-up: "there is work in this queue", with a short-lived ticket to claim from it. The
node has no database and no secret; it asks the site over HTTP. From the environment: CAIRN_URL (the site),
CAIRN_BROKER_URL or REDIS_URL (absent: ``memory://``, for a node in the site's own process), CAIRN_SANDBOX,
CAIRN_WARM: runtimes to warm up at the start, as in ``numpy,torch``; the others follow their first job;
CAIRN_TRAININGS: how many trainings run at once on processors, by default one (accelerators take one each);
and CAIRN_NODE_ADDRESS, ``host:port`` where other nodes reach this one, so that it trains together with them.
"""

import functools
import logging
import os
import threading
from collections.abc import Iterable, Mapping
from typing import Any

from celery import Celery, signals

from grader import judges
from grader.about import state
from grader.harness.forks import RUNTIMES
from grader.node import Node, Site
from grader.sandbox import Backend, SandboxUnavailable, select_backend
from grader.sandbox.warm import Warm
from grader.training import company, devices

TASK = "grader.drain"
QUEUES = ("interactive", "grade", "train-cpu")  # of a node without an accelerator

TRAIN_CPU, TRAIN_GPU = "train-cpu", "train-gpu"

log = logging.getLogger(__name__)
_stop = threading.Event()
_making = threading.Lock()


def broker_url() -> str:
    """Where wake-ups come from."""
    return os.environ.get("CAIRN_BROKER_URL") or os.environ.get("REDIS_URL") or "memory://"


app = Celery("grader", broker=broker_url(), fixups=set())  # not even where Django is: a node has none
app.conf.update(
    task_ignore_result=True,
    task_acks_late=False,  # a wake-up that is lost costs seconds; one delivered twice finds nothing to do
    task_default_queue="interactive",
    worker_prefetch_multiplier=1,
    worker_concurrency=(os.cpu_count() or 1) + 1,  # and the trainings: see ``_trainings``
    worker_hijack_root_logger=False,
    cairn_queues=[],  # those that this worker was told to serve
    broker_connection_retry_on_startup=True,
)


def node() -> Node:
    """The node of this process. Raises SandboxUnavailable, and KeyError if CAIRN_URL is not set."""
    with _making:  # the first calls may come at the same time, and two nodes would have twice the slots
        return _node()


@functools.cache
def _node() -> Node:
    backend, name = select_backend(), os.environ.get("CAIRN_NODE", "")
    trainings = _trainings(app.conf.cairn_queues or QUEUES)
    at_once = max(1, app.conf.worker_concurrency - 1 - sum(trainings.values()))
    for runtime in filter(None, os.environ.get("CAIRN_WARM", "").split(",")):
        _warm_up(backend, runtime)
    site = Site(os.environ["CAIRN_URL"])
    about = functools.partial(state, backend, _address(trainings))
    return Node(site, backend, name=name, stop=_stop, at_once=at_once, about=about, training=trainings)


def _address(trainings: Mapping[str, int]) -> str:
    """Where other nodes reach this one, if it trains together with them. What it lacks for that is logged."""
    setting = os.environ.get("CAIRN_NODE_ADDRESS", "")
    if not setting or not trainings:
        return ""
    try:
        company.checked(setting)
    except ValueError as error:
        raise SandboxUnavailable(f"CAIRN_NODE_ADDRESS is {error}") from None
    if missing := company.missing():
        log.warning("This node trains alone, and not together with others: %s", missing)
        return ""
    return setting


def _trainings(queues: Iterable[str]) -> dict[str, int]:
    """How many trainings run at once, by queue: each has a thread of its own, so nothing waits for it."""
    on_devices = len(devices.found()) * devices.SHARERS  # who does not share waits for a device of its own
    found = {TRAIN_CPU: int(os.environ.get("CAIRN_TRAININGS", "1")), TRAIN_GPU: on_devices}
    return {queue: count for queue, count in found.items() if queue in queues and count > 0}


def _warm_up(backend: Backend, runtime: str) -> None:
    """Starts a runtime's processes now, so that the first job need not wait for imports."""
    if runtime not in RUNTIMES:
        known = ", ".join(RUNTIMES)
        raise SandboxUnavailable(f"CAIRN_WARM names {runtime!r}, which is no runtime. Known are: {known}.")
    judges.warm_up(RUNTIMES[runtime])
    if isinstance(backend, Warm):
        backend.warm_up(RUNTIMES[runtime])


@app.task(name=TASK, ignore_result=True)  # type: ignore[untyped-decorator]
def drain(queue: str, ticket: str) -> int:
    """Runs what waits in ``queue``. Returns how many runs were brought to a report."""
    return node().drain(queue, ticket)


@signals.celeryd_init.connect  # type: ignore[untyped-decorator]
def refuse_without_sandbox(options: dict[str, Any] | None = None, **_: Any) -> None:
    """A node that cannot confine learner code does not start: the reason is its last line.

    Raises SystemExit: Celery logs other exceptions of a signal, and goes on.
    """
    asked = options or {}
    app.conf.cairn_queues = _listed(asked.get("queues"))
    trainings = sum(_trainings(app.conf.cairn_queues or QUEUES).values())
    app.conf.worker_concurrency = asked.get("concurrency") or app.conf.worker_concurrency + trainings
    try:
        node()
    except SandboxUnavailable as error:
        raise SystemExit(f"This node does not start: {error}") from None
    except KeyError as missing:
        raise SystemExit(f"This node does not start: set {missing.args[0]} to the site's address.") from None


def _listed(queues: str | Iterable[str] | None) -> list[str]:
    return queues.split(",") if isinstance(queues, str) else list(queues or ())


@signals.worker_shutting_down.connect  # type: ignore[untyped-decorator]
def give_back(**_: Any) -> None:
    """What is running is abandoned and given back at once, for another node to start."""
    _stop.set()
