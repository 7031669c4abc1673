"""Warm processes: made again when they are killed or out of date, gone with the node, and knowing nothing."""

# ruff: noqa: E501  small programs, each on the line where it is given

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from grader import judges
from grader.contract import Job, Kind, Limits, Report, Verdict
from grader.run import run
from grader.sandbox import select_backend, tree
from grader.sandbox.warm import Warm

ROOT = Path(__file__).parents[3]
CHECK = "def test_it(student):\n    assert student.double(2) == 4\n"
SOLUTION = "def double(x):\n    return 2 * x\n"


def job(code: str = SOLUTION, tests: str = CHECK, kind: Kind = Kind.GRADE, **more) -> Job:
    return Job(id="1", kind=kind, files={"solution.py": code}, tests={"tests.py": tests}, **more)


def graded(backend: Warm, *arguments, **keywords) -> Report:
    return run(job(*arguments, **keywords), lambda event: None, backend=backend)


def output(backend: Warm, code: str) -> str:
    return graded(backend, code, "", Kind.TRY).output


@pytest.fixture(scope="module")
def warm() -> Warm:
    backend = select_backend("warm")
    assert isinstance(backend, Warm)
    return backend


def named(word: str, roots: list[int]) -> list[int]:
    """The descendants of these processes whose command line holds ``word``."""
    found = [pid for root in roots for pid in tree.descendants(root)]
    return [pid for pid in found if word.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()]


def test_warm_is_what_is_used_where_it_works() -> None:
    assert select_backend("auto").name == "warm"


def test_a_fork_has_the_libraries_and_only_its_own_modules(warm: Warm) -> None:
    code = "import sys\nprint('numpy' in sys.modules, 'room' in sys.modules, 'forks' in sys.modules)\n# import numpy"
    assert output(warm, code) == "True False False\n"
    assert output(warm, "import sys\nprint('numpy' in sys.modules)").startswith("False")


def test_it_is_alone_and_has_no_descriptor_of_ours(warm: Warm) -> None:
    code = (
        "import os\nprint(os.getpid(), sorted(int(n) for n in os.listdir('/proc') if n.isdigit()))\n"
        "print(sorted(os.listdir('/proc/self/fd'))[:-1])\nprint(os.listdir('/dev/pts'), os.getsid(0))\n"
    )
    assert output(warm, code) == "2 [1, 2]\n['0', '1', '2', '200']\n[] 2\n"


def test_what_one_job_does_to_its_world_is_not_seen_by_the_next(warm: Warm) -> None:
    leave = (
        "import builtins, gc, json, os, random, sys, threading\n"
        "builtins.left = json.left = random.left = 1\nsys.path.append('/left')\nos.environ['LEFT'] = '1'\n"
        "sys.modules['left'] = sys\nrandom.seed(1)\ngc.disable()\nos.umask(0o777)\n"
        "for place in ('/tmp/left', '/dev/shm/left', '/box/left'):\n    open(place, 'w').close()\n"
    )
    look = (
        "import builtins, gc, json, os, random, sys\n"
        "print([hasattr(m, 'left') for m in (builtins, json, random)], '/left' in sys.path, 'left' in sys.modules)\n"
        "print('LEFT' in os.environ, gc.isenabled(), os.umask(0o22) == 0o22)\n"
        "print([os.path.exists(f'{p}/left') for p in ('/tmp', '/dev/shm', '/box')])\n"
    )
    clean = "[False, False, False] False False\nFalse True True\n[False, False, False]\n"
    assert output(warm, look) == clean
    for _ in range(3):
        output(warm, leave)
        assert output(warm, look) == clean


def test_forks_share_no_randomness_but_that_of_their_seed(warm: Warm) -> None:
    code = (
        "import os, random, uuid\nimport numpy as np\nprint(random.random(), np.random.rand(), uuid.uuid4())"
    )
    first, again, other = (graded(warm, code, "", Kind.TRY, seed=seed).output.split() for seed in (1, 1, 2))
    assert first[:2] == again[:2]
    assert first[2] != again[2]
    assert not set(first) & set(other)


def test_judges_share_no_randomness(warm: Warm) -> None:
    tests = "import random\nfrom grader.checks import metric\ndef test_it(student):\n    metric('x', random.random())\n"
    assert len({graded(warm, SOLUTION, tests).metrics["x"] for _ in range(4)}) == 4


def test_a_job_takes_milliseconds_and_many_run_at_once(warm: Warm) -> None:
    reports: list[Report] = []
    threads = [
        threading.Thread(target=lambda: reports.extend(graded(warm) for _ in range(8))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [report.status for report in reports] == [Verdict.PASSED] * 32


def test_killed_warm_processes_are_made_again_without_a_failure_of_ours(warm: Warm) -> None:
    assert graded(warm).status is Verdict.PASSED
    assert warm._cell is not None
    assert judges._staff is not None
    roots = [warm._cell._process.pid, judges._staff.nursery._process.pid]
    dice = random.Random(3)
    for _ in range(6):
        victims = [*tree.descendants(roots[0]), *tree.descendants(roots[1]), roots[1]]
        with contextlib.suppress(ProcessLookupError):  # a job's that was ending anyway
            os.kill(dice.choice(victims), signal.SIGKILL)
        time.sleep(0.05)
        assert graded(warm).status is Verdict.PASSED
        roots = [warm._cell._process.pid, judges._staff.nursery._process.pid]


def test_a_job_whose_warm_process_is_killed_is_our_failure_not_the_learners(warm: Warm) -> None:
    assert graded(warm).status is Verdict.PASSED
    cell = warm._cell
    assert cell is not None
    threading.Timer(0.4, cell._process.kill).start()
    threading.Timer(0.4, lambda: [os.kill(pid, 9) for pid in tree.descendants(cell._process.pid)]).start()
    report = graded(warm, "import time\ntime.sleep(3)\n", limits=Limits(wall_seconds=2))
    assert report.status in (Verdict.INTERNAL, Verdict.TIMEOUT)
    assert graded(warm).status is Verdict.PASSED


@pytest.mark.parametrize("name", ["warm", "bubblewrap"])
def test_a_harness_that_is_replaced_or_edited_is_used_by_the_next_job(name: str, tmp_path: Path) -> None:
    """In a copy of the grader, so that nobody else's is touched."""
    shutil.copytree(ROOT / "grader", tmp_path / "grader", ignore=shutil.ignore_patterns("testsuite"))
    script = (
        "import os, pathlib, shutil, time\nfrom grader.contract import Job\nfrom grader.run import run\n"
        "from grader.sandbox import select_backend\n"
        "job = Job(id='1', files={'solution.py': 'x = 1'}, tests={'tests.py': 'def test_x(student): assert student.x'})\n"
        "def grade():\n    time.sleep(0.6)  # files are looked at twice a second\n    print(run(job, lambda event: None, backend=select_backend()).status, flush=True)\n"
        "grade()\nharness = pathlib.Path('grader/harness')\n"
        "for file in ('codec.py', 'learner.py', 'judge.py'):\n"
        "    shutil.copy(harness / file, harness / 'new'); os.replace(harness / 'new', harness / file)\n    grade()\n"
        "    (harness / file).write_text((harness / file).read_text() + '# edited\\n')\n    grade()\n"
    )
    environment = {**os.environ, "CAIRN_SANDBOX": name, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["passed"] * 7, done.stderr


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_no_process_outlives_the_node(ending: signal.Signals) -> None:
    script = (
        "import time\nfrom grader.contract import Job\nfrom grader.run import run\n"
        "job = Job(id='1', files={'solution.py': 'import time; time.sleep(60)'}, tests={'tests.py': ''})\n"
        "print('started', flush=True)\nrun(job, lambda event: event.kind == 'phase' and print(event.name, flush=True))\n"
    )
    node = subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        # A suite started in the background of a script inherits an ignored Ctrl-C, and would hand it on.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert node.stdout is not None
    while node.stdout.readline() != "importing\n":
        continue
    time.sleep(0.1)
    family = tree.descendants(node.pid)
    assert len(family) > 6
    node.send_signal(ending)
    node.wait(10)
    node.stdout.close()
    until = time.monotonic() + 5
    while (left := [pid for pid in family if alive(pid)]) and time.monotonic() < until:
        time.sleep(0.05)
    assert left == []


def alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


def devices(roots: list[int]) -> list[str]:
    """Accelerators that these processes or their descendants have open."""
    found = []
    for pid in [*roots, *(child for root in roots for child in tree.descendants(root))]:
        with contextlib.suppress(OSError):
            found += [str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()]
    return [name for name in found if name.startswith(("/dev/nvidia", "/dev/dri", "/dev/kfd", "/dev/accel"))]


UNTOUCHED = (
    "import os\nimport torch\n"
    "print(torch.cuda.is_initialized(), sorted(name for name in os.listdir('/dev') if 'nvidia' in name))\n"
)


def test_no_warm_process_and_no_fork_of_one_has_opened_a_device(warm: Warm) -> None:
    """What opened a device holds memory of it, which would be in every fork: also where there is no device."""
    assert output(warm, UNTOUCHED) == "False []\n"
    assert warm._cell is not None
    assert judges._staff is not None
    assert devices([warm._cell._process.pid, judges._staff.nursery._process.pid]) == []


def has_nvidia() -> bool:
    return Path("/dev/nvidiactl").exists()


@pytest.mark.skipif(
    not has_nvidia(), reason="this machine has no NVIDIA device: nothing could have been opened"
)
def test_jobs_leave_nothing_in_the_memory_of_an_accelerator(warm: Warm) -> None:
    asked = ["nvidia-smi", "--query-compute-apps=pid", "--format=csv,noheader"]
    before = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    for _ in range(3):
        assert (
            output(
                warm,
                UNTOUCHED
                + "try:\n    torch.ones(1, device='cuda')\nexcept (RuntimeError, AssertionError):\n    pass\n",
            )
            == "False []\n"
        )
        roots = (
            [warm._cell._process.pid, judges._staff.nursery._process.pid]
            if warm._cell and judges._staff
            else []
        )
        assert devices(roots) == []
    assert subprocess.run(asked, capture_output=True, text=True, check=True).stdout == before
