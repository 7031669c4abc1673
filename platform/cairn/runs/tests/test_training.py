"""Training runs from the node's side: curves and artifacts come in, and a lost node loses little."""

import math

import numpy as np
import pytest
from django.core.files.storage import storages
from django.test import override_settings

from cairn.accounts.models import User
from cairn.runs import actions, artifacts, curves
from cairn.runs.curves import Window
from cairn.runs.models import Chunk, Run, RunArtifact, StoredFile
from cairn.runs.tests.training import Node, artifact, line, lose, queued
from grader.contract import ArtifactRole, Batch, Output, Phase, Points, Verdict

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shelf")]
CHECKPOINT = ArtifactRole.CHECKPOINT


@pytest.fixture
def run(alice: User) -> Run:
    return queued(alice)


@pytest.fixture
def node(run: Run) -> Node:
    node = Node()
    node.claim()
    return node


def test_training_is_claimed_from_its_own_queue(run: Run) -> None:
    assert actions.claim("grade", "n1") is None
    claim = Node().claim()
    assert claim.job.id == str(run.pk)
    assert claim.job.training is not None
    assert claim.job.training.parameters == {"rate": 0.1}
    assert claim.job.training.resume is None


# --- curves


def test_points_become_a_curve_and_no_events(run: Run, node: Node) -> None:
    node.tell(Phase(name="training"), line("loss", range(50)))
    run.refresh_from_db()
    assert (run.phase, run.step, run.points) == ("training", 49, 50)
    assert [event.data["kind"] for event in run.events.all()] == ["phase", "phase"]
    curve = curves.read(run, ["loss"], Window())["loss"]
    assert curve.count == 50
    assert curve.parts[0].x.tolist() == list(range(50))
    assert curve.parts[0].y.tolist() == [1 / (1 + step) for step in range(50)]


def test_a_batch_sent_again_adds_no_points(run: Run, node: Node) -> None:
    batch = Batch(first=0, events=(line("loss", range(50)), line("loss", range(50, 60))))
    for _ in range(2):
        actions.append_events(run.pk, node.held.token, batch)
    assert curves.read(run, [], Window())["loss"].count == 60


def test_chunks_fill_up_and_keep_the_order(run: Run, node: Node) -> None:
    for start in range(0, 3000, 300):
        node.tell(line("loss", range(start, start + 300)))
    assert [chunk.count for chunk in Chunk.objects.filter(run=run)] == [1024, 1024, 952]
    part = curves.read(run, ["loss"], Window(points=4000))["loss"].parts[0]
    assert part.x.tolist() == list(range(3000))


def test_a_value_that_is_not_finite_is_a_gap(run: Run, node: Node) -> None:
    node.tell(Points(name="loss", steps=(0, 1, 2), values=(1.0, None, 0.5), seconds=(0.0, 0.1, 0.2)))
    answer = curves.as_json(curves.read(run, [], Window()), 0)
    assert answer["curves"]["loss"]["tries"][0]["y"] == [1.0, None, 0.5]


def test_a_curve_of_nothing_but_gaps_is_drawn_as_gaps(run: Run, node: Node) -> None:
    steps = tuple(range(2500))
    node.tell(Points(name="loss", steps=steps, values=(None,) * 2500, seconds=tuple(map(float, steps))))
    part = curves.read(run, [], Window(points=4))["loss"].parts[0]
    assert len(part.x) >= 2
    assert all(math.isnan(value) for value in part.y)


def test_thinning_loses_no_spike_and_zooming_is_exact(run: Run, node: Node) -> None:
    values = [math.sin(step / 50) for step in range(20_000)]
    values[12_345], values[777] = 99.0, -99.0
    for start in range(0, 20_000, 5000):
        part = range(start, start + 5000)
        node.tell(
            Points(
                name="loss",
                steps=tuple(part),
                values=tuple(values[start : start + 5000]),
                seconds=tuple(map(float, part)),
            )
        )
    for points in (20, 200):  # from the chunks' extremes alone, and from their points
        shown = curves.read(run, ["loss"], Window(points=points))["loss"].parts[0]
        assert len(shown.x) <= points
        assert 99.0 in shown.y
        assert -99.0 in shown.y
        assert np.all(np.diff(shown.x) > 0)
    near = curves.read(run, ["loss"], Window(first=12_300, last=12_400, points=200))["loss"].parts[0]
    assert near.x.tolist() == list(range(12_300, 12_401))
    assert near.y.tolist() == values[12_300:12_401]


def test_curves_stop_growing_at_the_limit(run: Run, node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(curves, "MAX_POINTS", 80)
    monkeypatch.setattr(curves, "MAX_CURVES", 2)
    for name in ("a", "b", "c"):
        assert node.tell(line(name, range(30))).status_code == 200
    assert node.tell(line("a", range(30, 60))).status_code == 200
    run.refresh_from_db()
    assert curves.names(run) == ["a", "b"]
    assert run.points == 60


def test_the_end_of_a_long_log_is_kept(run: Run, node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "MAX_EVENT_CHARS", 4000)
    for at in range(60):
        node.tell(Output(text=f"epoch {at}\n"))
    node.tell(Phase(name="evaluating"))
    kept = [event.data for event in run.events.all()]
    assert kept[-1]["name"] == "evaluating"
    assert kept[-2]["text"] == "epoch 59\n"
    assert len(kept) < 45


# --- artifacts


def test_an_artifact_is_stored_once_by_digest(run: Run, node: Node, alice: User) -> None:
    first = artifact("model", b"weights")
    assert node.put(first, b"weights").status_code == 201
    assert node.put(first, b"weights").status_code == 200
    assert node.put(artifact("again", b"weights"), b"weights").status_code == 200
    assert StoredFile.objects.count() == 1
    assert {row.name for row in RunArtifact.objects.filter(run=run)} == {"model", "again"}
    assert b"".join(node.get(first.digest).streaming_content) == b"weights"


def test_other_bytes_than_announced_are_refused(run: Run, node: Node) -> None:
    said = artifact("model", b"weights")
    assert node.put(said, b"WEIGHTS").status_code == 422
    assert node.put(said, b"weights and more").status_code == 422
    assert node.put(said, b"weights", digest="0" * 64).status_code == 422
    assert not RunArtifact.objects.exists()
    folder = storages["artifacts"].location  # type: ignore[attr-defined]
    assert not list(__import__("pathlib").Path(folder).rglob("incoming-*"))


def test_limits_of_one_artifact_of_the_run_and_of_the_disk(alice: User) -> None:
    queued(alice, artifact_bytes=2**16, disk_bytes=2**20)
    node = Node()
    node.claim()
    assert node.put(artifact("large", bytes(2**16 + 1)), bytes(2**16 + 1)).status_code == 413
    for at in range(16):
        data = bytes([at]) * 2**16
        assert node.put(artifact(f"a{at}", data), data).status_code == 201
    assert node.put(artifact("one-more", b"x"), b"x").status_code == 413
    with override_settings(ARTIFACTS_FREE_MB=2**40):
        assert node.put(artifact("full", b"y"), b"y").status_code in (413, 507)


def test_a_full_disk_is_told_apart(run: Run, node: Node) -> None:
    with override_settings(ARTIFACTS_FREE_MB=2**40):
        assert node.put(artifact("model", b"weights"), b"weights").status_code == 507


def test_an_artifact_is_announced_after_it_was_sent(run: Run, node: Node) -> None:
    assert node.tell(artifact("model", b"weights")).status_code == 422


def test_a_node_reads_and_writes_only_what_its_job_names(run: Run, node: Node, bob: User) -> None:
    mine = node.keep("model", b"weights")
    queued(bob)
    other = Node()
    other.claim()
    assert other.get(mine.digest).status_code == 404
    other.held = other.held.model_copy(update={"token": "forged"})
    assert other.put(artifact("model", b"x"), b"x").status_code == 409


def test_old_checkpoints_make_way(run: Run, node: Node) -> None:
    for step in range(5):
        node.keep("checkpoint", f"state {step}".encode(), CHECKPOINT, step=step)
    assert [row.step for row in RunArtifact.objects.filter(run=run)] == [3, 4]
    assert StoredFile.objects.count() == 2


def test_bytes_go_when_their_run_has_gone(run: Run, node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    node.keep("model", b"weights")
    path = StoredFile.objects.get().path
    Run.objects.all().delete()
    assert artifacts.forget_unused() == 0  # an upload under way may still want them
    monkeypatch.setattr(artifacts, "UNUSED_AFTER", __import__("datetime").timedelta())
    assert artifacts.forget_unused() == 1
    assert not storages["artifacts"].exists(path)


# --- going on after a lost node


def test_a_run_goes_on_from_its_newest_checkpoint(run: Run, node: Node) -> None:
    node.tell(line("loss", range(100)))
    node.keep("checkpoint", b"state 59", CHECKPOINT, step=59)
    lose(run)
    assert (run.state, run.tries) == ("queued", 1)
    training = Node().claim().job.training
    assert training is not None
    assert training.resume is not None
    assert training.resume.step == 59
    assert training.history[0].steps == tuple(range(60))
    run.refresh_from_db()
    assert run.starts == [{"step": -1, "seconds": 0.0}, {"step": 59, "seconds": 29.5}]


def test_the_curve_shows_the_seam(run: Run, node: Node) -> None:
    node.tell(line("loss", range(100)))
    node.keep("checkpoint", b"state", CHECKPOINT, step=59)
    lose(run)
    second = Node()
    second.claim()
    second.tell(line("loss", range(60, 130)))
    run.refresh_from_db()
    parts = curves.read(run, ["loss"], Window())["loss"].parts
    told = [(part.lease, part.lost, part.x[0], part.x[-1]) for part in parts]
    assert told == [(1, False, 0, 59), (1, True, 60, 99), (2, False, 60, 129)]
    by_time = curves.read(run, ["loss"], Window(axis="seconds"))["loss"].parts
    assert by_time[2].x[0] == 29.5 + 30.0


def test_without_a_checkpoint_it_begins_again_and_all_before_is_lost(run: Run, node: Node) -> None:
    node.tell(line("loss", range(10)))
    lose(run)
    second = Node()
    claim = second.claim()
    assert claim.job.training is not None
    assert claim.job.training.resume is None
    second.tell(line("loss", range(5)))
    run.refresh_from_db()
    assert [part.lost for part in curves.read(run, ["loss"], Window())["loss"].parts] == [True, False]


def test_training_is_tried_more_often_than_grading(run: Run, settings: object) -> None:
    for _ in range(5):
        Node().claim()
        lose(run)
    assert (run.state, run.verdict, run.tries) == ("finished", "internal", 5)


def test_a_stopped_run_keeps_what_was_made(run: Run, node: Node, alice: User) -> None:
    node.tell(line("loss", range(10)))
    node.keep("checkpoint", b"state", CHECKPOINT, step=9)
    actions.cancel(run, alice)
    answer = node.tell(line("loss", range(10, 20)))
    assert answer.json() == {"cancel": True}
    actions.release(run.pk, node.held.token)
    run.refresh_from_db()
    assert run.state == "cancelled"
    assert curves.read(run, [], Window())["loss"].count == 20
    assert RunArtifact.objects.filter(run=run).count() == 1


def test_what_failed_on_our_side_is_free(run: Run, node: Node) -> None:
    run.refresh_from_db()
    assert run.used.total_seconds() > 0
    lose(run)
    assert run.used.total_seconds() == 0
    second = Node()
    second.claim()
    second.report(Verdict.PASSED)
    run.refresh_from_db()
    assert run.used == run.finished_at - run.started_at  # type: ignore[operator]
