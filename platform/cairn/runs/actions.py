"""The verbs of a run: everything that may change its row, each one transaction with effects on commit.

States: ``queued → running → finished | cancelled``, and ``running → queued`` when a lease is lost, given
back or ends ``internal``. A running row belongs to whoever holds its token; every change that such a holder
makes is fenced by it, so work that was started twice can have its effect only once.
"""

import secrets
import uuid
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import IntegrityError, connection, transaction
from django.db.models import Count, Exists, F, OuterRef, QuerySet, Subquery
from django.utils import timezone

from cairn.accounts.models import User
from cairn.runs import artifacts, live, nodes, seats, training
from cairn.runs.models import SERVED, TRAIN_QUEUES, Blob, Failure, Node, Pause, Run, RunEvent, Seat, leased
from cairn.runs.texts import digest, inert, inert_text
from cairn.runs.wake import calls_for, wake
from cairn.ui.errors import Forbidden, Refusal
from grader.contract import Batch, Claim, Event, Job, Kind, NodeState, Phase, Report, TestStatus, Verdict

MAX_EVENTS = 2_000  # of one run, over all its tries
MAX_EVENT_CHARS = 2_000_000  # of their JSON together
LEAST_CHARS = 100  # what an event of a training run counts at least
# Nodes are told a shorter lease than they have: they speak three times in one, and so hear of a stop soon.
TOLD_LEASE_SECONDS = 6
GAVE_UP = "The sandbox did not answer. Your code is saved. Nothing was counted as an attempt."
SILENT = "The node was not heard of until the lease ran out."
CUT = Phase(name="cut")  # the last event of a run that had more to say than is kept


class LeaseLost(Refusal):
    """The caller's token no longer speaks for this run: it was given to another, cancelled or finished."""

    status, code = 409, "lease-lost"

    def __init__(self) -> None:
        super().__init__("This lease is over. Stop the job; nothing more is taken for it.")


class OutOfOrder(Refusal):
    """A batch that skips events, or a report about another run."""

    status, code = 422, "out-of-order"


TEXTS = ("files", "tests", "loaders")  # parts of a job that a run's spec has as {name: digest}


def enqueue(owner: User, title: str, job: Job, queue: str, subject: str = "", charts: str = "") -> Run:
    """Store a job and queue it, inside the caller's transaction. Texts are kept once, by digest.

    The run takes ``job.id`` as its own id, so that a caller may know it beforehand. ``subject`` is what the
    caller files it under, by which its runs can be found together. ``charts`` is JSON for the page of a
    training run: [{"title", "names", "percent", "target", "band"}].
    """
    spec = job.model_dump(mode="json") | {part: _stored(getattr(job, part)) for part in TEXTS}
    run = Run.objects.create(
        id=uuid.UUID(job.id),
        owner=owner,
        title=title,
        kind=job.kind,
        queue=queue,
        spec=spec,
        nodes=job.training.nodes if job.training and job.kind is Kind.TRAIN else 1,
        content_hash=job.content_hash,
        subject=subject,
        charts=_stored({"charts": charts})["charts"] if charts else "",
    )
    _wake_on_commit(queue)
    return run


def _stored(texts: dict[str, str]) -> dict[str, str]:
    digests = {name: digest(text) for name, text in texts.items()}
    blobs = [Blob(digest=digests[name], text=text) for name, text in texts.items()]
    Blob.objects.bulk_create(blobs, ignore_conflicts=True)
    return digests


def _wake_on_commit(queue: str, times: int = 1) -> None:
    transaction.on_commit(lambda: wake(calls_for(queue), times), robust=True)


# --- what a node asks for


def claim(queue: str, node: str, slots: int | None = None, about: NodeState | None = None) -> Claim | None:
    """Lease the run that is next for a node that serves ``queue``; None where it is to have none.

    Who serves ``grade`` gets Run clicks first and regrades last. ``slots`` is how many jobs the node runs at
    once, and ``about`` what it says of itself, where it does. A seat at a run that gathers comes first.
    """
    nodes.seen(node, None if queue in TRAIN_QUEUES else slots, about)
    try:
        return _seated(queue, node) or _leased(queue, node)
    except IntegrityError:  # another node, or another slot of this one, was first: see ``Seat``
        return None


def _seated(queue: str, node: str) -> Claim | None:
    """A further node's part in a run: all that the training needs, and nothing of its tests."""
    with transaction.atomic():
        if (taken := seats.take(queue, node)) is None:
            return None
        seat, token = taken
        job = _job(seat.run).model_copy(update={"tests": {}})
        return _claim(seat.run, token, job, seat.rank)


def _claim(run: Run, token: str, job: Job, rank: int = 0) -> Claim:
    seat = seats.place(run, rank) if run.nodes > 1 else None
    lease_seconds = min(settings.LEASE_SECONDS, TOLD_LEASE_SECONDS)
    return Claim(job=job, token=token, lease_seconds=lease_seconds, seat=seat)


def _leased(queue: str, node: str) -> Claim | None:
    token = f"{queue}.{secrets.token_urlsafe(32)}"
    with transaction.atomic():
        waiting = (_next_waiting(served, node) for served in SERVED[Run.Queue(queue)])
        run = next(filter(None, waiting), None)
        if run is None:
            return None
        run.tries += 1
        run.state, run.node, run.token_hash = Run.State.RUNNING, node[:80], digest(token)
        run.started_at, run.lease_until, run.batches = timezone.now(), _lease_end(), 0
        if run.spec.get("training"):
            training.begin_lease(run)
        run.save(
            update_fields=[
                *("tries", "state", "node", "token_hash", "started_at", "lease_until", "batches"),
                *("starts", "phase"),
            ]
        )
        _store_events(run, (Phase(name="starting"),))
        if run.nodes > 1:
            seats.lay(run)
            _wake_on_commit(run.queue, times=run.nodes - 1)
        return _claim(run, token, _job(run))


def served_queue(token: str) -> str:
    """The queue that the holder of a claim's token asked for: it goes on with that one."""
    return token.partition(".")[0]


def _next_waiting(queue: str, node: str) -> Run | None:
    """The oldest waiting run of the person whose turn it is.

    None for a node that drains and from a queue that is paused. The row is locked: by SKIP LOCKED where the
    database has it, else by SQLite's immediate transaction.
    """
    waiting = Run.objects.filter(seats.startable(queue, node), queue=queue, state=Run.State.QUEUED)
    if connection.features.has_select_for_update_skip_locked:
        waiting = waiting.select_for_update(skip_locked=True)
    theirs = (waiting.filter(owner=person).order_by("created_at").first() for person in _turns(queue, node))
    return next(filter(None, theirs), None)


def _turns(queue: str, node: str) -> list[int]:
    """Who waits in a queue, next first: fewest running, then longest not served, then first come.

    Two queries, and one where nobody waits. They touch what waits and what runs, not what has ended.
    """
    of_owner = Run.objects.filter(owner=OuterRef("pk"), queue=queue).order_by()
    served = of_owner.filter(started_at__isnull=False).order_by("-started_at").values("started_at")[:1]
    first = of_owner.filter(state=Run.State.QUEUED).order_by("created_at").values("created_at")[:1]
    people = User.objects.filter(
        ~Exists(Node.objects.filter(pk=node[:80], draining=True)),
        ~Exists(Pause.objects.filter(pk=queue)),
        pk__in=Run.objects.filter(queue=queue, state=Run.State.QUEUED).order_by().values("owner"),
    )
    turns = people.annotate(served=Subquery(served), first=Subquery(first)).order_by(
        F("served").asc(nulls_first=True), "first"
    )
    if not (waiting := list(turns.values_list("pk", flat=True))):
        return []
    busy = Counter(leased().filter(queue=queue).values_list("owner", flat=True))
    return sorted(waiting, key=busy.__getitem__)  # which leaves the order of those who have as many


def _job(run: Run) -> Job:
    named = {part: run.spec.get(part, {}) for part in TEXTS}
    wanted = {digest for names in named.values() for digest in names.values()}
    texts = dict(Blob.objects.filter(digest__in=wanted).values_list("digest", "text"))
    full: dict[str, Any] = {
        part: {name: texts[d] for name, d in names.items()} for part, names in named.items()
    }
    if run.spec.get("training"):
        full["training"] = training.payload(run)
    return Job.model_validate(run.spec | full)


def _lease_end() -> Any:
    return timezone.now() + timedelta(seconds=settings.LEASE_SECONDS)


def heartbeat(run_id: uuid.UUID, token: str, about: NodeState | None = None) -> bool:
    """Keep the lease; True where the node should stop, because the run's owner asked.

    Of a seat's holder only the node is noted: the lease is rank 0's to keep. Raises LeaseLost.
    """
    if (seat := _seat(run_id, token)) is not None:
        nodes.seen(seat.node, about=about)
        return seat.run.cancel_asked
    held = _held(run_id, token)
    if not held.update(lease_until=_lease_end()):
        raise LeaseLost
    run = held.only("node", "cancel_asked").first()
    if run is None:
        raise LeaseLost
    nodes.seen(run.node, about=about)
    return run.cancel_asked


def append_events(run_id: uuid.UUID, token: str, batch: Batch) -> bool:
    """Store a batch, keep the lease and publish; True where the node should stop.

    Events that came before, in a batch that was sent again, change nothing. Raises LeaseLost, OutOfOrder.
    """
    with transaction.atomic():
        run = _locked(run_id, token)
        if batch.first > run.batches:
            raise OutOfOrder(f"Expected event {run.batches} of this lease next, not {batch.first}.")
        fresh = batch.events[run.batches - batch.first :]
        run.batches += len(fresh)
        run.lease_until = _lease_end()
        run.save(update_fields=["batches", "lease_until"])
        _store_events(run, fresh)
    nodes.seen(run.node)
    return run.cancel_asked


def finish(run_id: uuid.UUID, token: str, report: Report) -> Run:
    """Close the run with its report. ``internal`` gives it back to the queue while it has tries left.

    Raises LeaseLost, and OutOfOrder for a report about another run.
    """
    if report.job_id != str(run_id):
        raise OutOfOrder("This report is about another job.")
    with transaction.atomic():
        run = _locked(run_id, token)
        if report.status is Verdict.INTERNAL:
            _note_failure(run, report.message)
            _give_back(run, report)
        else:
            _close(run, report)
    nodes.seen(run.node)
    return run


def release(run_id: uuid.UUID, token: str) -> None:
    """Give a lease back unused, as a node does that stops; the try is not counted. Raises LeaseLost."""
    with transaction.atomic():
        run = _locked(run_id, token)
        run.tries -= 1
        if run.nodes > 1 and run.phase in seats.NOT_BEGUN:  # its nodes did not come together
            run.starts = run.starts[:-1]
        _give_back(run)


def held(run_id: uuid.UUID, token: str, *, lock: bool = False) -> Run:
    """The run that the token speaks for, its row locked if asked. Raises LeaseLost."""
    if lock:
        return _locked(run_id, token)
    run = _held(run_id, token).first()
    if run is None:
        raise LeaseLost
    return run


def read_by(run_id: uuid.UUID, token: str) -> Run:
    """The run whose files the token's holder may read: any of its nodes. Raises LeaseLost."""
    seat = _seat(run_id, token)
    return seat.run if seat is not None else held(run_id, token)


def _seat(run_id: uuid.UUID, token: str) -> Seat | None:
    if served_queue(token) not in TRAIN_QUEUES:
        return None
    taken = Seat.objects.filter(run=run_id, token_hash=digest(token), run__state=Run.State.RUNNING)
    return taken.select_related("run").first()


def _held(run_id: uuid.UUID, token: str) -> QuerySet[Run]:
    return Run.objects.filter(pk=run_id, state=Run.State.RUNNING, token_hash=digest(token))


def _locked(run_id: uuid.UUID, token: str) -> Run:
    run = _held(run_id, token).select_for_update().first()
    if run is None:
        raise LeaseLost
    return run


# --- how a lease ends


def _note_failure(run: Run, message: str) -> None:
    """Keep for admins what went wrong on our side in this try."""
    Failure.objects.create(run=run, node=run.node, message=inert_text(message) or "The node gave no reason.")


def _give_back(run: Run, report: Report | None = None) -> None:
    """Queue a locked, running row again, or end it: cancelled if asked, ``internal`` after the last try."""
    if run.cancel_asked:
        _end(run, Run.State.CANCELLED)
    elif run.tries < run.max_tries:
        run.state, run.token_hash, run.lease_until = Run.State.QUEUED, "", None
        run.save(update_fields=["tries", "state", "token_hash", "lease_until", "starts"])
        seats.clear(run)
        _publish_on_commit(run)
        _wake_on_commit(run.queue)
    else:
        _close(
            run, report or Report(job_id=str(run.pk), status=Verdict.INTERNAL, content_hash=run.content_hash)
        )


def _close(run: Run, report: Report) -> None:
    if report.status is Verdict.INTERNAL:
        report = report.model_copy(update={"message": GAVE_UP, "score": 0.0})
    run.verdict, run.score, run.report = report.status, report.score, inert(report)
    run.tests_passed = sum(test.status is TestStatus.PASSED for test in report.tests)
    run.tests_total = len(report.tests)
    _end(run, Run.State.FINISHED)


def _end(run: Run, state: Run.State) -> None:
    run.state, run.token_hash, run.lease_until, run.finished_at = state, "", None, timezone.now()
    run.save()
    seats.clear(run)
    _publish_on_commit(run)


def cancel(run: Run, user: User) -> Run:
    """Stop a run. What waits is cancelled at once; what runs, when its node hears of it.

    Cancelling what has ended changes nothing. Raises Forbidden for anybody but the owner and admins.
    """
    if run.owner_id != user.pk and not user.is_staff:
        raise Forbidden("Only the person who started this run, or an admin, can stop it.")
    with transaction.atomic():
        run = Run.objects.select_for_update().get(pk=run.pk)
        if run.state == Run.State.QUEUED:
            _end(run, Run.State.CANCELLED)
        elif run.state == Run.State.RUNNING and not run.cancel_asked:
            run.cancel_asked = True
            run.save(update_fields=["cancel_asked"])
            _publish_on_commit(run)
    return run


# --- the sweeper


def sweep() -> int:
    """Give back expired leases and wake nodes for what waits. Returns how many leases had expired.

    Safe to run anywhere, any number of times: each lease is ended under its row's lock, and only one sweeper
    in each interval asks nodes to work.
    """
    expired = Run.objects.filter(state=Run.State.RUNNING, lease_until__lt=timezone.now())
    ended = sum(_end_lease(pk, expired) for pk in expired.values_list("pk", flat=True))
    if cache.add("runs.sweeper", "1", timeout=max(1, settings.SWEEP_SECONDS - 1)):
        _wake_what_waits()
    if cache.add("runs.artifacts.swept", "1", timeout=3600):
        artifacts.forget_unused()
    return ended


def _end_lease(pk: uuid.UUID, among: QuerySet[Run]) -> bool:
    with transaction.atomic():
        run = among.filter(pk=pk).select_for_update(skip_locked=_skips_locked()).first()
        if run is not None:
            if not run.cancel_asked:
                _note_failure(run, SILENT)
            _give_back(run)
    return run is not None


def _skips_locked() -> bool:
    return connection.features.has_select_for_update_skip_locked


def _wake_what_waits() -> None:
    """A node that is there gets up to four calls for a long queue; a queue that nobody serves gets one.

    An empty queue is called too while no node is known or one is quiet: that is how the site learns that it
    is there. For what waits in a paused queue nobody is called.
    """
    queued = Run.objects.filter(state=Run.State.QUEUED).exclude(queue__in=Pause.objects.values("queue"))
    counts = queued.values_list("queue").annotate(n=Count("pk"))
    waiting = dict.fromkeys(SERVED, 0)
    free = Seat.objects.filter(token_hash="").values_list("queue").annotate(n=Count("pk")).order_by()
    for queue, count in (*counts.order_by(), *free):
        waiting[Run.Queue(calls_for(queue))] += count
    served = nodes.last_seen() is not None
    roll_call = not served or nodes.some_are_quiet()
    for queue, count in waiting.items():
        if count or roll_call:
            wake(queue, times=min(max(count, 1), 4) if served else 1)


def release_all_local() -> int:
    """Give back every lease, because the one process that held them has ended. Returns how many.

    Only for a site whose nodes are threads of the web process. The try counts: a job that takes the
    server down with it must not do so for ever.
    """
    running = Run.objects.filter(state=Run.State.RUNNING)
    return sum(_end_lease(pk, running) for pk in running.values_list("pk", flat=True))


# --- events


def _store_events(run: Run, events: tuple[Event, ...]) -> None:
    """Store curves, append the other events to a locked run's log, and publish all on commit."""
    points, log = training.take_in(run, events)
    rows = _logged(run, log)
    stretches = training.frames(run, points)
    if not rows and not stretches:
        return
    RunEvent.objects.bulk_create(rows)
    run.save(update_fields=["last_seq", "event_chars", "phase", "step", "points", "last_stretch"])
    _publish_on_commit(run, [{"seq": row.seq, "data": row.data} for row in rows], stretches)


def _logged(run: Run, events: Iterable[Event]) -> list[RunEvent]:
    """Rows for the log while it has room. That of a training run makes room by losing its oldest output."""
    rows: list[RunEvent] = []
    for event in events:
        if _is_full(run):
            break
        data = inert(event)
        run.event_chars += max(len(str(data)), LEAST_CHARS if run.trains else 0)
        if run.trains and run.event_chars >= MAX_EVENT_CHARS:
            run.event_chars -= training.forget_oldest_output(run, MAX_EVENT_CHARS // 4)
        if _is_full(run, beside=1):
            run.event_chars, data = MAX_EVENT_CHARS, inert(CUT)
        run.last_seq += 1
        rows.append(RunEvent(run=run, seq=run.last_seq, data=data))
    return rows


def _is_full(run: Run, beside: int = 0) -> bool:
    """Whether the log has no room. With curves among them places say nothing of its size."""
    return run.event_chars >= MAX_EVENT_CHARS or (not run.trains and run.last_seq + beside >= MAX_EVENTS)


def _publish_on_commit(
    run: Run, events: list[dict[str, Any]] | None = None, points: list[dict[str, Any]] | None = None
) -> None:
    frame = live.frame(run, events or [], points)
    transaction.on_commit(lambda: live.publish(run.pk, frame), robust=True)
