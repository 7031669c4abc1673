"""Which worker nodes the site has heard of, cheaply enough to ask on every call of theirs."""

import time
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from cairn.runs.models import Node
from cairn.runs.texts import inert
from grader.contract import NodeState

FRESH = timedelta(seconds=60)
_EVERY = 5.0  # seconds between two writes for one node
_written: dict[str, float] = {}  # when this process last wrote each node down


def seen(name: str, slots: int | None = None, about: NodeState | None = None) -> None:
    """Note that a node spoke, and perhaps how many jobs it runs at once and what it says of itself.

    At most one write in five seconds for each node and process, unless it says something of itself.
    """
    now = time.monotonic()
    if about is None and now - _written.get(name, -_EVERY) < _EVERY:
        return
    _written[name] = now
    said: dict[str, Any] = {} if slots is None else {"slots": slots}
    if about is not None:
        said["about"] = inert(about)
    now_here = {"seen_at": timezone.now(), "trouble": ""} | said
    Node.objects.update_or_create(name=name[:80], defaults=now_here)


def in_trouble(name: str, trouble: str) -> None:
    """Note that a node is there but cannot run learner code, and why."""
    Node.objects.update_or_create(name=name[:80], defaults={"seen_at": timezone.now(), "trouble": trouble})


def working() -> QuerySet[Node]:
    """The nodes that take work: they can run learner code, are not draining, and spoke within a minute."""
    return Node.objects.filter(trouble="", draining=False, seen_at__gt=timezone.now() - FRESH)


def some_are_quiet() -> bool:
    """Whether a node that spoke within the hour has not for half a minute: idle ones speak when called."""
    now = timezone.now()
    return Node.objects.filter(seen_at__gt=now - timedelta(hours=1), seen_at__lt=now - FRESH / 2).exists()


def last_seen() -> datetime | None:
    """When a node that can work last spoke, if that was within a minute."""
    return working().order_by("-seen_at").values_list("seen_at", flat=True).first()
