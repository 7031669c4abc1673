"""Several processes train one model through torchrun, and talk over a loopback that leads nowhere else."""

from pathlib import Path

import pytest

from grader.contract import Verdict
from grader.training import devices, tensors
from grader.training.tests.jobs import LIMITS, job, run

GLOO = """
import os, socket
import cairn, torch
import torch.distributed as dist

dist.init_process_group("gloo")
rank = dist.get_rank()
torch.manual_seed(0)
net = torch.nn.parallel.DistributedDataParallel(torch.nn.Linear(4, 1))
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
x = torch.randn(8, 4, generator=torch.Generator().manual_seed(rank))
for step in range(5):
    optimizer.zero_grad()
    loss = (net(x) - 1).pow(2).mean()
    loss.backward()
    optimizer.step()
    cairn.log({"loss": loss}, step)
total = torch.tensor([float(rank + 1)])
dist.all_reduce(total)
os.write(1, f"rank {rank} of {dist.get_world_size()} sum {total.item()}\\n".encode())  # in one piece
try:
    socket.create_connection(("192.0.2.1", 80), 0.2)
except OSError as error:
    print("outside:", type(error).__name__)
cairn.save("model", net.module)
dist.destroy_process_group()
"""


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory):
    limits = LIMITS.model_copy(update={"wall_seconds": 150, "memory_bytes": 2**31})
    return run(job(GLOO, processes=2, limits=limits, files={}), tmp_path_factory.mktemp("gloo"))


def test_two_processes_train_one_model(ran) -> None:
    assert ran.report.status is Verdict.PASSED, ran.report
    assert "rank 0 of 2 sum 3.0" in ran.printed
    assert "rank 1 of 2 sum 3.0" in ran.printed
    assert [step for step, _ in ran.curve("loss")] == [0, 1, 2, 3, 4]  # the first speaks for all
    weights, _ = tensors.read(ran.depot.place(ran.artifact("model")))
    assert sorted(weights) == ["bias", "weight"]


def test_their_network_ends_at_the_sandbox(ran) -> None:
    assert ran.printed.count("outside:") == 2


def test_one_process_has_no_network_at_all(tmp_path: Path) -> None:
    program = "import socket\ntry:\n    socket.socket()\nexcept PermissionError:\n    print('none')\n"
    assert run(job(program), tmp_path).printed == "none\n"


def test_one_of_several_that_fails_fails_the_run(tmp_path: Path) -> None:
    program = (
        "import os\nif os.environ['RANK'] == '1':\n    raise ValueError('rank 1 is unwell')\nimport torch\n"
    )
    limits = LIMITS.model_copy(update={"memory_bytes": 2**31})
    ran = run(job(program, processes=2, limits=limits, files={}), tmp_path)
    assert ran.report.status is Verdict.ERROR
    assert "ValueError: rank 1 is unwell" in ran.printed


@pytest.mark.gpu
def test_a_gpu_is_seen_inside_used_and_free_afterwards(tmp_path: Path) -> None:
    program = (
        "import cairn, torch\n"
        "x = torch.ones(2**20, device=cairn.device)\n"
        "print(cairn.device, torch.cuda.device_count(), int(x.sum()))\n"
    )
    device = devices.found()[0]
    before = devices.used_bytes(device)
    ran = run(job(program, device="gpu", files={}), tmp_path)
    assert (ran.report.status, ran.printed) == (Verdict.PASSED, "cuda 1 1048576\n")
    devices.check_free([device], {device.uuid: before})


def test_a_node_without_a_gpu_says_so(tmp_path: Path) -> None:
    if devices.found():
        pytest.skip("this machine has one")
    report = run(job("print(1)", device="gpu"), tmp_path).report
    assert report.status is Verdict.INTERNAL
    assert "has 0 devices" in report.message
