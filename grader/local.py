"""Grading from a folder in the content format, with no server: for authors, and for proving content."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from grader.contract import Event, Job, Kind, Limits, Report, Verdict
from grader.run import run
from grader.sandbox.base import Backend

_NOT_TESTS = {
    "exercise.yaml",
    "project.yaml",
    "prompt.md",
    "brief.md",
    "hints.md",
    "starter.py",
    "solution.py",
    "reference.json",
}


class NoExercise(ValueError):
    """The folder is not an exercise or a project that can be graded; the message says what is missing."""


@dataclass(frozen=True)
class Proof:
    """What one file of an exercise was to get, and what it got."""

    name: str
    wanted: str
    report: Report
    holds: bool


def job_for_folder(folder: Path, files: dict[str, str], kind: Kind = Kind.GRADE, *, seed: int = 0) -> Job:
    """The Job that grades ``files`` against an exercise's or a project's folder.

    A single file becomes the entry, whatever its name. Raises NoExercise if the folder lacks what it needs.
    """
    settings, tests = _settings(folder), _tests(folder)
    entry = settings.get("entry", "solution.py")
    if len(files) == 1 and entry not in files:
        files = {entry: next(iter(files.values()))}
    if entry not in files:
        raise NoExercise(f"none of the files is {entry}, which {folder.name} starts from")
    return Job(
        id=folder.name,
        kind=kind,
        entry=entry,
        files=files,
        tests=tests,
        seed=seed,
        limits=limits_of(settings.get("limits") or {}),
        content_hash=_digest(settings, tests),
    )


def limits_of(settings: dict[str, Any]) -> Limits:
    """An author's ``limits`` as a Job's; processor time is twice the wall's."""
    seconds = float(settings.get("seconds", 10))
    return Limits(
        wall_seconds=seconds,
        cpu_seconds=2 * seconds,
        memory_bytes=int(settings.get("memory_mb", 512)) * 2**20,
        output_bytes=int(settings.get("output_kb", 64)) * 2**10,
    )


def prove(folder: Path, *, backend: Backend | None = None) -> Iterator[Proof]:
    """Runs everything an author wrote beside an exercise or project against its tests.

    The solution passes, the starter does not, each ``wrong/<status>_*.py`` gets its status. A project's
    solution passes and meets its metric criteria; its baseline runs without error and does not meet them all.
    """
    if (folder / "project.yaml").is_file():
        yield from _prove_project(folder, backend)
        return
    for path in _variants(folder):
        report = run(job_for_folder(folder, {path.name: _read(path)}), _ignore, backend=backend)
        name = str(path.relative_to(folder))
        if path.parent.name == "wrong":
            wanted = path.stem.partition("_")[0]
            yield Proof(name, wanted, report, report.status == wanted)
        elif path.name == "starter.py":
            fails = report.status not in (Verdict.PASSED, Verdict.INTERNAL)
            yield Proof(name, "not passed", report, fails)
        else:
            yield Proof(name, "passed", report, report.status is Verdict.PASSED)


def _prove_project(folder: Path, backend: Backend | None) -> Iterator[Proof]:
    criteria = [one for one in _settings(folder).get("criteria") or () if one.get("kind") == "metric"]
    for name in ("solution", "baseline"):
        files = {path.name: _read(path) for path in sorted((folder / name).glob("*")) if path.is_file()}
        if not files:
            continue
        report = run(job_for_folder(folder, files), _ignore, backend=backend)
        met = all(meets(criterion, report.metrics) for criterion in criteria)
        if name == "solution":
            yield Proof(name, "passed, every metric met", report, report.status is Verdict.PASSED and met)
        else:
            ran = report.status in (Verdict.PASSED, Verdict.FAILED)
            below = not met or (not criteria and report.status is Verdict.FAILED)
            yield Proof(name, "runs, and is not enough", report, ran and below)


def meets(criterion: dict[str, Any], metrics: dict[str, float]) -> bool:
    """Whether a metric criterion's bound holds. A metric that was not recorded meets nothing."""
    value = metrics.get(criterion.get("metric", ""))
    if value is None:
        return False
    bounds = {"at_least": value.__ge__, "at_most": value.__le__, "above": value.__gt__}
    return all(
        test(float(criterion[name])) is True
        for name, test in bounds.items()
        if criterion.get(name) is not None
    )


def _settings(folder: Path) -> dict[str, Any]:
    for name in ("exercise.yaml", "project.yaml"):
        if (folder / name).is_file():
            try:
                loaded = yaml.safe_load(_read(folder / name))
            except yaml.YAMLError as error:
                raise NoExercise(f"{folder / name} is not YAML: {error}") from None
            if isinstance(loaded, dict):
                return loaded
            raise NoExercise(f"{folder / name} holds no keys")
    raise NoExercise(f"{folder} has neither exercise.yaml nor project.yaml")


def _tests(folder: Path) -> dict[str, str]:
    """The author's test file and the modules and data beside it."""
    main = next((name for name in ("tests.py", "evaluate.py") if (folder / name).is_file()), None)
    if main is None:
        raise NoExercise(f"{folder} has neither tests.py nor evaluate.py")
    beside = [path for path in sorted(folder.glob("*")) if path.suffix in (".py", ".csv", ".json", ".txt")]
    return {path.name: _read(path) for path in beside if path.is_file() and path.name not in _NOT_TESTS}


def _variants(folder: Path) -> list[Path]:
    named = [folder / name for name in ("solution.py", "starter.py") if (folder / name).is_file()]
    return named + sorted(path for path in (folder / "wrong").glob("*.py") if re.match(r"[a-z]+_", path.name))


def _digest(settings: dict[str, Any], tests: dict[str, str]) -> str:
    return hashlib.sha256(repr((sorted(settings.items()), sorted(tests.items()))).encode()).hexdigest()


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _ignore(event: Event) -> None:
    """Nobody is watching."""
