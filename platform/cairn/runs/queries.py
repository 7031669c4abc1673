"""What may be asked about runs."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from django.db.models import Count, Exists, Q, Sum
from django.utils import timezone

from cairn.accounts.models import User
from cairn.accounts.queries import may_read_work_of
from cairn.runs import forecast, nodes
from cairn.runs.models import SERVED, TRAIN_QUEUES, Node, Pause, Run
from cairn.ui.errors import NotFound

MEASURED = 20  # ended runs that an expectation rests on
PACE_SECONDS = 2


def access_run(user: User | AnonymousUser, run_id: uuid.UUID) -> Run:
    """The run, for its owner and for those who may read the owner's work. Raises NotFound."""
    run = Run.objects.select_related("owner").filter(pk=run_id).first()
    if run is None or not may_read_work_of(user, run.owner):
        raise NotFound("There is no such run, or it is not yours to see.")
    return run


def events_after(run_id: uuid.UUID, seq: int, limit: int | None = None) -> list[dict[str, Any]]:
    """Stored events after place ``seq``, in order, as ``{"seq", "data"}``."""
    rows = Run(pk=run_id).events.filter(seq__gt=seq).values("seq", "data").order_by("seq")
    return [{"seq": row["seq"], "data": row["data"]} for row in rows[:limit]]


def told(run: Run) -> list[dict[str, Any]]:
    """All stored events in order, as they were told, and ``at`` what time each was. One query."""
    rows = run.events.order_by("seq").values_list("data", "at")
    return [{**data, "at": at} for data, at in rows]


def position(run: Run) -> int | None:
    """Place in the queue, 1 for the next; None where it no longer waits.

    People take turns, so before this person's k-th run come at most k runs of everybody else, and all that
    waits in the queues that are served first.
    """
    if run.state != Run.State.QUEUED:
        return None
    older = Count("pk", filter=Q(created_at__lt=run.created_at))
    waiting = Run.objects.filter(queue__in=_served_before(run), state=Run.State.QUEUED).order_by()
    counts = list(waiting.values_list("queue", "owner").annotate(all=Count("pk"), older=older))
    beside = [(owner, waits, older) for queue, owner, waits, older in counts if queue == run.queue]
    first: int = sum(waits for queue, _, waits, _ in counts if queue != run.queue)
    turn: int = 1 + sum(older for owner, _, older in beside if owner == run.owner_id)
    others: int = sum(min(waits, turn) for owner, waits, _ in beside if owner != run.owner_id)
    return first + turn + others


def _served_before(run: Run) -> tuple[str, ...]:
    """The run's queue and those that nodes look into before it."""
    own = Run.Queue(run.queue)
    order = SERVED[own if own in TRAIN_QUEUES else Run.Queue.GRADE]
    return order[: order.index(own) + 1]


def expected_wait(run: Run, place: int | None) -> float | None:
    """Seconds until a run at that place starts, at most, if jobs take as long as the last ones did.

    None where it no longer waits, where no node is there, and before anything was measured. What it rests on
    is read once in two seconds, however many people wait.
    """
    if place is None:
        return None
    key = f"runs.pace.{run.queue}"
    pace = cache.get(key)
    if pace is None:
        pace = _pace(run.queue)
        cache.set(key, pace, PACE_SECONDS)
    took, slots = pace
    return forecast.wait(place, took, slots)


def _pace(queue: str) -> tuple[list[float], int]:
    """What the last runs of a queue took, in seconds, and how many run at once. Two queries."""
    if queue in TRAIN_QUEUES:
        return _took(queue), max(1, Run.objects.filter(queue=queue, state=Run.State.RUNNING).count())
    there = nodes.working().aggregate(slots=Sum("slots"), nodes=Count("pk"))
    kept = there["nodes"] if queue == Run.Queue.INTERACTIVE else 0
    return _took(queue), (there["slots"] or 0) + kept


def _took(queue: str) -> list[float]:
    ended = Run.objects.filter(queue=queue, finished_at__isnull=False, started_at__isnull=False)
    recent = ended.order_by("-finished_at").values_list("started_at", "finished_at")[:MEASURED]
    return [(end - start).total_seconds() for start, end in recent if start and end]


def worker_seen() -> datetime | None:
    """When a node that can run learner code last spoke, if that was within a minute."""
    return nodes.last_seen()


@dataclass(frozen=True)
class GradingState:
    """Whether code handed in now will be run soon; ``reason`` is for the person where it will not."""

    available: bool
    reason: str = ""


def grading_state() -> GradingState:
    """Whether a node is there to run learner code, and may. One query."""
    fresh = Node.objects.filter(seen_at__gt=timezone.now() - nodes.FRESH).order_by("-seen_at")
    paused = Exists(Pause.objects.filter(queue__in=(Run.Queue.INTERACTIVE, Run.Queue.GRADE)))
    why = _why_not(list(fresh.values_list("trouble", "draining", paused)))
    kept = "What you hand in is saved and waits for its turn."
    return GradingState(
        available=not why, reason=f"Code cannot be run at the moment. {why} {kept}" if why else ""
    )


def _why_not(found: list[tuple[str, bool, bool]]) -> str:
    """``found`` are the nodes heard of lately: their trouble, whether they drain, and whether runs pause."""
    able = [draining for trouble, draining, _ in found if not trouble]
    if not found:
        return "No worker has answered for a minute."
    if not able:
        return found[0][0]
    if all(able) or found[0][2]:
        return "An admin has paused it, most likely for maintenance."
    return ""
