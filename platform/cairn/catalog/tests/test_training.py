"""A project that trains, without a server: proofs of its variants, the reference, the drawn curves."""

import json
import xml.etree.ElementTree as ET

import pytest

from cairn.catalog import training
from cairn.catalog.tests.sample import write_sample
from cairn.catalog.tests.test_commands import call
from cairn.catalog.tests.test_datasets import DOTS, LOADER, registered
from grader.sandbox.base import SandboxUnavailable
from grader.sandbox.select import select_backend

PROJECT = """\
title: Mean of dots
summary: Learn one number.
hours: 1
files: [{name: solution.py}, {name: train.py}]
training:
  datasets: [dots]
  parameters:
    - {type: number, name: steps, title: Steps, default: 40, at_least: 1, at_most: 99, whole: true}
  limits: {minutes: 1, memory_mb: 512, disk_mb: 64, artifact_mb: 8}
  curves: [loss]
criteria:
  - {id: close, kind: metric, title: Close, metric: error, at_most: 5.0}
"""
TRAIN = """\
import numpy as np

import cairn

images = cairn.data("dots")["train_images"].astype(float)
guess = 0.0
cairn.total_steps(cairn.parameters.steps)
for step in range(cairn.parameters.steps):
    guess += 0.2 * (images.mean() - guess)
    cairn.log({"loss": abs(images.mean() - guess) + cairn.seed}, step)
cairn.save("model", {"guess": np.array([guess])})
"""
SOLUTION = """\
import numpy as np

import cairn


def mean():
    return float(np.asarray(cairn.load("model")["guess"])[0])
"""
EVALUATE = """\
from grader.checks import example, metric
from grader.checks.curves import falls, no_nan


@example
def test_mean(student, data):
    \"\"\"Knows the mean of hidden dots\"\"\"
    metric("error", abs(student.mean() - data["dots"].hidden["images"].mean()))


def test_falls(curves):
    \"\"\"The loss falls\"\"\"
    no_nan(curves["loss"])
    falls(curves["loss"], 0.5)
"""


@pytest.fixture
def folder(tmp_path, settings, monkeypatch):
    """A project whose baseline trains for too short, and one wrong variant that never moves."""
    try:
        select_backend()
    except SandboxUnavailable as error:
        pytest.skip(str(error))
    settings.CURRICULUM, settings.HOME = write_sample(tmp_path / "curriculum"), tmp_path / "home"
    monkeypatch.setenv("CAIRN_CACHE", str(tmp_path / "cache"))
    loaders = settings.CURRICULUM / "datasets" / "loaders"
    loaders.mkdir(parents=True)
    (loaders / "dots.py").write_text(LOADER)
    registered(settings.CURRICULUM, dots=DOTS)
    found = settings.CURRICULUM / "projects" / "mean-of-dots"
    files = {
        "project.yaml": PROJECT,
        "brief.md": "Learn it.\n",
        "evaluate.py": EVALUATE,
        "starter/solution.py": "def mean(): ...\n",
        "starter/train.py": "import cairn\n",
        "solution/solution.py": SOLUTION,
        "solution/train.py": TRAIN,
        "baseline/solution.py": SOLUTION,
        "baseline/train.py": TRAIN.replace("range(cairn.parameters.steps)", "range(5)"),
        "wrong/stands-still/train.py": TRAIN.replace("0.2 *", "0.0 *"),
    }
    for name, text in files.items():
        (found / name).parent.mkdir(parents=True, exist_ok=True)
        (found / name).write_text(text)
    return found


def test_solution_baseline_and_wrong_ones_are_proved_by_training(folder):
    said = []
    proofs = {one.name: one for one in training.prove(folder, folder.parent / "kept", said.append)}
    assert {name: one.holds for name, one in proofs.items()} == {
        "solution": True,
        "baseline": True,
        "wrong/stands-still": True,
    }
    assert proofs["solution"].report.metrics["error"] < 5
    assert proofs["baseline"].report.metrics["error"] > 5
    assert "mean-of-dots-solution-0: training" in said


def test_a_solution_that_is_not_enough_does_not_pass(folder):
    (folder / "solution/train.py").write_text((folder / "baseline/train.py").read_text())
    assert not next(training.prove(folder, folder.parent / "kept", print)).holds


def test_a_metric_alone_does_not_catch_a_wrong_one(folder):
    (folder / "wrong/far-away").mkdir()
    (folder / "wrong/far-away/solution.py").write_text(SOLUTION.replace("return ", "return 100 + "))
    proofs = {one.name: one for one in training.prove(folder, folder.parent / "kept", print)}
    assert proofs["wrong/far-away"].report.metrics["error"] > 5
    assert not proofs["wrong/far-away"].holds


def test_the_same_training_is_not_done_twice(folder, tmp_path):
    said = []
    task = training.job(folder, "solution", 0)
    first = training.trained(task, tmp_path / "kept", said.append)
    assert "mean-of-dots-solution-0: training" in said
    said.clear()
    again = training.trained(task, tmp_path / "kept", said.append)
    assert said == []
    assert again.report == first.report
    assert list(again.curves["loss"][1]) == list(first.curves["loss"][1])


def test_a_wrong_one_is_the_solution_but_for_its_own_files(folder):
    job = training.job(folder, "wrong/stands-still", 0)
    assert job.files["solution.py"] == SOLUTION
    assert "0.0 *" in job.files["train.py"]
    assert set(job.tests) == {"tests.py"}


def test_the_reference_is_a_band_over_seeds_and_is_drawn(folder, tmp_path):
    code, out, _ = call("curriculum", "reference", "mean-of-dots", "--seeds", "0", "1")
    assert code == 0
    assert "error:" in out
    found = json.loads((folder / "reference.json").read_text())
    band = found["curves"]["loss"]
    assert band["x"] == list(range(40))
    assert all(
        low < mean < high for low, mean, high in zip(band["low"], band["mean"], band["high"], strict=True)
    )
    assert len(found["baseline"]["loss"]["x"]) == 5
    assert call("curriculum", "curves", tmp_path / "docs")[0] == 0
    page = (tmp_path / "docs/training-curves.md").read_text()
    assert "Mean of dots" in page
    drawing = ET.parse(tmp_path / "docs/images/curve-mean-of-dots-loss.svg").getroot()
    assert "baseline dashed" in drawing.get("aria-label")


def test_a_project_that_trains_nothing_is_refused(folder):
    code, _, err = call("curriculum", "reference", "linear-algebra-library")
    assert code == 1
    assert "has nothing to train" in err
