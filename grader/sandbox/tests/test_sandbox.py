"""The sandbox keeps what it promises on this machine, and is not offered where it cannot."""

import json
import os
import subprocess
import sys

import pytest

from grader.contract import Job, Kind, Limits, Verdict
from grader.run import run
from grader.sandbox import SandboxUnavailable, bubblewrap, select, select_backend
from grader.sandbox.doctor import _try
from grader.sandbox.probes import probes
from grader.sandbox.runtime import runtime
from grader.sandbox.seccomp import program
from grader.sandbox.select import SAFE
from grader.sandbox.unsafe import Unsafe


def test_the_doctor_finds_what_is_missing_where_nothing_is_confined() -> None:
    """The probes can fail: without a sandbox most of them do."""
    job = Job(
        id="1",
        kind=Kind.TRY,
        files={"solution.py": "import os\nprint(os.path.exists('/etc/shadow'))"},
        tests={},
    )
    assert run(job, lambda event: None, backend=Unsafe()).output == "True\n"
    named = {probe.name: probe for probe in probes()}
    for name in ("host files", "own processes", "system call filter", "nested namespaces"):
        assert not _try(named[name], Unsafe()).held, name


def test_unsafe_must_be_asked_for_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAIRN_SANDBOX", "unsafe")
    assert select_backend().isolates is False
    monkeypatch.setenv("CAIRN_SANDBOX", "auto")
    assert select_backend().isolates is True


def test_an_unknown_backend_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAIRN_SANDBOX", "jail")
    with pytest.raises(SandboxUnavailable, match=r"'jail'.*bubblewrap"):
        select_backend()


def test_without_bubblewrap_there_is_a_remedy_and_no_fall_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bubblewrap, "bwrap", lambda: None)
    select._select.cache_clear()
    with pytest.raises(SandboxUnavailable, match=r"no bwrap program.*Install bubblewrap"):
        select_backend("auto")
    select._select.cache_clear()


def test_learners_see_the_packages_of_the_requirements_and_no_others() -> None:
    names = {path.name for path in runtime().packages}
    assert {"numpy", "torch", "sklearn", "msgpack"} <= names
    assert not {"django", "celery", "pytest", "cairn", "grader"} & names


def test_limits_hold_in_the_numbers_that_a_job_gives() -> None:
    code = (
        "import resource as r\n"
        "print(*(r.getrlimit(name)[0] for name in (r.RLIMIT_FSIZE, r.RLIMIT_NPROC, r.RLIMIT_CORE)))"
    )
    limits = Limits(file_bytes=2**20, processes=7)
    job = Job(id="1", kind=Kind.TRY, files={"solution.py": code}, tests={}, limits=limits)
    assert run(job, lambda event: None).output == f"{2**20} 7 0\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs a stage")
def test_a_killed_helper_is_started_again() -> None:
    job = Job(id="1", kind=Kind.TRY, files={"solution.py": "print(1)"}, tests={})
    backend = select_backend("bubblewrap")
    stage = bubblewrap._standing_stage()
    stage._helper.kill()
    stage._helper.wait()
    assert run(job, lambda event: None, backend=backend).output == "1\n"


def test_the_filter_is_whole_instructions_and_ends_by_allowing() -> None:
    code = program()
    assert code is not None
    assert len(code) % 8 == 0
    assert len(code) // 8 < 4096
    assert code[-8:] == b"\x06\x00\x00\x00\x00\x00\xff\x7f"


def test_every_guarantee_holds_when_tried_and_the_doctor_says_so_in_one_document() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "grader.sandbox", "doctor", "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    found = json.loads(done.stdout)
    assert done.returncode == 0, found
    assert found["isolates"] is True
    assert [one["backend"] for one in found["backends"]] == ["warm", "bubblewrap"]
    assert all(one["held"] for examined in found["backends"] for one in examined["guarantees"])


@pytest.mark.parametrize("backend", SAFE)
def test_nothing_is_left_of_one_job_for_the_next(backend: str) -> None:
    leave = (
        "import os\nos.environ['LEFT'] = '1'\n"
        "for folder in ('/tmp', '/dev/shm'):\n    open(folder + '/left', 'w').write('x')\n"
    )
    look = "import os; print(os.listdir('/tmp'), os.listdir('/dev/shm'), 'LEFT' in os.environ)"
    for code in (leave, look):
        job = Job(id="1", kind=Kind.TRY, files={"solution.py": code}, tests={})
        report = run(job, lambda event: None, backend=select_backend(backend))
        assert report.status is Verdict.PASSED
    assert report.output == "[] [] False\n"
