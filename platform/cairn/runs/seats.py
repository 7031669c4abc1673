"""Runs that several nodes train together: which may gather, who takes a seat, what its holder may read.

The node that claims such a run is rank 0's: it holds the run's lease, as any node does, and speaks for all.
For the others there are seats, which belong to that lease and go with it. Of each queue one run gathers at a
time, so that two never wait for each other's nodes; one whose nodes did not come together in time gives way.
Whether a node that took a seat is still there, rank 0's node knows first: it ends the lease when one is lost.
"""

import secrets
from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import salted_hmac

from cairn.runs import nodes
from cairn.runs.models import TRAIN_QUEUES, Node, Run, Seat
from cairn.runs.texts import digest
from cairn.ui.errors import Refusal
from grader import contract

NOT_BEGUN = ("starting", "gathering", "preparing")  # phases of a lease whose programs have not started
_SALT = "cairn.runs.seats"
_KNOWN_FOR = timedelta(days=1)  # how long a node counts that was not heard of


class NoSuchNodes(Refusal):
    """The project trains on several nodes together, and none here can do that."""

    status, code = 409, "no-such-nodes"


def check(count: int) -> None:
    """Raises NoSuchNodes where no node of this installation trains together with others.

    One that does may not know of the others yet: nodes are heard of when they are called, as for this run.
    """
    known = Node.objects.filter(trouble="", seen_at__gt=timezone.now() - _KNOWN_FOR)
    if count > 1 and not _offering(known):
        raise NoSuchNodes(
            f"This project trains on {count} nodes together, and no node of this installation can. Nothing "
            "was started, and your files and settings are kept. Tell whoever looks after this installation."
        )


def _offering(known: Iterable[Node]) -> list[str]:
    return [node.name for node in known if node.about.get("address")]


def address(node: str) -> str:
    """Where other nodes reach this one; empty for a node that trains alone."""
    about = Node.objects.filter(pk=node[:80]).values_list("about", flat=True).first() or {}
    return str(about.get("address", ""))


def startable(queue: str, node: str) -> Q:
    """Which waiting runs of a queue the node may start: those for one, and one that may gather now."""
    if queue not in TRAIN_QUEUES:
        return Q()
    alone = Q(nodes=1)
    if not address(node) or Seat.objects.filter(queue=queue, token_hash="").exists():
        return alone
    rest = timezone.now() - timedelta(seconds=2 * settings.GATHER_SECONDS)
    rested = ~Q(phase__in=NOT_BEGUN) | Q(started_at__lt=rest)
    return alone | (Q(nodes__lte=len(_offering(nodes.working()))) & rested)


def lay(run: Run) -> None:
    """Make the seats of a run that was just claimed. Raises IntegrityError where another gathers already."""
    Seat.objects.bulk_create(Seat(run=run, queue=run.queue, rank=rank) for rank in range(1, run.nodes))


def take(queue: str, node: str) -> tuple[Seat, str] | None:
    """A seat at the run that gathers, and its token, for a node that has no part in it yet.

    Inside the caller's transaction. Raises IntegrityError where the node takes another there at this moment.
    """
    if queue not in TRAIN_QUEUES or not address(node):
        return None
    there = Run.objects.filter(Q(node=node[:80]) | Q(seats__node=node[:80]), state=Run.State.RUNNING)
    free = Seat.objects.filter(queue=queue, token_hash="", run__cancel_asked=False)
    mine = free.exclude(run__in=there.values("pk")).select_for_update(of=("self",)).select_related("run")
    seat = mine.order_by("rank").first()
    if seat is None or Node.objects.filter(pk=node[:80], draining=True).exists():
        return None
    token = f"{queue}.{secrets.token_urlsafe(32)}"
    seat.node, seat.token_hash = node[:80], digest(token)
    seat.save(update_fields=["node", "token_hash"])
    return seat, token


def place(run: Run, rank: int) -> contract.Seat:
    """What a node of a claimed run is told. The secret follows from the lease's token: one for each try."""
    key = salted_hmac(_SALT, f"{run.pk}.{run.token_hash}", algorithm="sha256")
    return contract.Seat(
        rank=rank,
        nodes=run.nodes,
        address=address(run.node),
        secret=key.hexdigest(),
        wait_seconds=settings.GATHER_SECONDS,
    )


def clear(run: Run) -> None:
    """A lease is over, and with it its seats."""
    if run.nodes > 1:
        Seat.objects.filter(run=run).delete()
