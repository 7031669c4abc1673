"""A worker that dies does not lose the run: another goes on from the newest checkpoint."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from pydantic import TypeAdapter

from grader.contract import Artifact, ArtifactRole, Event, Points, Verdict
from grader.sandbox import tree
from grader.training import tensors
from grader.training.tests.jobs import POINTS, job, run

ROOT = Path(__file__).resolve().parents[3]
TRAIN = """
import random, time
import cairn, numpy as np, torch
from model import Net

points = cairn.data("points")
x, y = torch.from_numpy(points["train_inputs"]), torch.from_numpy(points["train_labels"])
net = Net()
optimizer = torch.optim.AdamW(net.parameters(), lr=0.01)
scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, [15, 30], 0.5)
shuffle, noise = torch.Generator().manual_seed(5), np.random.default_rng(6)
first, best = 0, None
if (kept := cairn.resume()) is not None:
    kept.load(net=net, optimizer=optimizer, scheduler=scheduler, shuffle=shuffle, noise=noise)
    first, best = kept.step, kept["best"]
    print("resumed at", first)
for step in range(first, 45):
    rows = torch.randperm(len(x), generator=shuffle)[:32]
    drop = torch.nn.functional.dropout(x[rows], 0.2)
    loss = torch.nn.functional.cross_entropy(net(drop), y[rows])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    scheduler.step()
    best = min(best or 9.0, loss.item()) + 0.001 * (random.random() + noise.random() + np.random.rand())
    cairn.log({"loss": loss, "best": best, "lr": optimizer.param_groups[0]["lr"]}, step)
    parts = {"net": net, "optimizer": optimizer, "scheduler": scheduler, "shuffle": shuffle, "noise": noise}
    cairn.checkpoint(step + 1, every=10, best=best, **parts)
    if PAUSE and step == 24:
        time.sleep(60)
cairn.save("model", net)
"""
NODE = """
import sys
from pathlib import Path
from grader.contract import Job
from grader.training.depot import Folder
from grader.training.run import train

def tell(event):
    print(event.model_dump_json(), flush=True)

train(Job.model_validate_json(sys.stdin.read()), tell, depot=Folder(Path(sys.argv[1])))
"""


def killed(folder: Path) -> tuple[list[Event], list[int]]:
    """A node process that dies once a second checkpoint is safe: what it had told, and its family."""
    node = subprocess.Popen(
        [sys.executable, "-c", NODE, str(folder / "depot")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert node.stdin is not None
    assert node.stdout is not None
    node.stdin.write(job(f"PAUSE = True\n{TRAIN}", datasets=(POINTS,)).model_dump_json().encode())
    node.stdin.close()
    told: list[Event] = []
    adapter: TypeAdapter[Event] = TypeAdapter(Event)
    for line in node.stdout:
        told.append(adapter.validate_json(line))
        if isinstance(told[-1], Artifact) and told[-1].step == 20 and _reached(told, 24):
            break
        if _reached(told, 24) and any(isinstance(one, Artifact) and one.step == 20 for one in told):
            break
    family = tree.descendants(node.pid)
    node.send_signal(signal.SIGKILL)
    node.wait()
    return told, family


def _reached(told: list[Event], step: int) -> bool:
    return any(isinstance(one, Points) and one.name == "loss" and step in one.steps for one in told)


def test_a_killed_run_goes_on_where_it_was_and_ends_as_if_nothing_had_happened(tmp_path: Path) -> None:
    told, _ = killed(tmp_path)
    checkpoint = [one for one in told if isinstance(one, Artifact) and one.role is ArtifactRole.CHECKPOINT][
        -1
    ]
    assert checkpoint.step == 20
    history = tuple(_until(one, 20) for one in told if isinstance(one, Points) and one.steps[0] < 20)
    resumed = run(
        job(f"PAUSE = False\n{TRAIN}", datasets=(POINTS,), resume=checkpoint, history=history), tmp_path
    )
    assert resumed.report.status is Verdict.PASSED, resumed.report
    assert resumed.printed == "resumed at 20\n"
    assert [phase.step for phase in resumed.of(type(resumed.events[0])) if phase.name == "training"] == [20]
    assert [step for step, _ in resumed.curve("loss")] == list(range(20, 45))

    whole = run(job(f"PAUSE = False\n{TRAIN}", datasets=(POINTS,)), tmp_path)
    for name in ("loss", "best", "lr"):
        assert resumed.curve(name) == whole.curve(name)[20:]
    one, _ = tensors.read(resumed.depot.place(resumed.artifact("model")))
    other, _ = tensors.read(whole.depot.place(whole.artifact("model")))
    assert all(bool((one[name] == other[name]).all()) for name in other)


def _until(points: Points, step: int) -> Points:
    count = sum(one < step for one in points.steps)
    return Points(
        name=points.name,
        steps=points.steps[:count],
        values=points.values[:count],
        seconds=points.seconds[:count],
    )


SEES = """
from grader.checks import check

def test_x(curves):
    check(list(curves["loss"].steps) == [0, 1, 2, 3], str(list(curves["loss"].steps)))
"""


def test_the_evaluation_sees_the_whole_curve(tmp_path: Path) -> None:
    history = (Points(name="loss", steps=(0, 1), values=(3.0, None), seconds=(0.1, 0.2)),)
    program = "import cairn\nfor step in (2, 3): cairn.log({'loss': 1.0}, step)\n"
    ran = run(job(program, tests=SEES, history=history, files={"model.py": ""}), tmp_path)
    assert ran.report.status is Verdict.PASSED, ran.report
    assert [step for step, _ in ran.curve("loss")] == [2, 3]  # what was known is not told again


def test_nothing_of_a_killed_node_goes_on(tmp_path: Path) -> None:
    _, family = killed(tmp_path)
    assert len(family) >= 3  # the sandbox, its first process, the program
    give_up = time.monotonic() + 5
    while any(map(tree.name, family)) and time.monotonic() < give_up:
        time.sleep(0.05)
    assert [name for name in map(tree.name, family) if name] == []
