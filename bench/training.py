"""What a training pays for being watched, how soon it stops when asked, and how soon it goes on elsewhere."""

import json
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.contract import Artifact, Event, Job, Kind, Limits, Output, Points, Report, Training
from grader.training.depot import Folder
from grader.training.run import train

_CNN = """
import json, statistics, time
import cairn, torch

net = torch.nn.Sequential(
    torch.nn.Conv2d(1, 16, 3, padding=1), torch.nn.ReLU(), torch.nn.MaxPool2d(2),
    torch.nn.Conv2d(16, 32, 3, padding=1), torch.nn.ReLU(), torch.nn.MaxPool2d(2),
    torch.nn.Flatten(), torch.nn.Linear(32 * 49, 10),
)
optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
x, y = torch.randn(64, 1, 28, 28), torch.randint(0, 10, (64,))
steps, logs = [], []
for step in range(STEPS):
    began = time.perf_counter()
    optimizer.zero_grad()
    loss = torch.nn.functional.cross_entropy(net(x), y)
    loss.backward()
    optimizer.step()
    value = loss.item()
    ended = time.perf_counter()
    cairn.log({"loss": value, "accuracy": 0.5, "lr": 0.01}, step)
    logs.append(time.perf_counter() - ended)
    steps.append(ended - began)
print(json.dumps({"steps": steps[20:], "logs": logs[20:]}))
"""
_LOOP = """
import time
import cairn, torch

net = torch.nn.Linear(1000, 1000)
optimizer = torch.optim.AdamW(net.parameters())
kept = cairn.resume()
if kept:
    kept.load(model=net, optimizer=optimizer)
for step in range(kept.step if kept else 0, 100_000):
    optimizer.zero_grad()
    net(torch.ones(1, 1000)).sum().backward()
    optimizer.step()
    cairn.log({"loss": 1.0}, step)
    cairn.checkpoint(step + 1, every=20, model=net, optimizer=optimizer)
    time.sleep(0.02)
"""
_LIMITS = Limits(wall_seconds=600, cpu_seconds=1200, memory_bytes=2 * 2**30, output_bytes=2**22)


@dataclass(frozen=True)
class Effort:
    """How often things are done."""

    steps: int
    repeats: int


FULL, QUICK = Effort(1000, 5), Effort(200, 2)


def measure(effort: Effort, say: Callable[[str], None]) -> dict[str, Any]:
    """Logging beside a small CNN's step; from cancel to stopped; from a claim to the next step."""
    with tempfile.TemporaryDirectory(prefix="cairn-bench-") as name:
        folder = Path(name)
        say("Training: what logging costs.")
        logging = _logging(effort.steps, folder)
        say("Training: cancelling and going on.")
        rounds = [_round(folder) for _ in range(effort.repeats)]
    stops, fresh, resumed = zip(*rounds, strict=True)
    return {
        "logging": logging,
        "seconds": {
            "from cancel to stopped, last checkpoint safe": _spread(stops),
            "from a claim to the first step": _spread(fresh),
            "from a claim to the first step after a checkpoint": _spread(resumed),
        },
    }


def _logging(steps: int, folder: Path) -> dict[str, float]:
    printed: list[str] = []

    def take(event: Event) -> None:
        if isinstance(event, Output):
            printed.append(event.text)

    _run(_CNN.replace("STEPS", str(steps + 20)), folder, take)
    times = json.loads("".join(printed))
    step, log = sum(times["steps"]), sum(times["logs"])
    return {
        "step_p50": statistics.median(times["steps"]),
        "log_p50": statistics.median(times["logs"]),
        "share": log / step,  # of all steps together, so that waits count too
    }


def _round(folder: Path) -> tuple[float, float, float]:
    """One run that is cancelled, and one that goes on from its last checkpoint."""
    fresh, stop, checkpoint = _until_cancelled(folder, None)
    resumed, _, _ = _until_cancelled(folder, checkpoint)
    return stop, fresh, resumed


def _until_cancelled(folder: Path, resume: Artifact | None) -> tuple[float, float, Artifact]:
    """Seconds to the first step, and from cancel to the end, and the newest checkpoint."""
    cancel, kept, began = threading.Event(), list[Artifact](), time.perf_counter()
    first, asked = 0.0, 0.0

    def take(event: Event) -> None:
        nonlocal first, asked
        if isinstance(event, Points) and event.name == "loss" and not first:
            first = time.perf_counter() - began
        if isinstance(event, Artifact):
            kept.append(event)
            if len(kept) == 2:
                asked = time.perf_counter()
                cancel.set()

    _run(_LOOP, folder, take, resume=resume, cancel=cancel)
    return first, time.perf_counter() - asked, kept[-1]


def _run(
    program: str,
    folder: Path,
    take: Callable[[Event], None],
    *,
    resume: Artifact | None = None,
    cancel: threading.Event | None = None,
) -> Report:
    job = Job(
        id="bench",
        kind=Kind.TRAIN,
        entry="train.py",
        files={"train.py": program},
        tests={},
        limits=_LIMITS,
        training=Training(resume=resume),
    )
    return train(job, take, depot=Folder(folder / "depot"), cancel=cancel)


def _spread(seconds: tuple[float, ...]) -> dict[str, float]:
    return {"p50": statistics.median(seconds), "worst": max(seconds)}
