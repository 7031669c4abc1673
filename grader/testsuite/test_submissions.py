"""Every example submission gets the verdict that its file name says, and nothing outlives it."""

from pathlib import Path

import pytest

from grader.contract import Report, TestStatus, Verdict
from grader.local import job_for_folder
from grader.run import run
from grader.sandbox import select_backend
from grader.sandbox.select import SAFE

HERE = Path(__file__).parent
SUBMISSIONS = sorted([*HERE.glob("*/submissions/*.py"), *HERE.glob("*/attacks/*.py")])


def grade(path: Path, backend: str | None = None) -> Report:
    exercise = path.parent.parent
    files = {"solution.py": path.read_text(encoding="utf-8")}
    return run(job_for_folder(exercise, files, seed=20), lambda event: None, backend=select_backend(backend))


@pytest.mark.parametrize("backend", SAFE)
@pytest.mark.parametrize("path", SUBMISSIONS, ids=lambda path: f"{path.parent.parent.name}-{path.stem}")
def test_a_submission_gets_its_verdict(path: Path, backend: str) -> None:
    wanted = Verdict(path.stem.partition("_")[0])
    report = grade(path, backend)
    assert report.status is wanted, (report.message, report.tests, report.output[-500:])
    assert (report.score == 1.0) == (wanted is Verdict.PASSED)
    assert wanted is Verdict.PASSED or report.message
    assert len({test.name for test in report.tests}) == len(report.tests)


def test_there_are_many_submissions_and_many_of_them_attack() -> None:
    assert len(SUBMISSIONS) >= 120
    assert len([path for path in SUBMISSIONS if path.parent.name == "attacks"]) >= 60


def test_a_time_out_names_the_test_that_was_running() -> None:
    report = grade(HERE / "plain/submissions/timeout_loop.py")
    assert [test.status for test in report.tests] == [TestStatus.TIMEOUT, *[TestStatus.SKIPPED] * 4]
    assert "1 s" in report.tests[0].message
    assert report.wall_seconds == pytest.approx(1, abs=0.5)
