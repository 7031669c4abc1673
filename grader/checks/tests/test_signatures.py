"""Each signature is found where it was planted, and none in clean runs: tiny nets, trained here."""

from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from grader.checks.curves import Curve
from grader.checks.signatures import find
from grader.harness.materials import Dataset

CLEAN = "optimizer.zero_grad()\nloss.backward()\noptimizer.step()\n"


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
    log_gradient: bool = True
    data: Dataset = field(init=False)
    curves: dict[str, Curve] = field(init=False)
    student: SimpleNamespace = field(init=False)

    def __post_init__(self) -> None:
        torch.manual_seed(self.seed)
        torch.set_num_threads(1)
        self.data = digits(self.seed, self.classes, overlap=self.mistake == "leakage")
        self.net = torch.nn.Sequential(
            torch.nn.Linear(16, 64), torch.nn.BatchNorm1d(64), torch.nn.ReLU(), torch.nn.Dropout(0.3),
            torch.nn.Linear(64, self.classes),
        )  # fmt: skip
        if self.mistake in ("dead-units", "missing-zero-grad", "exploding-gradients", "leakage"):
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
        logged: dict[str, list[float]] = {"loss": [], "accuracy": [], "grad_norm": []}
        rng = np.random.default_rng(self.seed)
        self.net.train()
        for step in range(self.steps):
            rows = rng.integers(0, len(x), 64)
            scores = self.net(x[rows])
            if self.mistake == "double-softmax":
                scores = scores.softmax(1)
            loss = torch.nn.functional.cross_entropy(scores, y[rows])
            if self.mistake == "not-a-number" and step > 50:
                loss = loss + torch.log(torch.zeros(())) - torch.log(torch.zeros(()))
            if self.mistake != "missing-zero-grad":
                optimizer.zero_grad()
            loss.backward()
            norm = sum(float(p.grad.norm() ** 2) for p in self.net.parameters() if p.grad is not None) ** 0.5
            optimizer.step()
            logged["loss"].append(float(loss.detach()))
            logged["accuracy"].append(float((scores.argmax(1) == y[rows]).float().mean()))
            logged["grad_norm"].append(norm)
        if not self.log_gradient:
            del logged["grad_norm"]
        self.curves = {
            name: Curve(np.arange(self.steps), np.array(values), np.arange(self.steps) / 10, name)
            for name, values in logged.items()
        }
        if self.mistake != "eval-mode-forgotten":
            self.net.eval()
        source = (
            CLEAN.replace("optimizer.zero_grad()\n", "") if self.mistake == "missing-zero-grad" else CLEAN
        )
        self.student = SimpleNamespace(predict=self._predict, files={"train.py": source})

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


def test_without_sources_a_gradient_that_piles_up_is_found_by_its_curve() -> None:
    found = [Run(seed, mistake="missing-zero-grad", lr=0.01).found(student=False) for seed in range(3)]
    assert all("missing-zero-grad" in one or "exploding-gradients" in one for one in found), found


def test_dead_units_are_found_where_the_run_logs_them() -> None:
    run = Run()
    share = Curve(np.arange(20), np.full(20, 0.8), np.arange(20) / 10, "dead/relu1")
    assert [one.signature for one in find(run.curves | {"dead/relu1": share})] == ["dead-units"]


def test_overfitting_is_found_and_a_loss_that_settles_is_not() -> None:
    steps = np.arange(200)
    train = Curve(steps, 2 * np.exp(-steps / 20), steps / 10, "loss/train")
    worse = Curve(steps, np.exp(-steps / 15) + 0.3 + steps / 200, steps / 10, "loss/valid")
    settled = Curve(steps, np.exp(-steps / 15) + 0.3, steps / 10, "loss/valid")
    assert [one.signature for one in find({"loss/train": train, "loss/valid": worse})] == ["overfitting"]
    assert find({"loss/train": train, "loss/valid": settled}) == []


def test_a_model_that_cannot_be_asked_is_no_finding_and_no_error() -> None:
    run = Run()
    for answer in (lambda images: None, lambda images: ["a"] * len(images), lambda images: np.zeros(3), None):
        run.student.predict = answer
        assert run.found() == []


def test_every_finding_says_what_was_seen_and_where_to_read() -> None:
    from pathlib import Path

    topics = {path.name for path in Path("curriculum/topics").glob("*/*")}
    for mistake in (
        "missing-zero-grad",
        "double-softmax",
        "eval-mode-forgotten",
        "not-a-number",
        "dead-units",
    ):
        (finding,) = find(*_arguments(Run(mistake=mistake, steps=600, lr=0.02)))
        assert finding.lesson in topics
        assert len(finding.evidence) > 40
        assert finding.title


def _arguments(run: Run):
    return run.curves, run.student, {"digits": run.data}
