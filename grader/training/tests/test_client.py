"""The module ``cairn``, and what learners already write: SummaryWriter, Trainer, checkpoints of all kinds."""

from pathlib import Path

import pytest

from grader.contract import Artifact, ArtifactRole, Points, Sample, Verdict
from grader.training.tests.jobs import job, run

WRITER = """
import numpy as np
from torch.utils.tensorboard import SummaryWriter
import torch

with SummaryWriter("runs/1") as writer:
    for step in range(5):
        writer.add_scalar("Loss/train", torch.tensor(1.0 / (step + 1), requires_grad=True), step)
        writer.add_scalars("accuracy", {"train": 0.5, "valid": 0.25}, step)
    writer.add_histogram("weights", np.arange(3), 4)
    writer.add_image("digit", torch.rand(1, 8, 8), 4)
    writer.add_text("says", "hello", 4)
    writer.add_audio("tone", torch.zeros(1, 400), 4, 8000)
    writer.flush()
import torch.utils.tensorboard
print(torch.utils.tensorboard.SummaryWriter is SummaryWriter)
"""


def test_a_summary_writer_lands_in_the_same_curves(tmp_path: Path) -> None:
    ran = run(job(WRITER, files={}), tmp_path)
    assert (ran.report.status, ran.printed) == (Verdict.PASSED, "True\n")
    assert ran.curve("Loss/train") == [(step, pytest.approx(1 / (step + 1))) for step in range(5)]
    assert ran.curve("accuracy/valid") == [(step, 0.25) for step in range(5)]
    assert {(one.name, one.step) for one in ran.of(Sample)} == {("digit", 4), ("says", 4), ("tone", 4)}


TRAINER = """
import torch
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments

config = BertConfig(
    vocab_size=50, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16
)
model = BertForSequenceClassification(config)
rows = [{"input_ids": torch.randint(0, 50, (6,)), "labels": torch.tensor(i % 2)} for i in range(32)]
arguments = TrainingArguments(
    "out", max_steps=6, logging_steps=2, per_device_train_batch_size=4, save_strategy="no", disable_tqdm=True
)
Trainer(model, arguments, train_dataset=rows).train()
import cairn
cairn.save("model", model)
"""


def test_a_trainer_lands_in_the_same_curves(tmp_path: Path) -> None:
    ran = run(job(TRAINER, files={}), tmp_path)
    assert ran.report.status is Verdict.PASSED, ran.report
    assert [step for step, _ in ran.curve("loss")] == [2, 4, 6]
    assert all(value is not None and value > 0 for _, value in ran.curve("loss"))
    assert ran.curve("learning_rate")
    assert ran.artifact("model").role is ArtifactRole.MODEL


PLAIN = """
import cairn
print(cairn.parameters.lr, cairn.parameters["lr"], dict(cairn.parameters), cairn.device, cairn.seed)
for wrong in (
    lambda: cairn.parameters.rate,
    lambda: cairn.data("faces"),
    lambda: cairn.input("words"),
    lambda: cairn.save("x", {"a": object()}),
    lambda: cairn.log({"a": "b"}),
    lambda: cairn.image("i", [1, 2]),
):
    try:
        wrong()
    except Exception as error:
        print(type(error).__name__, error)
print(cairn.resume())
"""


def test_it_says_what_a_run_has_and_what_it_has_not(tmp_path: Path) -> None:
    ran = run(job(PLAIN, seed=7), tmp_path)
    assert ran.printed.splitlines() == [
        "0.5 0.5 {'lr': 0.5} cpu 7",
        "AttributeError this run has no parameter 'rate'; it has lr",
        "KeyError \"this project has no data set 'faces'; it has none\"",
        "FileNotFoundError this run was started without the input 'words'",
        "TypeError Object of type object is not JSON serializable",
        "TypeError 'a' is a str, and a point of a curve is one number",
        "ValueError an array of shape (2,) is no image",
        "None",
    ]


LOGS = """
import math, time, cairn, numpy as np
cairn.log({"a": 1})
cairn.log({"a": np.float32(2.5), "b": True})
cairn.log({"a": math.nan}, 10)
cairn.log({"a": math.inf})
time.sleep(0.5)
for step in range(1000):
    cairn.log({"many": step}, step)
"""


def test_steps_count_themselves_and_what_is_not_finite_is_a_gap(tmp_path: Path) -> None:
    ran = run(job(LOGS), tmp_path)
    assert ran.curve("a") == [(0, 1.0), (1, 2.5), (10, None), (11, None)]
    assert ran.curve("b") == [(1, 1.0)]
    assert ran.curve("many") == [(step, float(step)) for step in range(1000)]


KINDS = """
import warnings
warnings.simplefilter("error")
import cairn, numpy as np, torch

weight = torch.ones(2, requires_grad=True)
cairn.log({
    "with a gradient": (weight * 1.5).sum(),
    "a parameter": torch.nn.Parameter(torch.full((1,), 2.0)),
    "one in three dimensions": torch.full((1, 1, 1), 3.0),
    "brain float": torch.tensor(1.5, dtype=torch.bfloat16, requires_grad=True),
    "half": torch.tensor(2.5).half(),
    "whole": torch.tensor([7]),
    "yes": torch.tensor(True),
    "array of none": np.array(4.0),
    "array of one": np.array([5.0]),
    "numpy scalar": np.float16(0.5),
    "whole numpy scalar": np.int64(6),
    "no number": torch.tensor(float("nan"), requires_grad=True),
    "without end": np.float32("inf"),
})
nowhere = torch.ones((), device="meta")
for many in (weight, np.ones(3), torch.zeros(0), nowhere, "1", None, [1.0], 2j, 10**400):
    try:
        cairn.log({"x": many}, 1)
        print("taken", many)
    except TypeError as error:
        print(error)
cairn.log({"x": weight.sum()}, 2)
weight.sum().backward()  # what was logged is still part of its graph
print(weight.grad.tolist())
"""


def test_every_kind_of_one_number_is_a_point_and_torch_does_not_warn(tmp_path: Path) -> None:
    ran = run(job(KINDS, files={}), tmp_path)
    assert ran.report.status is Verdict.PASSED, ran.report
    names = {points.name for points in ran.of(Points) if not points.name.startswith("system/")}
    assert {name: ran.curve(name)[0][1] for name in names} == {
        "with a gradient": 3.0,
        "a parameter": 2.0,
        "one in three dimensions": 3.0,
        "brain float": 1.5,
        "half": 2.5,
        "whole": 7.0,
        "yes": 1.0,
        "array of none": 4.0,
        "array of one": 5.0,
        "numpy scalar": 0.5,
        "whole numpy scalar": 6.0,
        "no number": None,
        "without end": None,
        "x": 2.0,
    }
    assert ran.printed.splitlines() == [
        *(
            f"'x' is a {what}, and a point of a curve is one number"
            for what in (
                "Tensor of shape (2,)",
                "ndarray of shape (3,)",
                "Tensor of shape (0,)",
                "Tensor of shape ()",
                "str",
                "NoneType",
                "list",
                "complex",
                "int",
            )
        ),
        "[1.0, 1.0]",
    ]


ON_ITS_DEVICE = """
import cairn, torch
cairn.log({"a": torch.tensor(1.5, device=cairn.device, requires_grad=True)})
"""


@pytest.mark.gpu
def test_a_number_on_a_gpu_is_a_point(tmp_path: Path) -> None:
    ran = run(job(ON_ITS_DEVICE, device="gpu", files={}), tmp_path)
    assert ran.report.status is Verdict.PASSED, ran.report
    assert ran.curve("a") == [(0, 1.5)]


SEEDED = """
import random, numpy as np, torch
print(random.random(), np.random.rand(), torch.rand(1).item())
"""


def test_a_seed_makes_a_run_repeatable(tmp_path: Path) -> None:
    said = [run(job(SEEDED, seed=seed, files={}), tmp_path).printed for seed in (1, 1, 2)]
    assert said[0] == said[1] != said[2]


CHECKPOINT = """
import collections, cairn, numpy as np
count = collections.Counter("aab")
cairn.checkpoint(7, table={"a": [1, (2.5, None)], 3: "x"}, array=np.arange(3), count=count)
try:
    cairn.checkpoint(8, bad=lambda: 1)
except TypeError as error:
    print(error)
"""
RESUMES = """
import cairn
kept = cairn.resume()
print(kept.step, kept["table"], kept["array"].tolist(), kept["count"].most_common(1), "more" in kept)
"""


def test_a_checkpoint_holds_plain_values_too(tmp_path: Path) -> None:
    first = run(job(CHECKPOINT, files={"model.py": "import torch"}), tmp_path)
    assert first.printed == "bad is a function, which a checkpoint cannot keep\n"
    (checkpoint,) = first.of(Artifact)
    second = run(job(RESUMES, resume=checkpoint, files={"model.py": "import torch"}), tmp_path)
    assert second.printed == "7 {'a': [1, (2.5, None)], 3: 'x'} [0, 1, 2] [('a', 2)] False\n"


def test_the_module_leads_nowhere_outside_a_run() -> None:
    from grader.training import client

    client.log({"loss": 1.0})
    client.save("model", {"a": 1})
    assert client.checkpoint(1, parts=[1, 2]) is True
    assert client.resume() is None
    assert (dict(client.parameters), client.device) == ({}, "cpu")
    with pytest.raises(FileNotFoundError):
        client.load("model")
