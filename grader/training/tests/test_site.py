"""A training node and the site: artifacts over HTTP, slots of its own, and what is told before it lets go."""

import json
import threading
import time
from pathlib import Path

import httpx
import pytest

from grader import node as node_module
from grader.contract import Artifact, Claim, Points, Report, Verdict
from grader.node import Node, Site
from grader.training.depot import LeaseLost, TooLarge, Unreachable, digest_of
from grader.training.tests.jobs import job
from grader.training.upload import SiteDepot


class Files(httpx.MockTransport):
    """A site that keeps artifacts; ``answers`` come first."""

    def __init__(self, *answers: int) -> None:
        super().__init__(self.answer)
        self.answers = list(answers)
        self.kept: dict[str, bytes] = {}
        self.said: list[dict] = []

    def answer(self, request: httpx.Request) -> httpx.Response:
        assert request.headers["Authorization"] == "Bearer token"
        if self.answers:
            return httpx.Response(self.answers.pop(0), text="Because.")
        digest = request.url.path.removeprefix("/api/node/jobs/7/artifacts/")
        if request.method == "GET":
            return (
                httpx.Response(200, content=self.kept[digest]) if digest in self.kept else httpx.Response(404)
            )
        self.said.append(json.loads(request.headers["X-Artifact"]))
        assert int(request.headers["Content-Length"]) == len(request.read())
        self.kept[digest] = request.content
        return httpx.Response(201)


def artifact(path: Path) -> Artifact:
    return Artifact(name="model", digest=digest_of(path), size=path.stat().st_size, step=3)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "model"
    path.write_bytes(bytes(range(256)) * 8192)
    return path


def depot(files: Files) -> SiteDepot:
    return SiteDepot(Site("http://site", transport=files), "7", "token")


def test_an_artifact_goes_to_the_site_and_comes_back(file: Path, tmp_path: Path) -> None:
    files = Files(503, 502)  # and what fails for a moment is tried again
    depot(files).save(file, artifact(file))
    assert files.said == [artifact(file).model_dump(mode="json")]
    depot(files).fetch(artifact(file), tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == file.read_bytes()


@pytest.mark.parametrize(
    ("status", "error"), [(409, LeaseLost), (413, TooLarge), (507, TooLarge), (403, Unreachable)]
)
def test_what_the_site_refuses_has_its_reason(status: int, error: type[Exception], file: Path) -> None:
    with pytest.raises(error):
        depot(Files(status)).save(file, artifact(file))


def test_a_damaged_artifact_is_not_used(file: Path, tmp_path: Path) -> None:
    files = Files()
    files.kept[digest_of(file)] = b"something else"
    with pytest.raises(Unreachable, match="damaged"):
        depot(files).fetch(artifact(file), tmp_path / "again")


class Trains(httpx.MockTransport):
    """A site with one training, which it cancels once it has heard of a point."""

    def __init__(self, cancels: bool = False) -> None:
        super().__init__(self.answer)
        self.cancels, self.claimed = cancels, 0
        self.heard: list[tuple[str, dict]] = []

    def answer(self, request: httpx.Request) -> httpx.Response:
        what, said = request.url.path.rsplit("/", 1)[-1], json.loads(request.content)
        self.heard.append((what, said))
        if what == "claim" and not self.claimed:
            self.claimed += 1
            claim = Claim(job=job("print(1)"), token="token", lease_seconds=30)
            return httpx.Response(200, text=claim.model_dump_json())
        if what == "events":
            return httpx.Response(200, json={"cancel": self.cancels})
        return httpx.Response(204)


def test_what_a_cancelled_training_made_is_told_before_it_is_given_back() -> None:
    site = Trains(cancels=True)

    def runner(given, on_event, *, backend, cancel, depot) -> Report:
        assert isinstance(depot, SiteDepot)
        on_event(Points(name="loss", steps=(0,), values=(1.0,), seconds=(0.1,)))
        assert cancel.wait(5)
        on_event(Points(name="loss", steps=(1,), values=(0.5,), seconds=(0.2,)))
        return Report(job_id=given.id, status=Verdict.INTERNAL)

    node = Node(Site("http://site", transport=site), None, name="n", runner=runner, training={"train-cpu": 1})
    assert node.drain("train-cpu", "ticket") == 0
    steps = [event["steps"] for what, said in site.heard if what == "events" for event in said["events"]]
    assert steps == [[0], [1]]
    assert site.heard[-1][0] == "release"


def test_a_training_takes_no_slot_of_grading_and_the_other_way_round() -> None:
    slots = node_module.Slots(1, {"train-cpu": 1})
    for queue in ("train-cpu", "grade"):
        slots.call(queue, "ticket")
    taken = {slot for slot, _, _ in (slots.take(), slots.take())}
    assert taken == {"train-cpu", "shared"}
    slots.call("train-cpu", "ticket")
    slots.give_back("shared")
    assert slots.take() is None
    slots.give_back("train-cpu")
    assert slots.take() == ("train-cpu", "train-cpu", "ticket")


def test_grading_goes_on_while_a_training_lasts() -> None:
    ended, graded = threading.Event(), []

    class Both(Trains):
        def answer(self, request: httpx.Request) -> httpx.Response:
            if request.url.path.endswith("claim") and json.loads(request.content)["queue"] == "grade":
                graded.append(time.monotonic())
                return httpx.Response(204)
            return super().answer(request)

    def runner(given, on_event, **_) -> Report:
        ended.wait(10)
        return Report(job_id=given.id, status=Verdict.PASSED, score=1.0)

    node = Node(
        Site("http://site", transport=Both()), None, name="n", runner=runner, training={"train-cpu": 1}
    )
    training = threading.Thread(target=node.drain, args=("train-cpu", "ticket"))
    training.start()
    node.drain("grade", "ticket")
    assert graded
    assert training.is_alive()
    ended.set()
    training.join(10)


def test_long_stretches_of_curves_are_divided_among_messages() -> None:
    site = Trains()
    many = tuple(range(10_000))
    stretch = Points(name="loss", steps=many, values=(0.125,) * 10_000, seconds=(1.5,) * 10_000)

    def runner(given, on_event, **_) -> Report:
        for _ in range(12):
            on_event(stretch)
        return Report(job_id=given.id, status=Verdict.PASSED, score=1.0)

    node = Node(Site("http://site", transport=site), None, name="n", runner=runner, training={"train-cpu": 1})
    assert node.drain("train-cpu", "ticket") == 1
    batches = [said["events"] for what, said in site.heard if what == "events"]
    assert sum(map(len, batches)) == 12
    assert max(len(json.dumps(batch)) for batch in batches) < 2_000_000
