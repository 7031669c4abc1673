"""What a learner's stored work amounts to, as plain frozen data. Pure: rows in, results out.

What was earned stays counted when its content changes; ``outdated`` says that it did. Runs that ended
``internal``, were cancelled or have not ended give no result.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID


class Row(NamedTuple):
    """A submission with what its run came to; ``documents`` and ``report`` are read for projects only."""

    id: UUID
    work: str
    slug: str
    content_hash: str
    documents: Mapping[str, Any] | None
    created_at: datetime
    state: str
    verdict: str
    score: float
    passed: int
    total: int
    finished_at: datetime | None
    report: Mapping[str, Any] | None


class QuizRow(NamedTuple):
    """A finished quiz attempt."""

    topic: str
    content_hash: str
    score: float
    finished_at: datetime


@dataclass(frozen=True)
class Outcome:
    """An exercise: ``status`` is passed (once is for ever), else failed, else running (never graded yet).

    ``best_score`` is a share from 0 to 1; ``passed_tests`` of ``total_tests`` are those of the best attempt.
    """

    status: str
    last_at: datetime
    last_submission_id: UUID
    passed_at: datetime | None = None
    best_score: float = 0.0
    passed_tests: int = 0
    total_tests: int = 0
    outdated: bool = False
    content_hash: str = ""  # of the best attempt


@dataclass(frozen=True)
class FileFacts:
    """Of one Markdown file: its words, and its headings in order."""

    words: int
    headings: tuple[str, ...]


@dataclass(frozen=True)
class ProjectOutcome:
    """A project: tests, metrics and documents of its best graded submission, the latest among equals.

    ``status`` is as in Outcome, ``verdict`` the best submission's own. ``submission_id`` is the latest one
    that a mentor would read.
    """

    status: str
    submission_id: UUID
    at: datetime
    verdict: str = ""
    best_submission_id: UUID | None = None
    best_score: float = 0.0
    tests: Mapping[str, str] = field(default_factory=dict)  # {function name: TestStatus}
    metrics: Mapping[str, float] = field(default_factory=dict)
    files: Mapping[str, FileFacts] = field(default_factory=dict)
    outdated: bool = False
    content_hash: str = ""  # of the best submission
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)  # of each metric, of all graded


@dataclass(frozen=True)
class QuizOutcome:
    """A topic's quiz: the best share of points, when it was first reached, and how many attempts ended."""

    best_score: float
    finished_at: datetime
    attempts: int
    outdated: bool = False
    content_hash: str = ""  # of the newest attempt with that score


@dataclass(frozen=True)
class Results:
    """Everything that one learner's work came to, by slug (quizzes: by topic)."""

    exercises: Mapping[str, Outcome] = field(default_factory=dict)
    projects: Mapping[str, ProjectOutcome] = field(default_factory=dict)
    quizzes: Mapping[str, QuizOutcome] = field(default_factory=dict)


def exercises_of(rows: Iterable[Row], hashes: Mapping[str, str]) -> dict[str, Outcome]:
    """Outcomes by exercise. ``rows`` oldest first; ``hashes`` are those of the current content."""
    return {slug: _exercise(mine, hashes.get(slug)) for slug, mine in _by_slug(rows).items()}


def _exercise(rows: list[Row], current: str | None) -> Outcome:
    last = rows[-1]
    graded = [row for row in rows if row.state == "finished"]
    if not graded:
        return Outcome("running", last.created_at, last.id)
    best = max(reversed(graded), key=lambda row: row.score)  # max takes the first of equals: the latest
    passed = (row.finished_at for row in graded if row.verdict == "passed" and row.finished_at)
    passed_at = next(passed, None)
    return Outcome(
        status="passed" if passed_at else "failed",
        last_at=last.created_at,
        last_submission_id=last.id,
        passed_at=passed_at,
        best_score=best.score,
        passed_tests=best.passed,
        total_tests=best.total,
        outdated=best.content_hash != current,
        content_hash=best.content_hash,
    )


def _by_slug(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row.slug, []).append(row)
    return found


def projects_of(rows: Iterable[Row], hashes: Mapping[str, str]) -> dict[str, ProjectOutcome]:
    """Outcomes by project. ``rows`` oldest first; ``hashes`` are those of the current content."""
    return {slug: _project(mine, hashes.get(slug)) for slug, mine in _by_slug(rows).items()}


def _project(rows: list[Row], current: str | None) -> ProjectOutcome:
    last = rows[-1]
    graded = [row for row in rows if row.state == "finished"]
    if not graded:
        return ProjectOutcome("running", last.id, last.created_at)
    best = max(reversed(graded), key=lambda row: row.score)  # max takes the first of equals: the latest
    report = best.report or {}
    return ProjectOutcome(
        status="passed" if any(row.verdict == "passed" for row in graded) else "failed",
        submission_id=last.id,
        at=last.created_at,
        verdict=best.verdict,
        best_submission_id=best.id,
        best_score=best.score,
        tests={test["name"]: test["status"] for test in report.get("tests", ())},
        metrics={name: value for name, value in report.get("metrics", {}).items() if value is not None},
        files={n: FileFacts(f["words"], tuple(f["headings"])) for n, f in (best.documents or {}).items()},
        outdated=best.content_hash != current,
        content_hash=best.content_hash,
        ranges=_ranges(graded),
    )


def _ranges(graded: Iterable[Row]) -> dict[str, tuple[float, float]]:
    """The lowest and highest value of each metric. Which is best, the criterion knows; once met stays met."""
    ranges: dict[str, tuple[float, float]] = {}
    for row in graded:
        for name, value in (row.report or {}).get("metrics", {}).items():
            if value is not None:
                low, high = ranges.get(name, (value, value))
                ranges[name] = (min(low, value), max(high, value))
    return ranges


def quizzes_of(rows: Iterable[QuizRow], hashes: Mapping[str, str]) -> dict[str, QuizOutcome]:
    """Outcomes by topic. ``rows`` oldest first; ``hashes`` are those of the current quizzes."""
    outcomes: dict[str, QuizOutcome] = {}
    for row in rows:
        outdated = row.content_hash != hashes.get(row.topic)
        so_far = outcomes.get(row.topic)
        attempts = 1 + (so_far.attempts if so_far else 0)
        if so_far is None or row.score > so_far.best_score:
            outcomes[row.topic] = QuizOutcome(
                row.score, row.finished_at, attempts, outdated, row.content_hash
            )
        elif row.score == so_far.best_score:  # as good again, on what may be newer content
            outcomes[row.topic] = replace(
                so_far, attempts=attempts, outdated=outdated, content_hash=row.content_hash
            )
        else:
            outcomes[row.topic] = replace(so_far, attempts=attempts)
    return outcomes
