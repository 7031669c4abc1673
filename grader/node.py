"""A worker node's side of the conversation with the site: claim, run, tell, report, until nothing waits.

The database row is the truth, and it is not here. A node that dies, or is cut off, owes nothing: its lease
runs out and the run is queued again. So nothing here is stored, and every retry is bounded.
"""

import json
import logging
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx

from grader.contract import Batch, Claim, Event, NodeState, Report, Verdict
from grader.run import run
from grader.sandbox.base import Backend
from grader.training.depot import LeaseLost, TooLarge, Unreachable
from grader.training.upload import SiteDepot

log = logging.getLogger(__name__)

BATCH_SECONDS = 0.1
NEWS_SECONDS = 10.0
_BATCH_EVENTS = 200
_MESSAGE_CHARS = 2_000_000  # what the site takes in one message, with room for JSON's escapes
_TRIES_FOR = 25.0  # seconds of retrying one message: about a lease, after which the run is another node's
_TIMEOUT = httpx.Timeout(15.0, connect=5.0)
_FILE_TIMEOUT = httpx.Timeout(120.0, connect=5.0)
_FILE_TRIES_FOR = 120.0  # meanwhile the lease is kept by its courier
_PIECE = 2**20
_NO_ROOM = (httpx.codes.REQUEST_ENTITY_TOO_LARGE, httpx.codes.INSUFFICIENT_STORAGE)
INTERACTIVE = "interactive"  # the queue that somebody watches

Runner = Callable[..., Report]


class Site:
    """Messages to the site. Retries what may pass (no connection, 5xx, 429), not what will not (4xx)."""

    def __init__(self, url: str, *, transport: httpx.BaseTransport | None = None) -> None:
        self._client = httpx.Client(base_url=url.rstrip("/"), timeout=_TIMEOUT, transport=transport)

    def post(self, path: str, body: str, token: str = "", *, tries_for: float = _TRIES_FOR) -> httpx.Response:
        """Posts JSON. Raises LeaseLost for 409, Unreachable when retrying is over or the site refuses."""
        headers = {"Content-Type": "application/json"} | _bearer(token)
        return self._insist(
            path, lambda: self._client.post(path, content=body, headers=headers), tries_for=tries_for
        )

    def put(self, path: str, file: Path, headers: Mapping[str, str], token: str) -> None:
        """Sends a file as it is. Raises as ``post`` does, and TooLarge where the site has no room for it."""
        sized = {**headers, **_bearer(token), "Content-Length": str(file.stat().st_size)}
        self._insist(
            path,
            lambda: self._client.put(path, content=_pieces(file), headers=sized, timeout=_FILE_TIMEOUT),
            tries_for=_FILE_TRIES_FOR,
        )

    def fetch(self, path: str, to: Path, token: str) -> None:
        """Writes what the site has there to a file. Raises as ``post`` does."""
        self._insist(path, lambda: self._download(path, to, token), tries_for=_FILE_TRIES_FOR)

    def _download(self, path: str, to: Path, token: str) -> httpx.Response:
        with self._client.stream("GET", path, headers=_bearer(token), timeout=_FILE_TIMEOUT) as answer:
            if answer.status_code != httpx.codes.OK:
                answer.read()
                return answer
            with to.open("wb") as file:
                for piece in answer.iter_bytes(_PIECE):
                    file.write(piece)
        return answer

    def _insist(
        self, path: str, ask: Callable[[], httpx.Response], *, tries_for: float = _TRIES_FOR
    ) -> httpx.Response:
        give_up = time.monotonic() + tries_for
        pause = 0.2
        while True:
            problem = self._try(path, ask)
            if isinstance(problem, httpx.Response):
                return problem
            if time.monotonic() + pause > give_up:
                raise Unreachable(f"{path}: {problem}")
            time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311  spreads nodes out, guards nothing
            pause = min(pause * 2, 5.0)

    def _try(self, path: str, ask: Callable[[], httpx.Response]) -> httpx.Response | str:
        try:
            answer = ask()
        except httpx.HTTPError as error:
            return f"{type(error).__name__}: {error}"
        if answer.status_code == httpx.codes.CONFLICT:
            raise LeaseLost
        if answer.status_code in _NO_ROOM:
            raise TooLarge(f"the site has no room for it: {answer.text[:300]}")
        if answer.status_code >= 500 or answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
            return f"the site answered {answer.status_code}"
        if answer.status_code >= 400:
            raise Unreachable(f"{path}: the site refused with {answer.status_code}: {answer.text[:300]}")
        return answer

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}


def _pieces(file: Path) -> Iterator[bytes]:
    with file.open("rb") as source:
        while piece := source.read(_PIECE):
            yield piece


class News:
    """What the node says of itself, now and then. Gathered by a thread of its own: no job waits for it."""

    def __init__(self, tell: Callable[[], NodeState] | None) -> None:
        self._tell, self._lock = tell, threading.Lock()
        self._gathered_at = -NEWS_SECONDS
        self._unsent: dict[str, Any] = {}
        if tell is not None:
            self._gathered_at = time.monotonic()
            self._gather(tell)  # so that the very first claim says it

    def due(self) -> dict[str, Any]:
        """``{"about": …}`` where there is something that was not said yet, else nothing."""
        self._gather_if_old()
        with self._lock:
            unsent, self._unsent = self._unsent, {}
        return unsent

    def _gather_if_old(self) -> None:
        with self._lock:
            if self._tell is None or time.monotonic() - self._gathered_at < NEWS_SECONDS:
                return
            self._gathered_at = time.monotonic()
        threading.Thread(target=self._gather, args=(self._tell,), name="news", daemon=True).start()

    def _gather(self, tell: Callable[[], NodeState]) -> None:
        try:
            about = tell().model_dump(mode="json")
        except Exception:
            log.exception("The node cannot say what it is; it works all the same.")
            return
        with self._lock:
            self._unsent = {"about": about}


class Lease:
    """One claimed job: sends its events in batches from a thread of its own, and keeps the lease.

    ``cancel`` is set when the job should end early: the site asked, the lease is lost, or the node stops.
    """

    def __init__(self, site: Site, claim: Claim, stop: threading.Event, news: News | None = None) -> None:
        self._site, self._claim, self._stop = site, claim, stop
        self._news = news or News(None)
        self._waiting: list[Event] = []
        self._sent = 0
        self._changed = threading.Condition()
        self._closed = False
        self._last_word = time.monotonic()
        self.lost = False
        self.cancel = threading.Event()
        self._courier = threading.Thread(target=self._deliver, name=f"courier-{claim.job.id}", daemon=True)
        self._courier.start()

    def tell(self, event: Event) -> None:
        """Queues an event. The first goes out at once, those after it together."""
        with self._changed:
            self._waiting.append(event)
            self._changed.notify()

    def finish(self, report: Report) -> httpx.Response | None:
        """Sends the last events, then the report; the answer may hold a Claim. None if it came too late."""
        self._close()
        if self.lost:
            return None
        try:
            return self._post("report", fitting(report).model_dump_json())
        except (LeaseLost, Unreachable) as error:
            log.warning("Run %s: the report was not taken (%s).", self._claim.job.id, error or "lease lost")
            return None

    def release(self, *, telling: bool = False) -> None:
        """Gives the run back at once, so that it need not wait for the lease to run out.

        ``telling``: what waits to be sent is sent before, for what a training made until now is kept.
        """
        if not telling:
            with self._changed:
                self._waiting.clear()
        self._close()
        if self.lost:
            return
        try:
            self._post("release", "{}", tries_for=2.0)
        except (LeaseLost, Unreachable) as error:
            log.warning("Run %s: it could not be given back (%s).", self._claim.job.id, error or "lease lost")

    def leave(self) -> None:
        """Says no more, where another node speaks for the run."""
        self._close()

    def _close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._courier.join(_TRIES_FOR + 20)

    def _deliver(self) -> None:
        """The courier: batches, heartbeats in between, until closed and empty, or lost."""
        try:
            while self._wait():
                self._send_batch()
                self._beat()
                if self._stop.is_set():
                    self.cancel.set()
        except (LeaseLost, Unreachable) as error:
            log.warning("Run %s: abandoned (%s).", self._claim.job.id, error or "lease lost")
            self.lost = True
            self.cancel.set()

    def _wait(self) -> bool:
        """Waits for events or a short while; collects a moment more, unless the last word is long ago."""
        with self._changed:
            if not self._waiting and not self._closed:
                self._changed.wait(BATCH_SECONDS * 2)
            more = bool(self._waiting)
            ended = self._closed
        if more and not ended:
            time.sleep(max(0.0, self._last_word + BATCH_SECONDS - time.monotonic()))
        return more or not ended

    def _send_batch(self) -> None:
        with self._changed:
            count = _how_many(self._waiting)
            events = tuple(self._waiting[:count])
        if not events:
            return
        self._hear(self._post("events", Batch(first=self._sent, events=events).model_dump_json()))
        with self._changed:
            del self._waiting[:count]
        self._sent += count

    def _beat(self) -> None:
        if time.monotonic() - self._last_word >= self._claim.lease_seconds / 3:
            self._hear(self._post("heartbeat", json.dumps(self._news.due())))

    def _hear(self, answer: httpx.Response) -> None:
        """Every answer may ask for the run to be cancelled."""
        if answer.status_code == httpx.codes.OK and answer.json().get("cancel") is True:
            self.cancel.set()

    def _post(self, what: str, body: str, **options: Any) -> httpx.Response:
        answer = self._site.post(
            f"/api/node/jobs/{self._claim.job.id}/{what}", body, self._claim.token, **options
        )
        self._last_word = time.monotonic()
        return answer


class Slots:
    """How many jobs run at once: ``shared`` of any queue, and one more that is kept for Run clicks.

    ``training`` has, by queue, slots that only trainings take, and that nothing else may: they last. A call
    to work that finds no slot free is not lost: whoever gives one back takes it up.
    """

    def __init__(self, shared: int, training: Mapping[str, int] | None = None) -> None:
        self._training = dict(training or {})
        self._free = {"shared": shared, INTERACTIVE: 1, **self._training}
        self._calls: dict[str, str] = {}  # queue: newest ticket
        self._lock = threading.Lock()

    def call(self, queue: str, ticket: str) -> None:
        """Note that there is work in ``queue``."""
        with self._lock:
            self._calls[queue] = ticket

    def take(self) -> tuple[str, str, str] | None:
        """A slot for a noted call, Run clicks first: (slot, queue, ticket). None where nothing fits."""
        with self._lock:
            for queue in sorted(self._calls, key=lambda queue: queue != INTERACTIVE):
                for slot in self._slots_for(queue):
                    if self._free[slot]:
                        self._free[slot] -= 1
                        return slot, queue, self._calls.pop(queue)
        return None

    def _slots_for(self, queue: str) -> tuple[str, ...]:
        if queue in self._training:
            return (queue,)
        return (INTERACTIVE, "shared") if queue == INTERACTIVE else ("shared",)

    def give_back(self, slot: str) -> None:
        """The slot is free again; ``take`` should follow."""
        with self._lock:
            self._free[slot] += 1


class Node:
    """Runs what the site has for it. Threads may drain at the same time; ``stop`` ends all of them soon.

    A stopped node gives back what it was running, so that another can start it at once. ``at_once`` is how
    many jobs run at the same time, beside one more that only somebody who waits for their Run click gets.
    """

    def __init__(
        self,
        site: Site,
        backend: Backend,
        *,
        name: str = "",
        stop: threading.Event | None = None,
        runner: Runner = run,
        at_once: int = 1,
        about: Callable[[], NodeState] | None = None,
        training: Mapping[str, int] | None = None,
    ) -> None:
        self._news = News(about)
        self._training = dict(training or {})
        self._site, self._backend, self._runner = site, backend, runner
        self._slots, self._at_once = Slots(at_once, training), at_once
        self.name = name or socket.gethostname()[:80]
        self.stop = stop or threading.Event()

    def drain(self, queue: str, ticket: str) -> int:
        """Claims and runs jobs of ``queue`` until none waits. Returns how many were brought to a report.

        Where every slot is taken it returns at once, and a thread that has one does this work too.
        """
        done = 0
        self._slots.call(queue, ticket)
        while taken := self._slots.take():
            slot, queue, ticket = taken
            try:
                done += self._drain(queue, ticket)
            finally:
                self._slots.give_back(slot)
        return done

    def _drain(self, queue: str, ticket: str) -> int:
        done = 0
        claim = self._first_claim(queue, ticket)
        while claim is not None:
            claim, finished = self._one(claim)
            done += finished
        return done

    def _first_claim(self, queue: str, ticket: str) -> Claim | None:
        slots = self._training.get(queue, self._at_once)
        ask = {"queue": queue, "ticket": ticket, "node": self.name, "slots": slots}
        if self.stop.is_set():
            return None
        try:
            return _claim_in(self._site.post("/api/node/claim", json.dumps(ask | self._news.due())))
        except (LeaseLost, Unreachable) as error:
            log.warning("Nothing claimed from %s: %s", queue, error)
            return None

    def _one(self, claim: Claim) -> tuple[Claim | None, bool]:
        """Runs one job. Returns the next claim, if the site gave one, and whether this one was reported."""
        if claim.seat is not None and claim.seat.rank:
            return self._take_part(claim)
        lease = Lease(self._site, claim, self.stop, self._news)
        log.info("Run %s: started.", claim.job.id)
        report = self._run(claim, lease.tell, lease.cancel)
        if lease.cancel.is_set():
            lease.release(telling=claim.job.training is not None)
            return None, False
        answer = lease.finish(report)
        log.info("Run %s: %s in %.3f s.", claim.job.id, report.status, report.wall_seconds)
        if answer is None:
            return None, False
        following = _claim_in(answer)
        if following is not None and self.stop.is_set():
            Lease(self._site, following, self.stop).release()
            return None, True
        return following, True

    def _take_part(self, claim: Claim) -> tuple[None, bool]:
        """Does a further node's part in a run: rank 0's node tells of it, this one only that it is there."""
        assert claim.seat is not None  # noqa: S101
        lease = Lease(self._site, claim, self.stop, self._news)
        log.info("Run %s: takes part as rank %s.", claim.job.id, claim.seat.rank)
        report = self._run(claim, lambda event: None, lease.cancel)
        lease.leave()
        log.info("Run %s: rank %s ended: %s.", claim.job.id, claim.seat.rank, report.message or report.status)
        return None, False

    def _run(self, claim: Claim, tell: Callable[[Event], None], cancel: threading.Event) -> Report:
        """A mistake of ours is a report too: it is retried, and costs the learner nothing."""
        job = claim.job
        more: dict[str, Any] = {} if claim.seat is None else {"seat": claim.seat}
        if job.training is not None:
            more["depot"] = SiteDepot(self._site, job.id, claim.token)
        try:
            return self._runner(job, tell, backend=self._backend, cancel=cancel, **more)
        except Exception as error:
            log.exception("Run %s: the grader failed.", job.id)
            message = f"The grader failed: {type(error).__name__}."
            return Report(
                job_id=job.id, status=Verdict.INTERNAL, message=message, content_hash=job.content_hash
            )


def fitting(report: Report) -> Report:
    """The report with output short enough for one message; the whole of it went out as events."""
    room = _MESSAGE_CHARS // 2
    if len(report.output) <= room:
        return report
    return report.model_copy(update={"output": report.output[:room] + "\n… cut here.\n"})


def _how_many(events: list[Event]) -> int:
    """How many of the waiting events go into one message; at least one."""
    size = 0
    for count, event in enumerate(events[:_BATCH_EVENTS]):
        size += _chars(event)
        if size > _MESSAGE_CHARS // 2:
            return max(count, 1)
    return min(len(events), _BATCH_EVENTS)


def _chars(event: Event) -> int:
    """About how long an event is as JSON."""
    if event.kind == "output":
        return len(event.text)
    beside = 40 * len(event.steps) if event.kind == "points" else 0
    return {"test": 20_000, "sample": 6_000}.get(event.kind, 400) + beside


def _claim_in(answer: httpx.Response) -> Claim | None:
    return Claim.model_validate_json(answer.content) if answer.status_code == httpx.codes.OK else None
