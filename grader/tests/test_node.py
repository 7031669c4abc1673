"""A node and the site: batches in order, leases kept, nothing reported twice, nothing kept after a stop."""

import json
import threading
import time
from collections.abc import Callable

import httpx
import pytest

from grader import node as node_module
from grader.contract import Batch, Claim, Job, Kind, NodeState, Output, Report, Seat, Training, Verdict
from grader.node import Node, Site, fitting


class FakeSite(httpx.MockTransport):
    """What the site would say, and all that it heard."""

    def __init__(self, jobs: int = 1) -> None:
        super().__init__(self.answer)
        self.waiting = [f"job-{number}" for number in range(jobs)]
        self.heard: list[tuple[str, dict]] = []
        self.next_answers: dict[str, list[httpx.Response]] = {}
        self.cancelled = False

    def answer(self, request: httpx.Request) -> httpx.Response:
        what = request.url.path.rsplit("/", 1)[-1]
        self.heard.append((what, json.loads(request.content)))
        if what != "claim":
            assert request.headers["Authorization"] == "Bearer token"
        if scripted := self.next_answers.get(what):
            return scripted.pop(0)
        if what in ("claim", "report"):
            return self.claim()
        return (
            httpx.Response(204) if what == "release" else httpx.Response(200, json={"cancel": self.cancelled})
        )

    def claim(self) -> httpx.Response:
        if not self.waiting:
            return httpx.Response(204)
        job = Job(id=self.waiting.pop(0), files={}, tests={})
        return httpx.Response(200, text=Claim(job=job, token="token", lease_seconds=0.6).model_dump_json())

    def words(self, what: str) -> list[dict]:
        return [body for heard, body in self.heard if heard == what]

    def texts(self) -> list[str]:
        """The events as a site keeps them: each once, by its number."""
        kept: dict[int, str] = {}
        for body in self.words("events"):
            batch = Batch.model_validate(body)
            assert batch.first <= len(kept)
            kept |= {batch.first + index: event.text for index, event in enumerate(batch.events)}
        return [kept[number] for number in sorted(kept)]


def prints(count: int, pause: float = 0.0) -> Callable[..., Report]:
    def runner(job, on_event, *, backend, cancel) -> Report:
        for number in range(count):
            on_event(Output(text=str(number)))
            if cancel.wait(pause):
                return Report(job_id=job.id, status=Verdict.INTERNAL)
        return Report(job_id=job.id, status=Verdict.PASSED, score=1.0)

    return runner


def drained(site: FakeSite, runner: Callable[..., Report], stop: threading.Event | None = None) -> int:
    node = Node(Site("http://site", transport=site), None, name="n", stop=stop, runner=runner)
    return node.drain("grade", "ticket")


def test_it_claims_until_nothing_waits() -> None:
    site = FakeSite(jobs=3)
    assert drained(site, prints(2)) == 3
    assert site.words("claim") == [{"queue": "grade", "ticket": "ticket", "node": "n", "slots": 1}]
    assert [body["job_id"] for body in site.words("report")] == ["job-0", "job-1", "job-2"]


def test_events_arrive_in_order_in_few_messages_and_before_the_report() -> None:
    site = FakeSite()
    drained(site, prints(500, pause=0.001))
    assert site.texts() == [str(number) for number in range(500)]
    assert len(site.words("events")) < 15
    assert [what for what, _ in site.heard][-1] == "report"


def test_a_batch_that_failed_is_sent_again_from_the_same_number() -> None:
    site = FakeSite()
    site.next_answers["events"] = [httpx.Response(503), httpx.Response(502)]
    drained(site, prints(3))
    assert site.texts() == ["0", "1", "2"]
    assert [body["first"] for body in site.words("events")][:3] == [0, 0, 0]


def test_a_quiet_job_keeps_its_lease() -> None:
    site = FakeSite()
    drained(site, prints(2, pause=0.7))
    assert len(site.words("heartbeat")) >= 2


def test_a_lost_lease_ends_the_job_without_a_report() -> None:
    site = FakeSite()
    site.next_answers["heartbeat"] = [httpx.Response(409)]
    began = time.monotonic()
    assert drained(site, prints(2, pause=20)) == 0
    assert time.monotonic() - began < 5
    assert not site.words("report")
    assert not site.words("release")


def test_a_report_that_came_too_late_is_dropped() -> None:
    site = FakeSite()
    site.next_answers["report"] = [httpx.Response(409)]
    assert drained(site, prints(1)) == 0
    assert len(site.words("report")) == 1


def test_a_run_that_was_cancelled_is_given_back() -> None:
    site = FakeSite()
    site.cancelled = True
    assert drained(site, prints(2, pause=20)) == 0
    assert site.words("release") == [{}]


def test_a_node_that_stops_gives_its_run_back_at_once() -> None:
    site, stop = FakeSite(jobs=2), threading.Event()
    threading.Timer(0.3, stop.set).start()
    began = time.monotonic()
    assert drained(site, prints(2, pause=20), stop) == 0
    assert time.monotonic() - began < 2
    assert site.words("release") == [{}]
    assert len(site.waiting) == 1


def test_a_stopped_node_claims_nothing() -> None:
    stop = threading.Event()
    stop.set()
    site = FakeSite()
    assert drained(site, prints(1), stop) == 0
    assert not site.heard


def test_a_site_that_is_away_is_given_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node_module, "_TRIES_FOR", 0.5)

    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    with pytest.raises(node_module.Unreachable):
        Site("http://site", transport=httpx.MockTransport(refuse)).post("/x", "{}", tries_for=0.5)


def test_a_ticket_that_is_refused_is_not_tried_again() -> None:
    site = FakeSite()
    site.next_answers["claim"] = [httpx.Response(403)]
    assert drained(site, prints(1)) == 0
    assert len(site.heard) == 1


def test_a_mistake_of_ours_is_reported_as_ours() -> None:
    def broken(job, on_event, *, backend, cancel) -> Report:
        raise RuntimeError("secret detail")

    site = FakeSite()
    assert drained(site, broken) == 1
    report = site.words("report")[0]
    assert report["status"] == "internal"
    assert "secret detail" not in report["message"]


def test_a_report_fits_into_one_message() -> None:
    report = Report(job_id="1", status=Verdict.PASSED, output="x" * 10_000_000)
    assert len(fitting(report).model_dump_json()) < 4 * 2**20


class Floor:
    """A runner whose jobs last until they are let go, and who is on it."""

    def __init__(self) -> None:
        self.running: list[str] = []
        self.changed = threading.Condition()
        self.doors: dict[str, threading.Event] = {}

    def __call__(self, job, on_event, *, backend, cancel) -> Report:
        door = self.doors.setdefault(job.id, threading.Event())
        with self.changed:
            self.running.append(job.id)
            self.changed.notify_all()
        assert door.wait(10)
        with self.changed:
            self.running.remove(job.id)
            self.changed.notify_all()
        return Report(job_id=job.id, status=Verdict.PASSED, score=1.0)

    def end(self, job: str) -> None:
        self.doors[job].set()

    def until(self, *jobs: str) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: sorted(self.running) == sorted(jobs), 5), self.running


class TwoQueues(FakeSite):
    """A site whose tokens say which queue they came from, as the real one's do."""

    def __init__(self, **waiting: list[str]) -> None:
        super().__init__()
        self.queues = waiting

    def answer(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        what = request.url.path.rsplit("/", 1)[-1]
        if what not in ("claim", "report"):
            return httpx.Response(200, json={"cancel": False})
        queue = body.get("queue") or request.headers["Authorization"].removeprefix("Bearer ")
        if not self.queues[queue]:
            return httpx.Response(204)
        job = Job(id=self.queues[queue].pop(0), files={}, tests={})
        return httpx.Response(200, text=Claim(job=job, token=queue, lease_seconds=5).model_dump_json())


def test_long_grading_never_fills_a_node_and_a_call_that_found_it_full_is_taken_up_later() -> None:
    site = TwoQueues(grade=["long-1", "long-2", "long-3"], interactive=[])
    floor = Floor()
    node = Node(Site("http://site", transport=site), None, name="n", runner=floor, at_once=2)
    calls: list[threading.Thread] = []

    def call(queue: str) -> None:
        calls.append(threading.Thread(target=node.drain, args=(queue, "ticket")))
        calls[-1].start()

    for _ in range(3):
        call("grade")
    floor.until("long-1", "long-2")
    calls[2].join(5)
    assert not calls[2].is_alive(), "a call without a slot must not hold a thread"
    site.queues["interactive"] = ["click-1", "click-2"]
    call("interactive")
    floor.until("long-1", "long-2", "click-1")
    floor.end("click-1")
    floor.until("long-1", "long-2", "click-2")
    call("interactive")
    site.queues["interactive"] = ["click-3"]
    floor.end("click-2")
    floor.until("long-1", "long-2", "click-3")
    for job, then in (("long-1", ("long-2", "long-3", "click-3")), ("click-3", ("long-2", "long-3"))):
        floor.end(job)
        floor.until(*then)
    floor.end("long-2")
    floor.end("long-3")
    for thread in calls:
        thread.join(5)
        assert not thread.is_alive()


def test_run_clicks_use_free_slots_beside_their_own() -> None:
    site = TwoQueues(grade=["long-1"], interactive=["click-1", "click-2"])
    floor = Floor()
    node = Node(Site("http://site", transport=site), None, name="n", runner=floor, at_once=2)
    calls = [
        threading.Thread(target=node.drain, args=(queue, "ticket"))
        for queue in ("grade", "interactive", "interactive")
    ]
    for thread in calls:
        thread.start()
    floor.until("long-1", "click-1", "click-2")
    for job in ("long-1", "click-1", "click-2"):
        floor.end(job)
    for thread in calls:
        thread.join(5)


def test_a_node_says_now_and_then_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node_module, "NEWS_SECONDS", 0.0)
    about = NodeState(versions={"python": "3.11"})
    site = FakeSite()
    node = Node(Site("http://site", transport=site), None, runner=prints(2, pause=0.7), about=lambda: about)
    time.sleep(0.1)
    node.drain("grade", "ticket")
    said = [body.get("about") for what, body in site.heard if what in ("claim", "heartbeat")]
    assert said[0] == about.model_dump(mode="json")
    assert said[1:].count(said[0]) >= 1


def test_a_node_that_cannot_say_what_it_is_works_all_the_same() -> None:
    def broken() -> NodeState:
        raise OSError("no /proc here")

    site = FakeSite()
    node = Node(Site("http://site", transport=site), None, runner=prints(1), about=broken)
    assert node.drain("grade", "ticket") == 1
    assert "about" not in site.words("claim")[0]


def test_a_further_node_of_a_run_does_its_part_and_says_only_that_it_is_there() -> None:
    site, took_part = FakeSite(), []
    training = Training(nodes=2)
    job = Job(id="together", kind=Kind.TRAIN, files={}, tests={}, training=training)
    seat = Seat(rank=1, nodes=2, address="n1.example:7077", secret="s" * 40, wait_seconds=5)
    claim = Claim(job=job, token="token", lease_seconds=0.6, seat=seat)
    site.next_answers["claim"] = [httpx.Response(200, text=claim.model_dump_json())]
    stop = threading.Event()

    def runner(job, on_event, *, backend, cancel, depot, seat) -> Report:
        took_part.append(seat)
        on_event(Output(text="rank 0 tells this"))
        while not site.words("heartbeat"):
            time.sleep(0.01)
        stop.set()
        assert cancel.wait(5), "so that rank 0's node is told"
        return Report(job_id=job.id, status=Verdict.INTERNAL)

    assert drained(site, runner, stop) == 0
    assert took_part == [seat]
    assert {what for what, _ in site.heard} == {"claim", "heartbeat"}
