"""Pages and addresses of training runs: what they show and to whom; what a browser is told of files."""

import csv
import io
import json
import subprocess
import sys
import zipfile
import zlib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from cairn.accounts.models import User
from cairn.runs import charts
from cairn.runs.models import Run
from cairn.runs.tests.test_pages import signed_in
from cairn.runs.tests.training import Node, line, lose, queued
from grader.contract import (
    Artifact,
    ArtifactRole,
    Finding,
    Phase,
    Points,
    Sample,
    TestResult,
    TestStatus,
    Verdict,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shelf")]
ADDRESSES = ("", "/results", "/curves", "/export.csv", "/capsule.zip", "/artifacts/model")


@pytest.fixture
def run(alice: User) -> Run:
    return queued(alice)


@pytest.fixture
def node(run: Run) -> Node:
    node = Node()
    node.claim()
    node.tell(Phase(name="training"), line("loss", range(200)), line("loss/valid", range(0, 200, 20)))
    node.tell(line("system/cpu", range(5)))
    node.keep("model", b"weights")
    return node


def png(width: int = 2, height: int = 2) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")

    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes((8, 0, 0, 0, 0))
    rows = zlib.compress(b"\0" + bytes(min(width, 9)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


# --- who may read


@pytest.mark.parametrize("address", ADDRESSES)
def test_the_owner_and_their_mentor_read_it_and_a_stranger_learns_nothing(
    address: str, run: Run, node: Node, alice: User, mo: User, bob: User
) -> None:
    for reader, status in ((alice, 200), (mo, 200), (bob, 404)):
        assert signed_in(reader).get(f"/runs/{run.pk}{address}").status_code == status
    assert Client().get(f"/runs/{run.pk}{address}").status_code in (302, 401)


def test_the_table_shows_nobody_else_s_runs(run: Run, node: Node, bob: User) -> None:
    assert str(run.pk) not in signed_in(bob).get("/runs").content.decode()
    assert Client().get("/runs").status_code == 302


def test_nobody_compares_with_a_stranger_s_run(run: Run, node: Node, alice: User, bob: User) -> None:
    own = queued(bob)
    assert signed_in(bob).get(f"/runs/compare?run={own.pk}&run={run.pk}").status_code == 404
    assert Client().get(f"/runs/compare?run={own.pk}&run={run.pk}").status_code == 302


@pytest.mark.parametrize(("who", "status"), [("bob", 404), ("mo", 403)])
def test_only_the_owner_writes_the_note(
    who: str, status: int, run: Run, request: pytest.FixtureRequest
) -> None:
    client = signed_in(request.getfixturevalue(who))
    assert client.post(f"/runs/{run.pk}/note", {"note": "mine"}).status_code == status
    run.refresh_from_db()
    assert run.note == ""


def test_a_run_that_did_not_train_has_no_curves(alice: User) -> None:
    from cairn.runs.tests.conftest import queued as graded

    run = graded(alice)
    for address in ("/curves", "/export.csv", "/capsule.zip", "/artifacts/model"):
        assert signed_in(alice).get(f"/runs/{run.pk}{address}").status_code == 404


# --- the page


def test_the_page_says_what_stage_it_is_at_and_shows_the_curves_in_numbers(
    run: Run, node: Node, alice: User
) -> None:
    node.keep("checkpoint", b"state", ArtifactRole.CHECKPOINT, step=150)
    text = signed_in(alice).get(f"/runs/{run.pk}").content.decode()
    assert "Training, step 199, checkpoint at step 150" in text
    assert '<li class="now" aria-current="step"><b>Training</b>' in text
    assert "<metric-charts" in text
    assert "rate</dt>" in text
    assert "loss/valid" in text


def test_each_stage_says_how_long_it_took_and_training_how_fast(run: Run, node: Node, alice: User) -> None:
    begin = run.created_at
    Run.objects.filter(pk=run.pk).update(created_at=begin - timedelta(seconds=60))
    for seq, (phase, at) in enumerate({"starting": -50, "preparing": -48, "training": -40}.items(), 101):
        run.events.create(seq=seq, data={"kind": "phase", "name": phase, "tests": []})
        run.events.filter(seq=seq).update(at=begin + timedelta(seconds=at))
    Run.objects.filter(pk=run.pk).update(state="finished", verdict="passed", finished_at=begin)
    text = signed_in(alice).get(f"/runs/{run.pk}").content.decode()
    assert "<b>Waiting</b> <small>10 s</small>" in text
    assert "<b>Preparing</b> <small>10 s</small>" in text
    assert "<b>Training</b> <small>40 s, 5 steps a second</small>" in text


def test_a_lost_run_says_from_where_it_goes_on(run: Run, node: Node, alice: User) -> None:
    node.keep("checkpoint", b"state", ArtifactRole.CHECKPOINT, step=150)
    lose(run)
    text = signed_in(alice).get(f"/runs/{run.pk}").content.decode()
    assert "Its worker was lost, and it goes on from step 150." in text
    Node().claim()
    text = signed_in(alice).get(f"/runs/{run.pk}").content.decode()
    assert "Its worker was lost once" in text


def test_hidden_and_public_values_stand_side_by_side_with_what_the_gap_says(
    run: Run, node: Node, alice: User
) -> None:
    node.report(metrics={"accuracy": 0.91, "accuracy/public": 0.99})
    text = signed_in(alice).get(f"/runs/{run.pk}").content.decode()
    assert "0.91" in text
    assert "special to the public split" in text


def test_findings_and_failed_tests_lead_to_lessons(run: Run, node: Node, alice: User) -> None:
    finding = Finding(
        signature="no-zero-grad", title="Gradients pile up", evidence="They grow.", lesson="loops"
    )
    failed = TestResult(
        name="test_falls",
        title="The loss falls",
        status=TestStatus.FAILED,
        message="It rose.",
        lesson="descent",
    )
    node.report(Verdict.FAILED, findings=(finding,), tests=(failed,))
    text = signed_in(alice).get(f"/runs/{run.pk}").content.decode()
    assert "Gradients pile up" in text
    assert 'href="/topics/loops"' in text
    assert 'href="/topics/descent"' in text


def test_what_learner_code_named_is_escaped(run: Run, node: Node, alice: User) -> None:
    node.tell(line("<script>alert(1)</script>", range(3)), Sample(name="<b>x</b>", text="</script><i>"))
    text = signed_in(alice).get(f"/runs/{run.pk}").content.decode()
    assert "<script>alert" not in text
    assert "<b>x</b>" not in text
    assert "</script><i>" not in text


def test_the_page_costs_a_fixed_number_of_queries(
    run: Run, node: Node, alice: User, django_assert_num_queries: Any
) -> None:
    for at in range(5):
        node.keep(f"figure-{at}", bytes([at]))
        node.tell(line(f"curve-{at}", range(10)))
    client = signed_in(alice)
    with django_assert_num_queries(10):
        client.get(f"/runs/{run.pk}")
    with django_assert_num_queries(5):
        client.get(f"/runs/{run.pk}/curves")


# --- curves


def curves(client: Client, run: Run, **asked: Any) -> Any:
    return client.get(f"/runs/{run.pk}/curves", asked).json()


def test_curves_come_as_json_named_windowed_and_thinned(run: Run, node: Node, alice: User) -> None:
    client = signed_in(alice)
    all_of_them = curves(client, run)
    assert sorted(all_of_them["curves"]) == ["loss", "loss/valid", "system/cpu"]
    run.refresh_from_db()
    assert all_of_them["last"] == run.last_seq
    near = curves(client, run, names="loss", **{"from": "10", "to": "12"})["curves"]["loss"]
    (stretch,) = near["tries"]
    assert stretch == {"try": 1, "lost": False, "since": 0, "x": [10, 11, 12], "y": [1 / 11, 1 / 12, 1 / 13]}
    assert near["count"] == 200
    assert len(curves(client, run, names="loss", points="20")["curves"]["loss"]["tries"][0]["x"]) <= 20
    by_time = curves(client, run, names="loss", axis="seconds", to="2")["curves"]["loss"]["tries"][0]
    assert by_time["x"] == [0, 0.5, 1, 1.5, 2]


def test_a_window_that_makes_no_sense_is_the_whole(run: Run, node: Node, alice: User) -> None:
    answer = curves(
        signed_in(alice), run, names="loss", points="x", axis="moon", **{"from": "nan", "to": "?"}
    )
    assert len(answer["curves"]["loss"]["tries"][0]["x"]) == 200
    beyond = curves(signed_in(alice), run, names="loss", **{"from": "-1e300", "to": "inf"})
    assert len(beyond["curves"]["loss"]["tries"][0]["x"]) == 200


def test_every_point_is_exported(run: Run, node: Node, alice: User) -> None:
    node.tell(line("=cmd()", range(2)))
    answer = signed_in(alice).get(f"/runs/{run.pk}/export.csv")
    rows = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode())))  # type: ignore[attr-defined]
    assert rows[0] == ["curve", "try", "step", "seconds", "value"]
    assert ["loss", "1", "3", "1.5", "0.25"] in rows
    assert sum(row[0] == "loss" for row in rows) == 200
    assert ["'=cmd()", "1", "0", "0.0", "1.0"] in rows


@pytest.mark.parametrize(
    ("name", "family"),
    [
        *(("loss", "loss"), ("valid/loss", "loss"), ("Loss/train", "loss"), ("val/accuracy", "accuracy")),
        *(("system/gpu", "system/gpu"), ("layer/1/grad", "layer/1/grad"), ("train", "train")),
    ],
)
def test_curves_of_one_quantity_share_a_chart(name: str, family: str) -> None:
    assert charts.family(name) == family


@pytest.mark.parametrize(
    ("height", "says"), [(0.5, ""), (1.0, "leaves the reference band at step 40 and stays above")]
)
def test_where_a_curve_leaves_the_band_of_the_reference_is_said(
    height: float, says: str, alice: User
) -> None:
    band = {"x": [0, 100], "low": [0.0, 0.0], "mean": [0.4, 0.4], "high": [0.8, 0.8]}
    run = queued(alice, charts=json.dumps([{"title": "loss", "names": ["loss"], "band": band}]))
    node = Node()
    node.claim()
    values = [0.5] * 40 + [height + 0.3] * 60
    values[10] = 5.0  # a single spike is no departure
    steps = tuple(range(100))
    node.tell(Points(name="loss", steps=steps, values=tuple(values), seconds=tuple(map(float, steps))))
    text = signed_in(alice).get(f"/runs/{run.pk}").content.decode()
    assert says in text
    assert ("leaves the reference band" in text) == bool(says)


def test_a_page_that_is_open_is_told_in_which_chart_a_new_curve_belongs(
    run: Run, node: Node, alice: User
) -> None:
    client = signed_in(alice)
    address = client.get(f"/runs/{run.pk}").context["charts"]["more"]
    assert [one["title"] for one in client.get(address).json()["charts"]] == ["loss", "Processor"]
    node.tell(line("gradient", range(3)), line("loss/test", range(3)))
    assert client.get(address).json()["charts"] == [
        {"title": "gradient", "names": ["gradient"]},
        {"title": "loss", "names": ["loss", "loss/test", "loss/valid"]},
        {"title": "Processor", "unit": "percent", "names": ["system/cpu"]},
    ]


def test_the_charts_of_a_stranger_s_run_are_not_told(run: Run, node: Node, mo: User, bob: User) -> None:
    own = queued(bob)
    assert signed_in(mo).get(f"/runs/charts?run={run.pk}").status_code == 200
    for asked in (f"run={run.pk}", f"run={own.pk}&run={run.pk}", "", "run=7"):
        assert signed_in(bob).get(f"/runs/charts?{asked}").status_code == 404
    assert Client().get(f"/runs/charts?run={run.pk}").status_code == 401


def test_what_comes_after_the_end_of_the_band_leaves_nothing(alice: User) -> None:
    band = {"x": [0, 100], "low": [0.0, 0.0], "mean": [0.4, 0.4], "high": [0.8, 0.8]}
    queued(alice, charts=json.dumps([{"title": "loss", "names": ["loss"], "band": band}]))
    node = Node()
    node.claim()
    steps = tuple(range(300))
    values = tuple(0.5 if step <= 100 else 9.0 for step in steps)
    node.tell(Points(name="loss", steps=steps, values=values, seconds=tuple(map(float, steps))))
    assert charts.departures(Run.objects.get()) == []


# --- artifacts


@pytest.mark.parametrize(
    ("data", "said", "served"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "image/svg+xml", None),
        (b"<html><script>alert(1)</script>", "text/html", None),
        (b"<html>", "image/png", None),
        (png(), "image/png", "image/png"),
        (png() + b"<html>", "image/png", None),
        (png(100_000, 100_000), "image/png", None),
        (b"RIFF\x24\0\0\0WAVEfmt ", "audio/wav", "audio/wav"),
        (b"%PDF-1.4", "application/pdf", None),
    ],
)
def test_a_browser_is_never_told_to_render_a_stranger_s_file(
    data: bytes, said: str, served: str | None, run: Run, node: Node, alice: User
) -> None:
    node.keep("figures/one", data, ArtifactRole.FIGURE, media_type=said)
    answer = signed_in(alice).get(f"/runs/{run.pk}/artifacts/figures/one")
    assert answer["Content-Type"] == (served or "application/octet-stream")
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert b"".join(answer.streaming_content) == data  # type: ignore[attr-defined]


def test_an_artifact_of_one_step_and_the_newest(run: Run, node: Node, alice: User) -> None:
    client = signed_in(alice)
    for step in (1, 2):
        made = node.keep("sample", f"at {step}".encode(), ArtifactRole.SAMPLE, step=step)
        node.tell(Sample(name="sample", step=step, artifact=Artifact(**made.model_dump())))
    assert b"".join(client.get(f"/runs/{run.pk}/artifacts/sample?step=1").streaming_content) == b"at 1"  # type: ignore[attr-defined]
    assert b"".join(client.get(f"/runs/{run.pk}/artifacts/sample").streaming_content) == b"at 2"  # type: ignore[attr-defined]
    assert client.get(f"/runs/{run.pk}/artifacts/sample?step=9").status_code == 404
    assert client.get(f"/runs/{run.pk}/artifacts/../../secret-key").status_code == 404


# --- experiments


def test_note_and_tags_are_kept_and_found(run: Run, node: Node, alice: User) -> None:
    client, other = signed_in(alice), queued(alice)
    client.post(f"/runs/{run.pk}/note", {"note": "Warm-up helps.", "tags": "warm-up, long  run, warm-up"})
    run.refresh_from_db()
    assert (run.note, run.tags) == ("Warm-up helps.", ["warm-up", "long run"])
    for asked in ({"tag": "long run"}, {"text": "warm-up h"}, {"outcome": "running"}):
        rows = client.get("/runs", asked).context["rows"]
        assert [row.run.pk for row in rows] == [run.pk], asked
    assert len(client.get("/runs", {"subject": other.subject}).context["rows"]) == 2
    answer = client.post(f"/runs/{run.pk}/note", {"note": "x" * 5000})
    assert answer.status_code == 422


def test_the_table_sorts_by_metric_and_setting_those_without_last(alice: User) -> None:
    for accuracy in (0.5, 0.9, None, 0.7):
        queued(alice, parameters={"rate": accuracy or 0.0})
        node = Node()
        node.claim()
        node.report(metrics={} if accuracy is None else {"accuracy": accuracy})
    client = signed_in(alice)

    def column(sort: str) -> list[float | None]:
        return [row.metrics.get("accuracy") for row in client.get("/runs", {"sort": sort}).context["rows"]]

    assert column("-metric:accuracy") == [0.9, 0.7, 0.5, None]
    assert column("metric:accuracy") == [0.5, 0.7, 0.9, None]
    assert column("param:rate") == [None, 0.5, 0.7, 0.9]
    assert column("nonsense") == [0.5, 0.9, None, 0.7]


def test_a_column_says_by_which_way_it_sorts_and_turns_it(run: Run, node: Node, alice: User) -> None:
    node.report(metrics={"accuracy": 0.9})
    client = signed_in(alice)
    falling = client.get("/runs", {"sort": "-metric:accuracy", "outcome": "passed"}).content.decode()
    assert 'aria-sort="descending"><a href="?outcome=passed&amp;sort=metric%3Aaccuracy">' in falling
    assert falling.count("aria-sort") == 1
    rising = client.get("/runs", {"sort": "metric:accuracy"}).content.decode()
    assert 'aria-sort="ascending"><a href="?sort=-metric%3Aaccuracy">' in rising


def test_the_table_is_exported_as_it_is_filtered_with_every_metric_and_setting(
    run: Run, node: Node, alice: User, bob: User
) -> None:
    node.report(metrics={"accuracy": 0.9, "=cmd()": 1.0})
    other, client = queued(alice, parameters={"rate": 0.5}), signed_in(alice)
    queued(bob)
    client.post(f"/runs/{run.pk}/note", {"note": "=1+1", "tags": "one, two"})
    address = client.get("/runs").content.decode().split('href="/runs/export.csv?')[1].split('"')[0]

    def table(query: str) -> list[dict[str, str]]:
        answer = client.get(f"/runs/export.csv?{query}")
        return list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))  # type: ignore[attr-defined]

    newest, first = table(address)
    assert [newest["run"], first["run"]] == [str(other.pk), str(run.pk)]
    assert (first["accuracy"], first["'=cmd()"], first["setting rate"]) == ("0.9", "1.0", "0.1")
    assert (first["outcome"], first["tags"], first["note"]) == ("passed", "one, two", "'=1+1")
    assert (newest["outcome"], newest["accuracy"]) == ("queued", "")
    assert [row["run"] for row in table("tag=two")] == [str(run.pk)]
    assert Client().get("/runs/export.csv").status_code == 302


def test_the_table_costs_a_fixed_number_of_queries(alice: User, django_assert_num_queries: Any) -> None:
    for _ in range(4):
        queued(alice)
    client = signed_in(alice)
    with django_assert_num_queries(3):
        client.get("/runs")


def test_runs_side_by_side(run: Run, node: Node, alice: User) -> None:
    node.report(metrics={"accuracy": 0.9})
    other = queued(alice, parameters={"rate": 0.5})
    Run.objects.filter(pk=other.pk).update(
        spec=other.spec | {"files": other.spec["files"] | {"solution.py": run.spec["files"]["train.py"]}}
    )
    answer = signed_in(alice).get(f"/runs/compare?run={run.pk}&run={other.pk}")
    chosen = answer.context["chosen"]
    rate = next(row for row in chosen.parameters if row.name == "rate")
    assert (rate.values, rate.differs) == ((0.1, 0.5), True)
    ((_, files),) = chosen.code
    assert [(file.name, [(line.kind, line.text) for line in file.lines][1:]) for file in files] == [
        ("solution.py", [("del", "x = 1"), ("add", "import cairn")])
    ]
    config = answer.context["charts"]
    assert [one["id"] for one in config["runs"]] == [str(run.pk), str(other.pk)]
    assert config["charts"][0] == {"title": "loss", "names": ["loss", "loss/valid"]}


def test_a_comparison_draws_curves_that_only_a_later_run_has(run: Run, node: Node, alice: User) -> None:
    node.report()
    other = queued(alice)
    second = Node()
    second.claim()
    second.tell(line("only/here", range(3)))
    answer = signed_in(alice).get(f"/runs/compare?run={run.pk}&run={other.pk}")
    assert [one["title"] for one in answer.context["charts"]["charts"]] == ["loss", "only/here", "Processor"]


@pytest.mark.parametrize("query", ["", "run=7", "run=RUN", "run=RUN&run=RUN"])
def test_a_comparison_needs_two_runs(query: str, run: Run, alice: User) -> None:
    address = f"/runs/compare?{query}".replace("RUN", str(run.pk))
    assert signed_in(alice).get(address).status_code == 404


def test_a_note_in_the_journal_is_begun_about_the_run(run: Run, node: Node, alice: User) -> None:
    client = signed_in(alice)
    assert f'value="run:{run.pk}"' in client.get(f"/runs/{run.pk}").content.decode()


# --- the capsule


def test_the_capsule_repeats_the_run_without_the_site(alice: User, tmp_path: Path) -> None:
    code = (
        "import random\nimport cairn\n\nfor step in range(cairn.parameters.steps):\n"
        "    cairn.log({'noise': random.random()}, step)\ncairn.save('notes', 'done')\n"
    )
    first = capsule(alice, code, tmp_path / "first")
    done = repeat(first)
    assert done.returncode == 0, done.stderr
    rows = list(csv.reader((first / "out/curves.csv").open()))
    assert [row[2] for row in rows[1:]] == ["0", "1", "2", "3"]
    assert (first / "out/notes").read_text() == "done"
    again = capsule(alice, code, tmp_path / "second")
    assert repeat(again).stdout == done.stdout, "the seed is the same"
    assert "numpy==" in (first / "requirements.txt").read_text()
    assert json.loads((first / "capsule.json").read_text())["parameters"] == {"steps": 4}
    texts = [file.read_bytes() for file in first.rglob("*") if file.is_file()]
    assert not any(b"secret expectations" in text for text in texts)


LOADER = """
import numpy as np

def load():
    rows = {"rows": np.arange(6.0)}
    return {"train": rows, "valid": rows, "hidden": {"rows": np.array([41.0])}}
"""


def test_the_capsule_brings_the_public_data_and_nothing_hidden(
    alice: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cairn.runs.models import Blob
    from cairn.runs.texts import digest

    monkeypatch.setenv("CAIRN_CACHE", str(tmp_path / "cache"))
    Blob.objects.get_or_create(digest=digest(LOADER), defaults={"text": LOADER})
    code = "import cairn\ncairn.log({'sum': cairn.data('six')['train_rows'].sum()}, 0)\n"
    use = {"name": "six", "loader": "six.py", "digest": "abc"}
    place = capsule(alice, code, tmp_path / "one", loaders={"six.py": digest(LOADER)}, datasets=[use])
    assert sorted(file.name for file in (place / "data/six").iterdir()) == [
        "train_rows.npy",
        "valid_rows.npy",
    ]
    done = repeat(place)
    assert done.returncode == 0, done.stderr
    assert "sum: 15" in done.stdout


def test_the_capsule_says_which_data_is_missing(alice: User, tmp_path: Path) -> None:
    use = {"name": "digits", "loader": "digits.py", "digest": "abc"}
    place = capsule(alice, "import cairn\ncairn.data('digits')\n", tmp_path / "one", datasets=[use])
    done = repeat(place)
    assert done.returncode == 1
    assert "data set digits (loader abc)" in done.stderr


def capsule(
    owner: User, code: str, folder: Path, loaders: dict[str, str] | None = None, **training: Any
) -> Path:
    from cairn.runs.models import Blob
    from cairn.runs.texts import digest

    run = queued(owner, **{"parameters": {"steps": 4}} | training)
    Blob.objects.get_or_create(digest=digest(code), defaults={"text": code})
    spec = run.spec | {"files": {"train.py": digest(code)}, "seed": 3, "loaders": loaders or {}}
    Run.objects.filter(pk=run.pk).update(spec=spec)
    answer = signed_in(owner).get(f"/runs/{run.pk}/capsule.zip")
    data = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        archive.extractall(folder)
    return folder


def repeat(place: Path) -> Any:
    """In a process that knows nothing of this repository, as on a learner's own machine."""
    return subprocess.run(
        [sys.executable, "-I", "run.py"], cwd=place, capture_output=True, text=True, timeout=120, check=False
    )
