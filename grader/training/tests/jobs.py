"""Small trainings that the tests run: a data set of points, a net, and what happened."""

import functools
from dataclasses import dataclass, field
from pathlib import Path

from grader.contract import (
    Artifact,
    DatasetUse,
    Event,
    Job,
    Kind,
    Limits,
    Output,
    Phase,
    Points,
    Report,
    Training,
)
from grader.training.depot import Folder
from grader.training.run import train

LOADER = """
import numpy as np

def load(seed=0):
    rng = np.random.default_rng(seed)
    def split(count):
        inputs = rng.normal(size=(count, 8)).astype("float32")
        return {"inputs": inputs, "labels": (inputs @ np.arange(8) > 0).astype("int64")}
    return {"train": split(256), "valid": split(64), "hidden": split(64)}
"""
MODEL = """
import cairn
import torch

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = torch.nn.Linear(8, 16), torch.nn.Linear(16, 2)
    def forward(self, x):
        return self.b(torch.relu(self.a(x)))

def predict(inputs):
    net = Net()
    net.load_state_dict(cairn.load("model"))
    with torch.no_grad():
        return net(torch.as_tensor(inputs)).argmax(1).numpy()
"""
TRAIN = """
import cairn
import torch
from model import Net

points = cairn.data("points")
x, y = torch.from_numpy(points["train_inputs"]), torch.from_numpy(points["train_labels"])
net = Net()
optimizer = torch.optim.SGD(net.parameters(), lr=cairn.parameters.lr)
cairn.total_steps(60)
for step in range(60):
    optimizer.zero_grad()
    loss = torch.nn.functional.cross_entropy(net(x), y)
    loss.backward()
    optimizer.step()
    cairn.log({"loss": loss}, step)
cairn.save("model", net)
print("trained")
"""
EVALUATE = '''
import numpy as np
from grader.checks import metric

def test_accuracy(student, data):
    """It knows points that it has not seen"""
    hidden = data["points"].hidden
    right = student.predict(np.array(hidden["inputs"])) == hidden["labels"]
    metric("accuracy", right.mean())
    assert right.mean() > 0.7, "Most points are on the wrong side."

def test_curves(curves, parameters, data):
    """The loss fell"""
    loss = curves["loss"]
    assert loss.values[-1] < loss.values[0] and len(loss.steps) == 60
    assert list(loss.steps[:2]) == [0, 1] and (np.diff(loss.seconds) >= 0).all()
    assert parameters == {"lr": 0.5}
    assert sorted(data["points"].public) == ["train_inputs", "train_labels", "valid_inputs", "valid_labels"]
'''
POINTS = DatasetUse(name="points", loader="points.py", digest="1", arguments={"seed": 3})
LIMITS = Limits(wall_seconds=90, cpu_seconds=180, memory_bytes=2**30, output_bytes=4096)


@dataclass
class Ran:
    """A training that has run: its report and events, and where its artifacts are."""

    report: Report
    events: list[Event]
    depot: Folder = field(repr=False)

    def of(self, kind: type[Event]) -> list:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def printed(self) -> str:
        return "".join(event.text for event in self.of(Output))

    @property
    def phases(self) -> list[str]:
        return [event.name for event in self.of(Phase)]

    def artifact(self, name: str) -> Artifact:
        """The newest of that name."""
        return [artifact for artifact in self.of(Artifact) if artifact.name == name][-1]

    def curve(self, name: str) -> list[tuple[int, float | None]]:
        return [
            pair
            for points in self.of(Points)
            if points.name == name
            for pair in zip(points.steps, points.values, strict=True)
        ]


def job(program: str = TRAIN, *, tests: str = "", kind: Kind = Kind.TRAIN, **more) -> Job:
    """A training job; ``more`` goes to its Training, but for ``limits``, ``seed`` and ``files``."""
    limits, seed = more.pop("limits", LIMITS), more.pop("seed", 0)
    files = {"train.py": program, **more.pop("files", {"model.py": MODEL} if "torch" in program else {})}
    return Job(
        id="run",
        kind=kind,
        entry="train.py",
        evaluated="model.py",
        files=files,
        tests={"evaluate.py": tests} if tests else {},
        loaders={"points.py": LOADER},
        limits=limits,
        seed=seed,
        training=Training(**({"parameters": {"lr": 0.5}} | more)),
    )


def run(given: Job, folder: Path, **more) -> Ran:
    """Runs a job with a depot in ``folder``."""
    depot = Folder(folder / "depot")
    events: list[Event] = []
    told = more.pop("on_event", None)
    tell = functools.partial(_tell, events, told) if told else events.append
    return Ran(train(given, tell, depot=depot, **more), events, depot)


def _tell(events: list[Event], told, event: Event) -> None:
    events.append(event)
    told(event)
