"""Waking nodes. A wake-up carries a queue and a short-lived ticket, never a run: losing one loses nothing."""

import logging

from django.core import signing

from cairn.config.celery import app
from cairn.runs.models import Run

TICKET_SECONDS = 120
TASK = "grader.drain"
_SALT = "cairn.runs.ticket"
_log = logging.getLogger(__name__)


def ticket(queue: str) -> str:
    """A signed permission to claim from ``queue``, good for two minutes."""
    return signing.TimestampSigner(salt=_SALT).sign(queue)


def admits(given: str, queue: str) -> bool:
    """Whether ``given`` is a ticket of ours for ``queue`` that has not run out."""
    try:
        return signing.TimestampSigner(salt=_SALT).unsign(given, max_age=TICKET_SECONDS) == queue
    except signing.BadSignature:
        return False


def calls_for(queue: str) -> str:
    """The queue that nodes are called to for runs of ``queue``: regrades are what graders do last."""
    return Run.Queue.GRADE if queue == Run.Queue.REGRADE else queue


def wake(queue: str, times: int = 1) -> None:
    """Ask nodes to drain ``queue``. A broker that does not answer is logged: the sweeper asks again."""
    try:
        for _ in range(times):
            app.send_task(
                TASK,
                (queue, ticket(queue)),
                queue=queue,
                expires=TICKET_SECONDS,
                ignore_result=True,
                retry=False,
            )
    except Exception:  # whatever the transport raises: the row waits, and the sweeper repeats the call
        _log.exception("The broker took no wake-up for the queue %s; the sweeper will ask again.", queue)
