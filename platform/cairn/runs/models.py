"""One execution of untrusted code. The row is the truth: what is to be done is a query over it."""

import uuid
from datetime import timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from grader.contract import Artifact, ArtifactRole, Kind, Verdict


class Blob(models.Model):
    """Text addressed by its SHA-256: learner files and test bundles, stored once however often used."""

    digest = models.CharField(max_length=64, primary_key=True)
    text = models.TextField()

    def __str__(self) -> str:
        return self.digest[:12]


class Run(models.Model):
    """A job to be run on a node, being run, or finished. Knows nothing of lessons.

    A running row carries a lease: whoever holds the token (stored hashed) may speak for it until
    ``lease_until``. After that the sweeper gives the row back to the queue, ``MAX_TRIES`` times at most.
    """

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        FINISHED = "finished"
        CANCELLED = "cancelled"

    class Queue(models.TextChoices):
        INTERACTIVE = "interactive"  # somebody watches: the Run button
        GRADE = "grade"
        REGRADE = "regrade"  # graded before, and again because the content changed: nobody waits for it
        TRAIN_CPU = "train-cpu"
        TRAIN_GPU = "train-gpu"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="runs")
    title = models.CharField(max_length=200)  # what is shown on the run's own page
    kind = models.CharField(max_length=8, choices=[(kind.value, kind.value) for kind in Kind])
    queue = models.CharField(max_length=12, choices=Queue.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    spec = models.JSONField()  # a contract.Job without its texts: files and tests are {name: digest}
    nodes = models.PositiveSmallIntegerField(default=1)  # that train it together
    content_hash = models.CharField(max_length=64)
    subject = models.CharField(max_length=120, blank=True, default="")  # what the caller files it under

    tries = models.PositiveSmallIntegerField(default=0)
    token_hash = models.CharField(max_length=64, blank=True)
    node = models.CharField(max_length=80, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    batches = models.PositiveIntegerField(default=0)  # events received under the present lease
    last_seq = models.PositiveIntegerField(default=0)  # place of the newest stored event, over all tries
    event_chars = models.PositiveIntegerField(default=0)  # stored for events, to keep a run's log bounded
    cancel_asked = models.BooleanField(default=False)

    verdict = models.CharField(max_length=10, blank=True, choices=[(v.value, v.value) for v in Verdict])
    score = models.FloatField(default=0)
    tests_passed = models.PositiveIntegerField(default=0)
    tests_total = models.PositiveIntegerField(default=0)
    report = models.JSONField(null=True, blank=True)

    # A training run alone has these. ``starts`` says for each lease at which step, and after how many seconds
    # of training, it went on: [{"step", "seconds"}]. What an earlier lease logged beyond that is lost.
    phase = models.CharField(max_length=20, blank=True, default="")  # what its node last said that it does
    step = models.PositiveBigIntegerField(null=True, blank=True)  # the furthest that was logged
    starts = models.JSONField(default=list, blank=True)
    points = models.PositiveIntegerField(default=0)  # stored, of all its curves
    last_stretch = models.PositiveIntegerField(default=0)  # place of the newest stored stretch of a curve
    charts = models.CharField(max_length=64, blank=True, default="")  # how to draw them: digest of a Blob
    note = models.TextField(blank=True, default="")  # the learner's own
    tags = models.JSONField(default=list, blank=True)

    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["queue", "created_at"], condition=Q(state="queued"), name="runs_waiting"),
            models.Index(
                fields=["queue", "owner", "created_at"], condition=Q(state="queued"), name="runs_turns"
            ),
            models.Index(fields=["lease_until"], condition=Q(state="running"), name="runs_leased"),
            models.Index(fields=["owner", "queue"], condition=Q(state="running"), name="runs_busy"),
            models.Index(fields=["owner", "queue", "-started_at"], name="runs_served"),
            models.Index(fields=["owner", "-created_at"], name="runs_of_owner"),
            models.Index(fields=["owner", "kind", "-created_at"], name="runs_by_kind"),
            models.Index(fields=["subject", "kind"], name="runs_by_subject"),
            models.Index(fields=["queue", "-finished_at"], name="runs_ended"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id} {self.verdict or self.state}"

    @property
    def is_terminal(self) -> bool:
        """Whether nothing more will happen to this run."""
        return self.state in (self.State.FINISHED, self.State.CANCELLED)

    @property
    def trains(self) -> bool:
        """Whether it is a training run, with curves and artifacts."""
        return self.kind == Kind.TRAIN

    @property
    def max_tries(self) -> int:
        """How often it is started before we give up. Hours of training are worth more tries."""
        tries: int = settings.MAX_TRAIN_TRIES if self.trains else settings.MAX_TRIES
        return tries

    @property
    def used(self) -> timedelta:
        """How long it kept a device busy, as far as that is charged: what failed on our side is free."""
        if self.started_at is None or self.verdict == Verdict.INTERNAL or self.state == self.State.QUEUED:
            return timedelta()
        return (self.finished_at or timezone.now()) - self.started_at


def leased() -> models.QuerySet[Run]:
    """What runs. Asked for by its lease too, whose index holds nothing else: SQLite would read all rows."""
    return Run.objects.filter(state=Run.State.RUNNING, lease_until__isnull=False).order_by()


# What a node gets that asks for work of a queue: the first of these in which something waits.
SERVED = {
    Run.Queue.INTERACTIVE: (Run.Queue.INTERACTIVE,),
    Run.Queue.GRADE: (Run.Queue.INTERACTIVE, Run.Queue.GRADE, Run.Queue.REGRADE),
    Run.Queue.TRAIN_CPU: (Run.Queue.TRAIN_CPU,),
    Run.Queue.TRAIN_GPU: (Run.Queue.TRAIN_GPU,),
}
TRAIN_QUEUES = (Run.Queue.TRAIN_CPU, Run.Queue.TRAIN_GPU)


class Seat(models.Model):
    """A place for a further node in a run that several train together; rank 0's node is the run's own.

    It belongs to one lease of the run and is gone with it. ``node`` and ``token_hash`` are empty until a node
    takes it. That one run of a queue gathers at a time, and a node sits once, are promises of the database.
    """

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="seats")
    queue = models.CharField(max_length=12, choices=Run.Queue.choices)
    rank = models.PositiveSmallIntegerField()
    node = models.CharField(max_length=80, blank=True)
    token_hash = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["run", "rank"], name="one_seat_per_rank"),
            models.UniqueConstraint(fields=["run", "node"], condition=~Q(node=""), name="one_seat_per_node"),
            models.UniqueConstraint(
                fields=["queue", "rank"], condition=Q(token_hash=""), name="one_run_gathers"
            ),
        ]

    def __str__(self) -> str:
        return f"rank {self.rank} of {self.run_id}"


class RunEvent(models.Model):
    """Something that happened in a run, in order. ``data`` is a contract.Event as JSON."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="events")
    seq = models.PositiveIntegerField()  # from 1, over all tries
    data = models.JSONField()
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["run", "seq"], name="one_event_per_place")
        ]
        ordering = ["seq"]

    def __str__(self) -> str:
        return f"{self.seq} {self.data.get('kind', '')}"


class Chunk(models.Model):
    """A stretch of one curve, at most ``curves.CHUNK`` points of one lease, in the order they were logged.

    The arrays are little-endian: int64 steps, float64 values and seconds. The lowest and highest value stand
    beside them, so that a long curve can be drawn without reading all of it; None where none is finite.
    """

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="chunks")
    name = models.CharField(max_length=120)
    lease = models.PositiveSmallIntegerField()  # counted from 1, as ``Run.starts``
    place = models.PositiveIntegerField()  # in this curve, from 0
    count = models.PositiveIntegerField()
    full = models.BooleanField(default=False)
    steps = models.BinaryField()
    values = models.BinaryField()
    seconds = models.BinaryField()
    first_step = models.BigIntegerField()
    last_step = models.BigIntegerField()
    first_second = models.FloatField()
    last_second = models.FloatField()
    low = models.FloatField(null=True)
    low_step = models.BigIntegerField()
    low_second = models.FloatField()
    high = models.FloatField(null=True)
    high_step = models.BigIntegerField()
    high_second = models.FloatField()

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["run", "name", "place"], name="one_chunk_per_place")
        ]
        ordering = ["name", "place"]

    def __str__(self) -> str:
        return f"{self.name} {self.first_step} to {self.last_step}"


class StoredFile(models.Model):
    """Bytes addressed by their SHA-256, in the storage named ``artifacts``: kept once however often made."""

    digest = models.CharField(max_length=64, primary_key=True)
    size = models.PositiveBigIntegerField()
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.digest[:12]

    @property
    def path(self) -> str:
        """Its name in the storage."""
        return f"{self.digest[:2]}/{self.digest}"


class RunArtifact(models.Model):
    """A file that a run made and that is safe here: a contract.Artifact as a row."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="artifacts")
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="artifacts")
    name = models.CharField(max_length=120)
    role = models.CharField(max_length=10, choices=[(role.value, role.value) for role in ArtifactRole])
    media_type = models.CharField(max_length=100)
    step = models.PositiveBigIntegerField(null=True)
    lease = models.PositiveSmallIntegerField(default=1)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["run", "name", "file", "step"], name="an_artifact_once")
        ]
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.name} of {self.run_id}"

    @property
    def message(self) -> Artifact:
        """As both sides know it. Needs ``file``."""
        return Artifact(
            name=self.name,
            role=ArtifactRole(self.role),
            digest=self.file_id,
            size=self.file.size,
            media_type=self.media_type,
            step=self.step,
        )


class Input(models.Model):
    """A run began from an artifact of an earlier one, which its code knows as ``name``."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="inputs")
    name = models.CharField(max_length=80)
    artifact = models.ForeignKey(RunArtifact, on_delete=models.CASCADE, related_name="uses")

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["run", "name"], name="one_input_per_name")
        ]

    def __str__(self) -> str:
        return f"{self.name} for {self.run_id}"


class Node(models.Model):
    """A worker node as the site last heard of it. Nodes need no account: a ticket is permission enough.

    ``trouble`` is why it cannot run learner code, in words for a person; empty where it can. ``slots`` is how
    many jobs it runs at once, beside one more that it keeps for Run clicks. A ``draining`` node finishes what
    it has and claims nothing more. ``about`` is what it last said of itself, for the operations page.
    """

    name = models.CharField(max_length=80, primary_key=True)
    seen_at = models.DateTimeField()
    trouble = models.TextField(blank=True)
    slots = models.PositiveSmallIntegerField(default=1)
    draining = models.BooleanField(default=False)
    about = models.JSONField(default=dict, blank=True)  # a contract.NodeState, or empty from an older node

    def __str__(self) -> str:
        return self.name


class Pause(models.Model):
    """A queue from which nothing is claimed until an admin says so. What waits in it keeps its place."""

    queue = models.CharField(max_length=12, primary_key=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.queue} is paused"


class Failure(models.Model):
    """A failure of ours in one try of a run, in words for admins. The learner sees none of it."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="failures")
    node = models.CharField(max_length=80)
    message = models.TextField()
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["-at"], name="failures_lately")]
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"{self.node}: {self.message[:80]}"
