"""What the people who look after the site see and do: queues, nodes, running jobs, failures of ours.

Whether somebody may is asked at the door of the page (``dashboard.ops``); these verbs ask for no more than a
name.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Max, Min, Q
from django.utils import timezone

from cairn.accounts.models import User
from cairn.runs.models import Failure, Node, Pause, Run, leased
from cairn.runs.wake import calls_for, wake
from cairn.ui.errors import NotFound
from grader.contract import NodeState

TITLES = {
    Run.Queue.INTERACTIVE: "Run clicks",
    Run.Queue.GRADE: "Grading",
    Run.Queue.REGRADE: "Regrading",
    Run.Queue.TRAIN_CPU: "Training on CPU",
    Run.Queue.TRAIN_GPU: "Training on GPU",
}
RUNNING_SHOWN = 50
FAILURES_SHOWN = 12
NODES_KEPT = timedelta(days=7)  # how long a node that is gone stays on the page


@dataclass(frozen=True)
class QueueState:
    """One queue. ``oldest`` is when its first waiting run was queued; ``pause`` who stopped it, and when."""

    name: str
    waiting: int = 0
    oldest: datetime | None = None
    running: int = 0
    pause: Pause | None = None

    @property
    def title(self) -> str:
        """What an admin calls it."""
        return TITLES[Run.Queue(self.name)]


@dataclass(frozen=True)
class NodeReport:
    """A node with what it said of itself. ``said`` is empty from a node too old to say anything."""

    node: Node
    is_fresh: bool
    said: NodeState
    running: int = 0

    @property
    def warm_bytes(self) -> int:
        """The memory that its warm processes hold, shared pages divided."""
        return sum(process.bytes for process in self.said.warm)


@dataclass(frozen=True)
class Ended:
    """How many runs ended with one verdict."""

    verdict: str
    day: int
    week: int


@dataclass(frozen=True)
class Trouble:
    """A failure of ours that came up lately: how often, when last, where, and in which run."""

    message: str
    node: str
    count: int
    last: datetime
    run: Run | None


def pause(queue: str, by: User) -> None:
    """Have nothing more claimed from a queue. What runs goes on. Raises NotFound for an unknown queue."""
    Pause.objects.get_or_create(queue=_known(queue), defaults={"by": by})


def resume(queue: str) -> None:
    """Go on with a paused queue, and call nodes to it. Raises NotFound for an unknown queue."""
    Pause.objects.filter(queue=_known(queue)).delete()
    wake(calls_for(queue))


def _known(queue: str) -> str:
    if queue not in Run.Queue.values:
        raise NotFound("There is no queue of that name.")
    return queue


def drain(node: str, on: bool) -> None:
    """Let a node finish what it has and claim nothing more, or let it work again. Raises NotFound."""
    if not Node.objects.filter(pk=node).update(draining=on):
        raise NotFound("There is no node of that name.")
    if not on:
        for queue in Run.Queue.values:
            wake(calls_for(queue))


def queue_states() -> list[QueueState]:
    """Every queue, in the order of their importance. Three queries."""
    queued = Run.objects.filter(state=Run.State.QUEUED).order_by().values_list("queue")
    counts = queued.annotate(n=Count("pk"), oldest=Min("created_at"))
    waiting: dict[str, tuple[int, datetime | None]] = {name: (n, oldest) for name, n, oldest in counts}
    running = dict(leased().values_list("queue").annotate(n=Count("pk")))
    pauses = {pause.queue: pause for pause in Pause.objects.select_related("by")}
    return [
        QueueState(name, *waiting.get(name, (0, None)), running.get(name, 0), pauses.get(name))
        for name in Run.Queue.values
    ]


def node_reports() -> list[NodeReport]:
    """The nodes heard of within a week, those that are there first. Two queries."""
    now = timezone.now()
    running = dict(leased().values_list("node").annotate(n=Count("pk")))
    known = Node.objects.filter(seen_at__gt=now - NODES_KEPT)
    reports = [
        NodeReport(
            node,
            node.seen_at > now - timedelta(minutes=1),
            NodeState.model_validate(node.about),
            running.get(node.name, 0),
        )
        for node in known
    ]
    return sorted(reports, key=lambda one: (not one.is_fresh, one.node.name))


def running_now() -> list[Run]:
    """What runs, longest first; at most ``RUNNING_SHOWN``. One query, without what was handed in."""
    runs = leased().select_related("owner").defer("spec", "report")
    return list(runs.order_by("started_at")[:RUNNING_SHOWN])


def ended_lately() -> list[Ended]:
    """How runs ended in the last day and in the last week, the most frequent first. One query."""
    now = timezone.now()
    week = Run.objects.filter(queue__in=Run.Queue.values, finished_at__gt=now - timedelta(days=7))
    day = Count("pk", filter=Q(finished_at__gt=now - timedelta(days=1)))
    rows = week.order_by().values_list("verdict").annotate(day=day, week=Count("pk"))
    return sorted((Ended(*row) for row in rows if row[0]), key=lambda one: -one.week)


def troubles_lately() -> list[Trouble]:
    """Our failures of the last week by message and node, newest first. Two queries."""
    week = Failure.objects.filter(at__gt=timezone.now() - timedelta(days=7)).order_by()
    groups = week.values("message", "node").annotate(n=Count("pk"), last=Max("at"), newest=Max("pk"))
    shown = list(groups.order_by("-last")[:FAILURES_SHOWN])
    newest = [row["newest"] for row in shown]
    runs = {
        failure.pk: failure.run for failure in Failure.objects.filter(pk__in=newest).select_related("run")
    }
    return [
        Trouble(row["message"], row["node"], row["n"], row["last"], runs.get(row["newest"])) for row in shown
    ]
