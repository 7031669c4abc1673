"""Grading a folder with no server: what an author runs while writing."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from grader.contract import Kind, Verdict
from grader.local import NoExercise, job_for_folder, meets, prove

ROOT = Path(__file__).resolve().parents[2]
PLAIN = ROOT / "grader/testsuite/plain"
RIGHT = "def mix(a, b):\n    return a * a + 62 * b\n"


@pytest.fixture
def exercise(tmp_path: Path) -> Path:
    folder = tmp_path / "mix"
    (folder / "wrong").mkdir(parents=True)
    for name in ("exercise.yaml", "tests.py"):
        (folder / name).write_text((PLAIN / name).read_text())
    (folder / "solution.py").write_text(RIGHT)
    (folder / "starter.py").write_text("def mix(a, b):\n    return 0\n")
    (folder / "wrong/failed_sign.py").write_text(RIGHT.replace("+", "-"))
    (folder / "wrong/error_typo.py").write_text(RIGHT.replace("a * a", "aa"))
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "guess"
    for name, guess in (("solution", 0.9), ("baseline", 0.4)):
        (folder / name).mkdir(parents=True)
        (folder / name / "solution.py").write_text(f"def guess():\n    return {guess}\n")
        (folder / name / "report.md").write_text("words\n")
    (folder / "project.yaml").write_text(
        "title: Guess\n"
        "criteria:\n  - {id: high, kind: metric, title: High, metric: accuracy, at_least: 0.8}\n"
    )
    (folder / "evaluate.py").write_text(
        "from grader.checks import metric\n"
        "def test_guess(student):\n    assert student.files['report.md']\n"
        "    metric('accuracy', student.guess())\n"
    )
    return folder


def test_a_job_takes_the_authors_limits_and_tests_and_no_solution(exercise: Path) -> None:
    job = job_for_folder(exercise, {"anything.py": RIGHT}, Kind.TRY)
    assert job.files == {"solution.py": RIGHT}
    assert set(job.tests) == {"tests.py"}
    assert (job.limits.wall_seconds, job.limits.memory_bytes) == (1, 96 * 2**20)
    assert job.kind is Kind.TRY
    assert job.content_hash


def test_a_folder_that_is_no_exercise_says_what_is_missing(tmp_path: Path, exercise: Path) -> None:
    with pytest.raises(NoExercise, match=r"neither exercise.yaml"):
        job_for_folder(tmp_path, {"a.py": ""})
    with pytest.raises(NoExercise, match=r"none of the files is solution.py"):
        job_for_folder(exercise, {"a.py": "", "b.py": ""})
    (exercise / "exercise.yaml").write_text("title: [")
    with pytest.raises(NoExercise, match="not YAML"):
        job_for_folder(exercise, {"a.py": ""})


def test_proofs_of_an_exercise(exercise: Path) -> None:
    (exercise / "wrong/failed_but_right.py").write_text(RIGHT)
    proofs = {proof.name: (proof.wanted, proof.report.status, proof.holds) for proof in prove(exercise)}
    assert proofs == {
        "solution.py": ("passed", Verdict.PASSED, True),
        "starter.py": ("not passed", Verdict.FAILED, True),
        "wrong/error_typo.py": ("error", Verdict.ERROR, True),
        "wrong/failed_sign.py": ("failed", Verdict.FAILED, True),
        "wrong/failed_but_right.py": ("failed", Verdict.PASSED, False),
    }


def test_proofs_of_a_project(project: Path) -> None:
    proofs = {proof.name: (proof.holds, proof.report.metrics) for proof in prove(project)}
    assert proofs == {"solution": (True, {"accuracy": 0.9}), "baseline": (True, {"accuracy": 0.4})}
    (project / "baseline/solution.py").write_text("def guess():\n    return 1.0\n")
    assert [proof.name for proof in prove(project) if not proof.holds] == ["baseline"]


@pytest.mark.parametrize(
    ("criterion", "met"),
    [({"at_least": 0.5}, True), ({"above": 0.5}, False), ({"at_most": 0.5}, True), ({"at_most": 0.4}, False)],
)
def test_a_bound_is_met_or_not(criterion, met) -> None:
    assert meets({"metric": "m", **criterion}, {"m": 0.5}) is met
    assert meets({"metric": "other", **criterion}, {"m": 0.5}) is False


def command(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "grader", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("file", "status", "code"), [("passed_plain", "passed", 0), ("failed_wrong", "failed", 1)]
)
def test_the_command_prints_one_document_and_exits_by_whose_fault_it_was(file, status, code) -> None:
    done = command(str(PLAIN), str(PLAIN / f"submissions/{file}.py"), "--json")
    found = json.loads(done.stdout)
    assert (done.returncode, found["status"], found["exercise"]) == (code, status, "plain")
    assert {"name", "status", "message", "seconds"} <= set(found["tests"][0])
    assert {"score", "output", "wall_seconds", "cpu_seconds", "peak_bytes", "content_hash"} <= set(found)


def test_the_commands_own_failures_are_two() -> None:
    assert command("/nonexistent", str(PLAIN / "tests.py")).returncode == 2
    assert command(str(PLAIN), "/nonexistent.py").returncode == 2
