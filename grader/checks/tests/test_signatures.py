"""Each signature is found where it was planted, and none in clean runs: tiny nets, trained here."""

import math
import textwrap
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from grader.checks.curves import Curve
from grader.checks.signatures import find
from grader.harness.materials import Dataset

CLEAN = "for step in range(300):\n    optimizer.zero_grad()\n    loss.backward()\n    optimizer.step()\n"
OPTIMIZERS = {
    "sgd": lambda weights: torch.optim.SGD(weights, lr=0.05),
    "momentum": lambda weights: torch.optim.SGD(weights, lr=0.02, momentum=0.9),
    "adam": lambda weights: torch.optim.Adam(weights, lr=0.003),
    "adamw": lambda weights: torch.optim.AdamW(weights, lr=0.01, weight_decay=0.05),
    "rmsprop": lambda weights: torch.optim.RMSprop(weights, lr=0.001),
}


def digits(seed: int, classes: int = 10, noise: float = 1.0, overlap: bool = False) -> Dataset:
    """Blobs in 16 dimensions, on a scale from 0 to 255."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(classes, 16)) * (0.25 if overlap else 1.2)

    def split(count: int) -> dict[str, np.ndarray]:
        labels = rng.integers(0, classes, count)
        inputs = np.clip(128 + 40 * (centres[labels] + noise * 0.5 * rng.normal(size=(count, 16))), 0, 255)
        return {"images": inputs.astype("float32"), "labels": labels}

    train, valid = split(600), split(256)
    public = {f"train_{name}": array for name, array in train.items()}
    return Dataset(public | {f"valid_{name}": array for name, array in valid.items()}, split(256))


@dataclass
class Run:
    """A small training, with a mistake if it is told one."""

    seed: int = 0
    classes: int = 10
    mistake: str = ""
    lr: float = 0.1
    steps: int = 300
    optimizer: str = ""
    clip: float = math.inf
    parts: int = 1
    batch: int = 64
    plain: bool = False  # no dropout, no normalization
    overlap: bool = False  # classes that nobody can tell apart for certain
    data: Dataset = field(init=False)
    curves: dict[str, Curve] = field(init=False)
    student: SimpleNamespace = field(init=False)

    def __post_init__(self) -> None:
        torch.manual_seed(self.seed)
        torch.set_num_threads(1)
        self.data = digits(self.seed, self.classes, overlap=self.overlap or self.mistake == "leakage")
        self.net = torch.nn.Sequential(
            torch.nn.Linear(16, 64), torch.nn.BatchNorm1d(64), torch.nn.ReLU(), torch.nn.Dropout(0.3),
            torch.nn.Linear(64, self.classes),
        )  # fmt: skip
        if self.plain or self.mistake in (
            "dead-units",
            "missing-zero-grad",
            "exploding-gradients",
            "leakage",
        ):
            self.net = torch.nn.Sequential(
                torch.nn.Linear(16, 64), torch.nn.ReLU(), torch.nn.Linear(64, self.classes)
            )
        self._train()

    def _prepared(self, images) -> torch.Tensor:
        return (torch.as_tensor(np.asarray(images, dtype="float32")) - 128) / 64

    def _train(self) -> None:
        public = self.data.public
        images, labels = public["train_images"], public["train_labels"]
        if self.mistake == "leakage":
            images = np.concatenate([images[:100], public["valid_images"]])
            labels = np.concatenate([labels[:100], public["valid_labels"]])
        x, y = self._prepared(images), torch.as_tensor(labels)
        if self.mistake == "dead-units":
            with torch.no_grad():
                self.net[0].bias -= 100
        optimizer = torch.optim.SGD(self.net.parameters(), lr=self.lr, momentum=0.9)
        if self.optimizer:
            optimizer = OPTIMIZERS[self.optimizer](self.net.parameters())
        logged: dict[str, list[float]] = {"loss": [], "accuracy": [], "grad_norm": []}
        rng = np.random.default_rng(self.seed)
        self.net.train()
        for step in range(self.steps):
            if self.mistake != "missing-zero-grad":
                optimizer.zero_grad()
            whole, right = 0.0, 0.0
            for rows in np.array_split(self._rows(rng, len(x)), self.parts):
                scores = self.net(x[rows])
                loss = self._loss(scores, y[rows], step) / self.parts
                loss.backward()
                whole += loss.item()
                right += float((scores.argmax(1) == y[rows]).float().mean()) / self.parts
            norm = float(torch.nn.utils.clip_grad_norm_(self.net.parameters(), self.clip))
            optimizer.step()
            logged["loss"].append(whole)
            logged["accuracy"].append(right)
            logged["grad_norm"].append(norm)
        self.curves = {
            name: Curve(np.arange(self.steps), np.array(values), np.arange(self.steps) / 10, name)
            for name, values in logged.items()
        }
        if self.mistake != "eval-mode-forgotten":
            self.net.eval()
        source = (
            CLEAN.replace("    optimizer.zero_grad()\n", "") if self.mistake == "missing-zero-grad" else CLEAN
        )
        self.student = SimpleNamespace(predict=self._predict, files={"train.py": source})

    def _rows(self, rng: np.random.Generator, count: int) -> np.ndarray:
        return np.arange(count) if self.batch >= count else rng.integers(0, count, self.batch)

    def _loss(self, scores: torch.Tensor, labels: torch.Tensor, step: int) -> torch.Tensor:
        if self.mistake == "double-softmax":
            scores = scores.softmax(1)
        loss = torch.nn.functional.cross_entropy(scores, labels)
        if self.mistake == "not-a-number" and step > 50:
            loss = loss + torch.log(torch.zeros(())) - torch.log(torch.zeros(()))
        return loss

    def _predict(self, images) -> np.ndarray:
        with torch.no_grad():
            if self.mistake == "wrong-normalisation":
                return self.net(torch.as_tensor(np.asarray(images, dtype="float32"))).numpy()
            return self.net(self._prepared(images)).numpy()

    def found(self, *, curves: bool = True, student: bool = True) -> list[str]:
        given = self.curves if curves else {}
        asked = self.student if student else None
        return [
            finding.signature for finding in find(given, asked, {"digits": self.data} if student else None)
        ]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(
    ("classes", "lr", "steps"), [(10, 0.1, 300), (10, 0.003, 120), (2, 0.05, 300), (4, 0.3, 300)]
)
def test_clean_runs_show_nothing(seed: int, classes: int, lr: float, steps: int) -> None:
    run = Run(seed, classes, lr=lr, steps=steps)
    assert run.found() == []
    assert run.found(student=False) == []


def test_a_clean_run_that_only_starts_to_learn_shows_nothing() -> None:
    for seed in range(3):
        assert Run(seed, lr=1e-4, steps=60).found() == []


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("mistake", "more"), [
    ("missing-zero-grad", {"lr": 0.01}),
    ("double-softmax", {"steps": 600}),
    ("double-softmax", {"classes": 4, "steps": 600}),
    ("eval-mode-forgotten", {}),
    ("wrong-normalisation", {}),
    ("leakage", {"steps": 1500}),
    ("dead-units", {}),
    ("not-a-number", {}),
])  # fmt: skip
def test_a_planted_mistake_is_found_and_no_other(mistake: str, more: dict, seed: int) -> None:
    assert Run(seed, mistake=mistake, **more).found() == [mistake]


@pytest.mark.parametrize("seed", range(3))
def test_gradients_that_explode_are_found(seed: int) -> None:
    run = Run(seed, mistake="exploding-gradients", lr=60.0, steps=80)
    assert run.found(student=False) == ["exploding-gradients"]


WAYS = [
    {},
    {"clip": 1.0},
    {"parts": 4},
    {"batch": 600},  # the whole split in each step: nothing jumps from batch to batch
]


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.parametrize("plain", [False, True], ids=["normalized", "plain"])
def test_clean_gradients_show_nothing_with_any_optimizer(optimizer: str, way: dict, plain: bool) -> None:
    run = Run(3, optimizer=optimizer, steps=150, plain=plain, overlap=True, **way)
    assert run.found(student=False) == []


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("clip", [math.inf, 5.0])
def test_a_gradient_that_piles_up_is_found_by_its_curve(optimizer: str, clip: float) -> None:
    run = Run(1, mistake="missing-zero-grad", optimizer=optimizer, steps=200, clip=clip, overlap=True)
    assert run.found(student=False) == ["missing-zero-grad"]


def test_a_gradient_that_is_clipped_to_less_than_a_batchs_is_found_by_the_loop_alone() -> None:
    run = Run(1, mistake="missing-zero-grad", optimizer="adamw", steps=200, clip=0.05)
    run.curves = {"loss": run.curves["loss"]}  # whether or not the norm gives it away
    assert run.found(student=False) == []
    assert run.found() == ["missing-zero-grad"]


def test_a_clean_loop_in_another_file_does_not_hide_the_one_that_clears_nothing() -> None:
    run = Run(1, mistake="missing-zero-grad", optimizer="adamw", clip=5.0, steps=200, overlap=True)
    run.student.files["solution.py"] = "def fit(loss, optimizer):\n" + textwrap.indent(CLEAN, "    ")
    (finding,) = find(*_arguments(run))
    assert finding.signature == "missing-zero-grad"
    assert "The loop at line 1 of train.py calls backward() and step()" in finding.evidence
    assert "From step to step grad_norm jumps by" in finding.evidence


def test_dead_units_are_found_where_the_run_logs_them() -> None:
    run = Run()
    share = Curve(np.arange(20), np.full(20, 0.8), np.arange(20) / 10, "dead/relu1")
    assert [one.signature for one in find(run.curves | {"dead/relu1": share})] == ["dead-units"]


def test_overfitting_is_found_and_a_loss_that_settles_is_not() -> None:
    steps = np.arange(200)
    train = Curve(steps, 2 * np.exp(-steps / 20), steps / 10, "loss/train")
    worse = Curve(steps, np.exp(-steps / 15) + 0.3 + steps / 200, steps / 10, "loss/valid")
    settled = Curve(steps, np.exp(-steps / 15) + 0.3, steps / 10, "loss/valid")
    (finding,) = find({"loss/train": train, "loss/valid": worse})
    assert finding.signature == "overfitting"
    assert list(Path("curriculum/topics").glob(f"*/{finding.lesson}/topic.yaml"))
    assert find({"loss/train": train, "loss/valid": settled}) == []


def test_a_model_that_cannot_be_asked_is_no_finding_and_no_error() -> None:
    run = Run()
    for answer in (lambda images: None, lambda images: ["a"] * len(images), lambda images: np.zeros(3), None):
        run.student.predict = answer
        assert run.found() == []


@pytest.mark.parametrize(
    ("mistake", "more"),
    [
        ("missing-zero-grad", {"lr": 0.02}),
        ("double-softmax", {"steps": 600}),
        ("leakage", {"steps": 1500}),
        ("dead-units", {}),
        ("exploding-gradients", {"lr": 60.0, "steps": 80}),
        ("wrong-normalisation", {}),
        ("eval-mode-forgotten", {}),
        ("not-a-number", {}),
    ],
)
def test_every_finding_says_what_was_seen_and_where_to_read(mistake: str, more: dict) -> None:
    found = {finding.signature: finding for finding in find(*_arguments(Run(mistake=mistake, **more)))}
    finding = found[mistake]
    assert list(Path("curriculum/topics").glob(f"*/{finding.lesson}/topic.yaml"))
    assert len(finding.evidence) > 40
    assert finding.title


def _arguments(run: Run):
    return run.curves, run.student, {"digits": run.data}
