"""Control groups: found where they are, left alone where they are not ours; the kernel's word on memory."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from grader.contract import Job, Kind, Limits, Report, Verdict
from grader.run import run
from grader.sandbox import cgroups
from grader.sandbox.cgroups import NoGroups
from grader.sandbox.warm import Warm

MEGABYTE = 2**20
HYBRID = (
    "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
    "32 31 0:29 / {at}/cpu rw,relatime shared:4 - cgroup cgroup rw,cpu,cpuacct\n"
    "35 31 0:32 /docker/abc {at}/memory rw,relatime - cgroup cgroup rw,memory\n"
    "41 31 0:38 / {at}/unified rw,relatime - cgroup2 cgroup2 rw\n"
)
UNIFIED = "30 23 0:27 / {at} rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"


def described(folder: Path, mounts: str, groups: str) -> Path:
    """A folder with what the kernel says about a process in ``/proc/self``."""
    (folder / "mountinfo").write_text(mounts.format(at=folder / "at"))
    (folder / "cgroup").write_text(groups)
    return folder


def test_own_groups_are_found_by_controller_also_behind_a_containers_mount(tmp_path: Path) -> None:
    root = described(tmp_path, HYBRID, "4:memory:/docker/abc/node\n1:cpu,cpuacct:/\n0::/user\n")
    at = tmp_path / "at"
    assert cgroups.own(root) == {
        "memory": at / "memory" / "node",
        "cpu": at / "cpu",
        "cpuacct": at / "cpu",
        "": at / "unified" / "user",
    }


def unified(tmp_path: Path, present: str, given: str = "") -> Path:
    """A group of version 2 as the kernel lays it out, with our next group already in it."""
    home = tmp_path / "at" / "service"
    group = home / f"cairn-{os.getpid()}-{next(cgroups._numbers) + 1}"
    group.mkdir(parents=True)
    (home / "cgroup.controllers").write_text("cpuset cpu io memory pids\n")
    (home / "cgroup.subtree_control").write_text(given)
    (home / "cgroup.procs").write_text(present)
    texts = {"cgroup.procs": "", "memory.current": "5242880", "memory.events": "low 0\noom 1\noom_kill 0\n"}
    for name in ("memory.max", "memory.swap.max", "pids.max", "cpu.max"):
        texts[name] = "max"
    for name, text in texts.items():
        (group / name).write_text(text)
    described(tmp_path, UNIFIED, "0::/service\n")
    return home


def test_version_2_moves_this_node_down_and_sets_what_a_job_may_take(tmp_path: Path) -> None:
    home = unified(tmp_path, f"{os.getpid()}\n")
    groups = cgroups.find(tmp_path)
    assert groups.version == 2
    assert (home / "cairn-node" / "cgroup.procs").read_text() == str(os.getpid())
    assert (home / "cgroup.subtree_control").read_text() == "+memory +pids +cpu"
    (made,) = home.glob("cairn-*-*")
    limits = Limits()
    assert int((made / "memory.max").read_text()) == 5 * MEGABYTE + limits.memory_bytes * 17 // 16
    assert int((made / "pids.max").read_text()) == limits.processes + 4
    assert (made / "cpu.max").read_text() == "200000 100000"
    assert (made / "memory.swap.max").read_text() == "0"


def test_a_group_of_version_2_tells_what_was_taken_and_who_was_ended_for_it(tmp_path: Path) -> None:
    (made,) = unified(tmp_path, "", given="cpu memory pids").glob("cairn-*-*")
    groups = cgroups.find(tmp_path)
    (made / "cgroup.procs").write_text("")
    group = groups.take()
    group.limit(Limits())
    (made / "memory.current").write_text(str(9 * MEGABYTE))
    assert group.memory() == 4 * MEGABYTE
    assert not group.overran()
    (made / "memory.events").write_text("low 0\noom 3\noom_kill 2\n")
    assert group.overran()
    assert not group.overran(), "it was asked already"
    (made / "cgroup.procs").write_text("77\n")
    assert not group.empty()


def test_a_group_that_others_share_is_left_alone(tmp_path: Path) -> None:
    home = unified(tmp_path, f"{os.getpid()}\n1\n")
    with pytest.raises(NoGroups, match="1 other processes are in the control group"):
        cgroups.find(tmp_path)
    assert (home / "cgroup.subtree_control").read_text() == ""


def test_without_a_group_for_memory_the_reason_is_said(tmp_path: Path) -> None:
    described(tmp_path, HYBRID.replace("memory", "hugetlb"), "1:cpu,cpuacct:/\n")
    with pytest.raises(NoGroups, match="no control group for memory"):
        cgroups.find(tmp_path)


def test_they_can_be_turned_off_and_memory_is_then_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAIRN_CGROUPS", "off")
    backend = Warm()
    assert backend.groups == 0
    assert "off" in backend.groups_missing
    assert (
        graded(backend, "blocks = []\nwhile True:\n    blocks.append(bytearray(2**20))\n").status
        is Verdict.MEMORY
    )


# On this machine, where it lets us


@pytest.fixture(scope="module")
def warm() -> Warm:
    backend = Warm()
    if not backend.groups:
        pytest.skip(f"no control groups here: {backend.groups_missing}")
    return backend


def graded(backend: Warm, code: str) -> Report:
    limits = Limits(wall_seconds=5, memory_bytes=64 * MEGABYTE, processes=32)
    job = Job(id="1", kind=Kind.TRY, files={"solution.py": code}, tests={}, limits=limits)
    return run(job, lambda event: None, backend=backend)


HOG = (
    "import mmap, os, time\n"
    "def hog():\n"
    "    block = mmap.mmap(-1, {size} * 2**20)\n"
    "    for place in range(0, len(block), 4096):\n        block[place] = 1\n"
)


def test_memory_of_children_that_end_before_anybody_looks_is_the_learners(warm: Warm) -> None:
    """No look at the tree would have seen it: the kernel ended the child, and the parent went on."""
    code = HOG.format(size=90) + "if os.fork() == 0:\n    hog()\n    os._exit(0)\nprint(os.wait()[1])\n"
    report = graded(warm, code)
    assert report.status is Verdict.MEMORY
    assert "this exercise allows 64 MB" in report.message
    assert report.peak_bytes >= 60 * MEGABYTE


def test_what_a_fork_was_born_with_is_not_charged_to_the_learner(warm: Warm) -> None:
    report = graded(warm, "import torch\n" + HOG.format(size=40) + "hog()\n")
    assert report.status is Verdict.PASSED, report.message
    assert 40 * MEGABYTE <= report.peak_bytes < 64 * MEGABYTE


def test_one_jobs_end_is_not_held_against_the_next(warm: Warm) -> None:
    for _ in range(4):
        assert graded(warm, HOG.format(size=200) + "hog()\n").status is Verdict.MEMORY
        assert graded(warm, "print(1)").status is Verdict.PASSED


def test_a_group_that_somebody_removed_is_not_given_to_a_job(tmp_path: Path) -> None:
    (made,) = unified(tmp_path, "", given="cpu memory pids").glob("cairn-*-*")
    groups = cgroups.find(tmp_path)
    (made / "cgroup.procs").unlink()
    with pytest.raises(FileNotFoundError) as refused:  # of a new one, which no kernel furnishes here
        groups.take()
    assert str(made) not in str(refused.value)
    groups.close()


def test_no_group_outlives_the_node(warm: Warm) -> None:
    script = (
        "from grader.contract import Job\nfrom grader.run import run\nfrom grader.sandbox.warm import Warm\n"
        "tests = {'tests.py': 'def test_x(student): assert student.x'}\n"
        "job = Job(id='1', files={'solution.py': 'x = 1'}, tests=tests)\n"
        "backend = Warm()\nprint(run(job, lambda event: None, backend=backend).status)\n"
        "print(*(folder for group in backend._groups._made for folder in group._folders.values()))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    status, folders = done.stdout.splitlines()
    assert status == "passed"
    assert [folder for folder in folders.split() if Path(folder).exists()] == []
