"""A judge stays for the next job, which finds nothing of the one before; or else it does not stay."""

import os
import signal
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from grader.contract import Job, Limits, Report, Verdict
from grader.harness.warm_judge import JOBS
from grader.run import run

SOLUTION = "def double(x):\n    return 2 * x\n"
WHO = "import os\nfrom grader.checks import metric\n"
CHECK = "def test_it(student):\n    assert student.double(2) == 4\n    metric('judge', os.getpid())\n"
TORCH = "# import torch\n"


def graded(tests: str = WHO + CHECK, code: str = SOLUTION, **more) -> Report:
    job = Job(
        id="1", files={"solution.py": code}, tests={"tests.py": tests} | more.pop("helpers", {}), **more
    )
    return run(job, lambda event: None)


def judge_of(report: Report) -> int:
    """The number of the judge's process."""
    assert report.status is Verdict.PASSED, report
    return int(report.metrics["judge"])


def test_a_judge_stays_for_the_next_job() -> None:
    assert judge_of(graded()) == judge_of(graded())


@pytest.mark.parametrize(
    "code",
    [
        "def double(x):\n    return 3 * x\n",
        "def double(x):\n    raise ValueError('no')\n",
        "def double(x:\n",
        "raise RuntimeError('while it was loaded')\n",
    ],
)
def test_a_wrong_answer_or_an_exception_is_nothing_unusual(code: str) -> None:
    before = judge_of(graded())
    assert graded(code=code).status is not Verdict.PASSED
    assert judge_of(graded()) == before


LEAVE = (
    WHO + "import builtins, random, sys\nimport numpy as np\nimport helper\n"
    "LEFT = [1]\nhelper.seen.append(1)\nopen('left.txt', 'w').close()\nos.makedirs('folder/below')\n"
    "random.seed(1)\nnp.random.seed(1)\nsys.path.insert(0, os.getcwd())\nos.chdir('folder')\n" + CHECK
)
LOOK = (
    WHO + "import random, sys\nimport numpy as np\nimport helper\n"
    "def test_nothing(student):\n"
    "    assert os.listdir() == ['tests.py'] or sorted(os.listdir())[-1] == 'tests.py'\n"
    "    assert not os.path.exists('left.txt') and not os.path.exists('below')\n"
    "    assert 'LEFT' not in vars(sys.modules['tests'])\n"
    "    assert helper.seen == ['other']\n"
    "    assert sys.path.count(os.getcwd()) == 1 and not any('cairn-judge' in p for p in sys.path[1:])\n"
    "    metric('random', random.random())\n    metric('numpy', np.random.rand())\n" + CHECK
)


def test_of_what_every_test_may_do_the_next_job_sees_nothing() -> None:
    first = judge_of(graded(LEAVE, helpers={"helper.py": "seen = []\n"}))
    reports = []
    for _ in range(2):
        graded(LEAVE, helpers={"helper.py": "seen = []\n"})
        reports.append(graded(LOOK, helpers={"helper.py": "seen = ['other']\n"}))
    assert {judge_of(report) for report in reports} == {first}
    assert reports[0].metrics["random"] != reports[1].metrics["random"]
    assert reports[0].metrics["numpy"] != reports[1].metrics["numpy"]


LEFT_BEHIND = {
    "builtins": "import builtins\nbuiltins.left = 1\n",
    "patched": "import numpy as np\nnp.allclose = lambda *a, **k: True\n",
    "patched-checks": "import grader.checks\ngrader.checks.equal = lambda *a, **k: None\n",
    "patched-session": "from grader.harness.session import Session\nSession.request = lambda *a: 4\n",
    "environment": "os.environ['LEFT'] = '1'\n",
    "path": "import sys\nsys.path.append('/left')\n",
    "module": "import sys\nsys.modules['left'] = sys\n",
    "replaced-module": "import sys\nimport json\nsys.modules['json'] = os\n",
    "imported": "import wave\n",
    "warnings": "import warnings\nwarnings.simplefilter('error')\n",
    "errors": "import numpy as np\nnp.seterr(all='raise')\n",
    "printing": "import numpy as np\nnp.set_printoptions(precision=1)\n",
    "recursion": "import sys\nsys.setrecursionlimit(500)\n",
    "signal": "import signal\nsignal.signal(signal.SIGUSR1, signal.SIG_IGN)\n",
    "timer": "import signal\nsignal.setitimer(signal.ITIMER_VIRTUAL, 30)\n",
    "thread": "import threading\nthreading.Timer(20, print).start()\n",
    "child": "import subprocess\nsubprocess.Popen(['sleep', '20'])\n",
    "file": "LEFT = os.open('/dev/null', os.O_RDONLY)\n",
    "streams": "import sys\nsys.stderr = None\n",
    "at-exit": "import atexit\natexit.register(print)\n",
    "umask": "os.umask(0o777)\n",
    "collector": "import gc\ngc.disable()\n",
    "decimals": "import decimal\ndecimal.getcontext().prec = 3\n",
    "memory": "import textwrap\nimport numpy as np\ntextwrap.left = np.ones(2**24)\n",
    "torch-dtype": "import torch\ntorch.set_default_dtype(torch.float64)\n",
    "torch-gradients": "import torch\ntorch.set_grad_enabled(False)\n",
    "torch-patched": "import torch\ntorch.Tensor.backward = None\n",
    "torch-threads": "import torch\ntorch.set_num_threads(2)\n",
    "torch-small-numbers": "import torch\ntorch.set_flush_denormal(True)\n",
}


@pytest.mark.parametrize("name", LEFT_BEHIND)
def test_a_judge_in_which_a_test_left_something_judges_no_more(name: str) -> None:
    code = (TORCH if "torch" in name else "") + SOLUTION
    before = judge_of(graded(code=code))
    left = graded(WHO + LEFT_BEHIND[name] + CHECK, code)
    assert left.metrics.get("judge") in (before, None)
    assert judge_of(graded(code=code)) != before


UNUSUAL = {
    "garbage": "import os\ndef double(x):\n    os.write(200, bytes([255]) * 64)\n",
    "unasked": "import os\ndef double(x):\n    os.write(200, bytes(64))\n    return 2 * x\n",
    "ends": "import os\ndef double(x):\n    os._exit(0)\n",
    "hangs": "def double(x):\n    while True:\n        pass\n",
    "floods": "def double(x):\n    while True:\n        print('x' * 1000)\n",
    "unusable": "def double(x):\n    return 'text'\n",
}


@pytest.mark.parametrize("name", UNUSUAL)
def test_a_judge_ends_after_anything_unusual(name: str) -> None:
    before = judge_of(graded())
    tests = WHO + "def test_it(student):\n    student.double(1) + 1\n    student.mix(2, 3)\n"
    limits = Limits(wall_seconds=1, output_bytes=2048)
    assert graded(tests, UNUSUAL[name], limits=limits).status is not Verdict.PASSED
    assert judge_of(graded()) != before


def test_a_test_that_is_broken_ends_its_judge_and_is_told() -> None:
    before = judge_of(graded())
    assert graded("raise RuntimeError('broken')").status is Verdict.INTERNAL
    assert judge_of(graded()) != before


def test_a_judge_has_only_so_many_jobs() -> None:
    counts = Counter(judge_of(graded()) for _ in range(2 * JOBS))
    assert max(counts.values()) <= JOBS
    assert len(counts) <= 4


def test_a_judge_that_was_killed_as_it_waited_costs_no_job_anything() -> None:
    for _ in range(3):
        os.kill(judge_of(graded()), signal.SIGKILL)
        time.sleep(0.05)
        assert graded().status is Verdict.PASSED


def test_a_judge_that_is_killed_at_work_is_our_failure_and_leaves_no_files(tmp_path: Path) -> None:
    place = tmp_path / "place"
    kill = (
        f"import os, signal\ndef test_it(student):\n    open({str(place)!r}, 'w').write(os.getcwd())\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert graded(kill).status is Verdict.INTERNAL
    assert "cairn-judge" in place.read_text()
    assert not Path(place.read_text()).exists()
    assert graded().status is Verdict.PASSED


def test_what_answers_piled_up_is_gone_or_its_judge_is() -> None:
    tests = (
        WHO
        + "KEPT = []\ndef test_it(student):\n    for _ in range(4):\n        KEPT.append(student.double(1))\n"
        "    metric('judge', os.getpid())\n"
    )
    weigh = (
        WHO + "def test_it(student):\n    pages = [int(n) for n in open('/proc/self/statm').read().split()]\n"
        "    metric('own', (pages[1] - pages[2]) * os.sysconf('SC_PAGE_SIZE'))\n"
    )
    empty = graded(weigh).metrics["own"]
    huge = "def double(x):\n    return list(range(400_000))\n"
    assert judge_of(graded(tests, huge)) > 0
    assert graded(weigh).metrics["own"] < empty + 80 * 2**20


def test_judges_of_two_slots_do_not_mix_their_jobs_up() -> None:
    wrong: list[Report] = []

    def slot(number: int) -> None:
        code = f"def double(x):\n    return {number} * x\n"
        for turn in range(15):
            tests = f"def test_it(student):\n    assert student.double({turn}) == {number * turn}\n"
            report = graded(tests, code)
            if report.status is not Verdict.PASSED:
                wrong.append(report)

    threads = [threading.Thread(target=slot, args=(number,)) for number in (2, 3, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
