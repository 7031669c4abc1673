"""Several nodes train one model: their cells have a network of their own, and nothing else."""

import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from grader.contract import Artifact, Job, Seat, Verdict
from grader.training import company, interface, tensors
from grader.training.line import Broken, Line
from grader.training.tests.jobs import LIMITS, Ran, job, run

SECRET = "of this try alone " * 2
LARGE = LIMITS.model_copy(update={"memory_bytes": 2**31, "wall_seconds": 150})


def seats(count: int = 2, wait: float = 60.0) -> list[Seat]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    return [
        Seat(rank=rank, nodes=count, address=address, secret=SECRET, wait_seconds=wait)
        for rank in range(count)
    ]


together = pytest.mark.usefixtures("interfaces")


@pytest.fixture(scope="module")
def interfaces() -> None:
    """Needs what a node needs to train together with others."""
    if missing := company.missing():
        pytest.skip(f"nodes cannot train together here: {missing}")


def on_nodes(given: Job, folder: Path, places: list[Seat], **more: Callable[..., object]) -> list[Ran]:
    """What each node's part of a run came to, rank 0's first."""
    with ThreadPoolExecutor(len(places)) as nodes:
        parts = [nodes.submit(run, given, folder / str(seat.rank), seat=seat, **more) for seat in places]
        return [part.result(timeout=240) for part in parts]


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
total = torch.full((1_000_000,), float(rank + 1))
dist.all_reduce(total)
os.write(1, f"rank {rank} of {dist.get_world_size()} sum {total.sum().item():.0f}\\n".encode())
cairn.save("model", net.module)
dist.destroy_process_group()
"""


@together
def test_two_nodes_train_one_model(tmp_path: Path) -> None:
    first, second = on_nodes(job(GLOO, nodes=2, limits=LARGE, files={}), tmp_path, seats())
    assert first.report.status is Verdict.PASSED, (first.report, first.printed)
    assert "rank 0 of 2 sum 3000000" in first.printed
    assert "rank 1 of 2 sum 3000000" in first.printed  # the other node's word, told by rank 0's
    assert [step for step, _ in first.curve("loss")] == [0, 1, 2, 3, 4]
    weights, _ = tensors.read(first.depot.place(first.artifact("model")))
    assert sorted(weights) == ["bias", "weight"]
    assert not second.of(Artifact)


def own_address() -> str:
    """This machine's, as others know it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # which sends nothing
        return str(probe.getsockname()[0])


REACH = """
import os, socket, time
import torch.distributed as dist

dist.init_process_group("gloo")
here = "10.77.0.%d" % (dist.get_rank() + 1)
kept = socket.create_server((here, 4000))
dist.barrier()
def tried(host, port):
    try:
        with socket.create_connection((host, port), 1.0) as found:
            return "reached"
    except OSError as error:
        return type(error).__name__
if dist.get_rank() == 0:
    for host, port in PLACES:
        print(host, port, tried(host, port), flush=True)
    try:
        socket.socket(socket.AF_INET, socket.SOCK_RAW, 255)
    except OSError as error:
        print("raw", type(error).__name__, flush=True)
    print(sorted(name for _, name in socket.if_nameindex()), flush=True)
dist.barrier()
dist.destroy_process_group()
"""


@together
def test_a_cell_reaches_the_others_of_its_run_and_nothing_else(tmp_path: Path) -> None:
    with (
        socket.create_server(("0.0.0.0", 0)) as site,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe,
    ):
        probe.connect(("192.0.2.1", 9))  # sends nothing, and tells this machine's own address
        port, own = site.getsockname()[1], probe.getsockname()[0]
        places = [("10.77.0.2", 4000), ("127.0.0.1", port), (own, port), ("10.77.0.3", port)]
        places += [("10.77.0.254", port), ("10.78.0.1", port), ("192.0.2.1", 80)]
        program = f"PLACES = {places!r}\n{REACH}"
        ran, _ = on_nodes(job(program, nodes=2, limits=LARGE, files={}), tmp_path, seats())
        site.settimeout(0.0)
        with pytest.raises(BlockingIOError):
            site.accept()
    assert ran.report.status is Verdict.PASSED, (ran.report, ran.printed)
    said = [line.split() for line in ran.printed.splitlines() if line[0].isdigit()]
    assert [(host, int(port)) for host, port, _ in said] == places
    assert [how == "reached" for *_, how in said] == [True] + [False] * 6, ran.printed
    assert "raw PermissionError" in ran.printed
    assert "['cairn0', 'lo']" in ran.printed


FAILS = """
import os, time
import torch.distributed as dist

dist.init_process_group("gloo")
if dist.get_rank() == 1:
    raise ValueError("rank 1 is unwell")
time.sleep(60)
"""


@together
def test_a_program_that_fails_on_another_node_fails_the_run(tmp_path: Path) -> None:
    first, _ = on_nodes(job(FAILS, nodes=2, limits=LARGE, files={}), tmp_path, seats())
    assert (first.report.status, first.report.wall_seconds < 60) == (Verdict.ERROR, True), first.report
    assert "ValueError: rank 1 is unwell" in first.printed
    assert "On node 1" in first.report.message


LASTS = """
import time
import cairn
import torch.distributed as dist

dist.init_process_group("gloo")
for step in range(10_000):
    dist.barrier()
    cairn.log({"step": step}, step)
    cairn.checkpoint(step, every=100_000, at=step)  # at the first step, and when it is asked to stop
    time.sleep(0.01)
"""


@together
def test_a_cancelled_run_ends_on_all_nodes_within_seconds(tmp_path: Path) -> None:
    cancel = threading.Event()

    def heard(event: object) -> None:
        if isinstance(event, Artifact):
            cancel.set()

    given, (hub, spoke) = job(LASTS, nodes=2, limits=LARGE, files={}), seats()
    with ThreadPoolExecutor(2) as nodes:
        other = nodes.submit(run, given, tmp_path / "1", seat=spoke)
        first = nodes.submit(run, given, tmp_path / "0", seat=hub, cancel=cancel, on_event=heard)
        assert first.result(timeout=240).report.status is Verdict.INTERNAL
        assert other.result(timeout=20).report.status is Verdict.INTERNAL


@together
def test_a_further_node_that_stops_has_the_run_given_back_with_a_last_checkpoint(tmp_path: Path) -> None:
    cancel, stop = threading.Event(), threading.Event()

    def heard(event: object) -> None:
        if isinstance(event, Artifact):
            stop.set()

    given, (hub, spoke) = job(LASTS, nodes=2, limits=LARGE, files={}), seats()
    with ThreadPoolExecutor(2) as nodes:
        other = nodes.submit(run, given, tmp_path / "1", seat=spoke, cancel=stop)
        first = nodes.submit(run, given, tmp_path / "0", seat=hub, cancel=cancel, on_event=heard).result(240)
        other.result(timeout=20)
    assert cancel.is_set(), "a node that has it set releases the run"
    begun, kept = [artifact.step for artifact in first.of(Artifact) if artifact.name == "checkpoint"]
    assert (begun, kept is not None and kept > 0) == (0, True), "kept when it was asked to stop"


def test_nodes_that_do_not_come_together_give_up_in_time(tmp_path: Path) -> None:
    cancel = threading.Event()
    ran = run(job("print(1)", nodes=2), tmp_path, seat=seats(wait=0.5)[0], cancel=cancel)
    assert (ran.report.status, cancel.is_set(), ran.phases) == (
        Verdict.INTERNAL,
        True,
        ["starting", "gathering"],
    )


# --- lines


def sockets() -> tuple[socket.socket, socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as door:
        near = socket.create_connection(door.getsockname())
        return near, door.accept()[0]


def pair(theirs: str = SECRET) -> tuple[Line, Line]:
    ours, other = sockets()
    with ThreadPoolExecutor(1) as answering:
        answered = answering.submit(Line, other, theirs, "answered")
        return Line(ours, SECRET, "dialled"), answered.result()


def test_a_line_carries_frames_in_order_both_ways() -> None:
    near, far = pair()
    frames = [b"", b"one", bytes(interface.MTU)]
    for frame in frames:
        near.send(frame)
        far.send(frame + b"!")
    assert [far.receive() for _ in frames] == frames
    assert [near.receive() for _ in frames] == [frame + b"!" for frame in frames]


def test_who_does_not_know_the_secret_is_not_understood() -> None:
    near, far = pair("of another try alone " * 2)
    far.send(b"let me in")
    near.send(b"who is it")
    for end in (near, far):
        with pytest.raises(Broken, match="no node of this run"):
            end.receive()


def test_what_was_sent_cannot_be_played_again() -> None:
    ours, between = sockets()
    beyond, other = sockets()
    with ThreadPoolExecutor(2) as greeting:
        near, far = (
            greeting.submit(Line, ours, SECRET, "dialled"),
            greeting.submit(Line, other, SECRET, "answered"),
        )
        beyond.sendall(between.recv(32))
        between.sendall(beyond.recv(32))
        dialled, answered = near.result(), far.result()
    dialled.send(b"once")
    recorded = between.recv(1000)
    beyond.sendall(recorded * 2)
    assert answered.receive() == b"once"
    with pytest.raises(Broken):
        answered.receive()


def test_a_line_that_ends_says_so() -> None:
    near, far = pair()
    near.close()
    with pytest.raises(Broken):
        far.receive()
    with pytest.raises(Broken):
        near.send(b"too late")


# --- packets


def packet(origin: str, target: str, version: int = 4) -> bytes:
    return bytes([version << 4, *bytes(11)]) + socket.inet_aton(origin) + socket.inet_aton(target) + b"data"


def test_only_packets_of_the_runs_own_network_are_for_anybody() -> None:
    good = packet("10.77.0.1", "10.77.0.2")
    assert (company.sender(good), company.receiver(good)) == (0, 1)
    for stray in (packet("10.77.0.1", "10.78.0.2"), packet("10.77.0.1", "127.0.0.1"), b"E", b""):
        assert company.receiver(stray) is None
    assert company.sender(packet("192.0.2.1", "10.77.0.2")) is None
    assert company.sender(packet("10.77.0.1", "10.77.0.2", version=6)) is None


@pytest.mark.parametrize("setting", ["10.0.0.5:7077", "trainer-2.internal:7077", "[fd00::5]:7077"])
def test_an_address_has_a_host_and_a_port(setting: str) -> None:
    assert company.checked(setting) == setting


@pytest.mark.parametrize(
    "setting", ["7077", "host:", ":7077", "host:port", "host:70777", "a b:7077", "[::x]:1", "::1:80"]
)
def test_what_is_no_address_is_refused(setting: str) -> None:
    with pytest.raises(ValueError, match="no address"):
        company.checked(setting)
