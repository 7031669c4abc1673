"""How much a person may train: runs at once, and minutes of a device within seven days.

What is charged is the time that a run's last lease lasted, for each of its nodes: a try that was lost or
failed on our side is free.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from cairn.accounts.models import User
from cairn.runs.models import TRAIN_QUEUES, Run
from cairn.ui.errors import Refusal
from grader.contract import Kind

WEEK = timedelta(days=7)
DEVICES = {Run.Queue.TRAIN_CPU: "processor", Run.Queue.TRAIN_GPU: "GPU"}
KEPT = "Nothing was started, and your files and settings are kept."


class OverQuota(Refusal):
    """The person has as much under way, or used as much, as is allowed."""

    status, code = 429, "over-quota"


@dataclass(frozen=True)
class Quota:
    """What a person may use of one queue within seven days, and has used, in minutes."""

    queue: str
    allowed: int
    used: float

    @property
    def device(self) -> str:
        """What the queue's minutes are minutes of."""
        return DEVICES[Run.Queue(self.queue)]

    @property
    def left(self) -> float:
        """Minutes that remain."""
        return max(0.0, self.allowed - self.used)


@dataclass(frozen=True)
class Quotas:
    """A person's quotas, and how many of their training runs wait or run."""

    under_way: int
    at_once: int
    by_queue: tuple[Quota, ...]


def quotas_of(user: User) -> Quotas:
    """What the person may still use. One query."""
    mine = Run.objects.filter(owner=user, kind=Kind.TRAIN, created_at__gt=timezone.now() - 2 * WEEK)
    runs = list(mine.only("queue", "state", "kind", "nodes", "verdict", "started_at", "finished_at"))
    since = timezone.now() - WEEK
    lately = [run for run in runs if run.started_at and run.started_at > since]
    return Quotas(
        under_way=sum(not run.is_terminal for run in runs),
        at_once=settings.TRAIN_AT_ONCE,
        by_queue=tuple(
            Quota(
                queue,
                settings.TRAIN_MINUTES[queue],
                sum((run.used * run.nodes for run in lately if run.queue == queue), timedelta())
                / timedelta(minutes=1),
            )
            for queue in TRAIN_QUEUES
        ),
    )


def check(user: User, queue: str) -> None:
    """Raises OverQuota where the person may not start another training run on that queue now."""
    now = quotas_of(user)
    if now.under_way >= now.at_once:
        raise OverQuota(
            f"You have {now.under_way} training runs under way, as many as one person may have. {KEPT} "
            "Wait until one ends, or stop it."
        )
    quota = next(one for one in now.by_queue if one.queue == queue)
    if quota.left <= 0:
        raise OverQuota(
            f"You have used your {quota.allowed} {quota.device} minutes of the last seven days. {KEPT} "
            "They come back as that time passes."
        )
