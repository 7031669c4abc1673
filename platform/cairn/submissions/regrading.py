"""Grading again what was handed in, after the content changed: shown first, counted once accepted.

A regrade is a run beside the submission, on the queue that nobody waits for. Accepting puts it in the place
of the run that counted; points, progress and milestones follow, for they are computed from results.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from cairn.catalog.library import Library
from cairn.catalog.queries import library
from cairn.runs import actions as runs
from cairn.runs.models import Run
from cairn.submissions.actions import job_for
from cairn.submissions.delivery import BadFiles, Task, TooLarge, checked, task
from cairn.submissions.models import Regrade, Submission, Work
from cairn.submissions.queries import files_of
from cairn.ui.errors import NotFound, Refusal
from grader.contract import Kind, Verdict


class NotRegraded(Refusal):
    """A work that cannot be graded again by the queue."""

    status, code = 409, "not-regraded"


@dataclass(frozen=True)
class Asked:
    """What came of asking: regrades queued, and submissions whose files the work no longer takes."""

    queued: list[Regrade]
    unfit: list[Submission]


@dataclass(frozen=True)
class Change:
    """A regrade beside what counts now. ``then`` is empty while it waits, runs or ended by our failure."""

    regrade: Regrade
    now: str
    then: str

    @property
    def is_ready(self) -> bool:
        """Whether it ended with a verdict of the learner's."""
        return bool(self.then)

    @property
    def differs(self) -> bool:
        """Whether accepting it would change what the learner sees."""
        return self.is_ready and self.now != self.then


def work_named(slug: str, books: Library | None = None) -> str:
    """Whether ``slug`` is an exercise's or a project's. Raises NotFound."""
    books = books or library()
    if slug in books.exercises:
        return Work.EXERCISE
    if slug in books.projects:
        return Work.PROJECT
    raise NotFound(f"There is no exercise and no project {slug} in the current release.")


def candidates(work: str, slug: str, *, everything: bool = False) -> QuerySet[Submission]:
    """Graded submissions that the current content has not graded, and that no open regrade is grading.

    ``everything`` takes those that it has graded too, as after a mistake in the grader. Raises NotFound, and
    NotRegraded for a project that trains.
    """
    wanted = _regradable(work, slug)
    graded = Submission.objects.filter(work=work, slug=slug, run__state=Run.State.FINISHED)
    graded = graded.exclude(run__verdict=Verdict.INTERNAL)
    if not everything:
        graded = graded.exclude(content_hash=wanted.content_hash)
    return graded.exclude(pk__in=_open(wanted).values("submission")).order_by("created_at")


def _regradable(work: str, slug: str) -> Task:
    wanted = task(work, slug)
    if wanted.training is not None:
        raise NotRegraded(f"{wanted.title} trains. Its runs are started by their learners, not graded again.")
    return wanted


def _open(wanted: Task) -> QuerySet[Regrade]:
    """Regrades on the current content that may still be accepted: they wait, run, or ended with a verdict."""
    of_work = Regrade.objects.filter(submission__work=wanted.work, submission__slug=wanted.slug)
    mine = of_work.filter(accepted_at=None, content_hash=wanted.content_hash)
    return mine.exclude(Q(run__verdict=Verdict.INTERNAL) | Q(run__state=Run.State.CANCELLED))


@transaction.atomic
def regrade(submissions: Iterable[Submission]) -> Asked:
    """Queue submissions to be graded on the current content. Nothing counts until it is accepted.

    Raises NotFound, and NotRegraded for a project that trains.
    """
    asked = Asked([], [])
    for submission in submissions:
        wanted = _regradable(submission.work, submission.slug)
        try:
            files = checked(wanted, files_of(submission))
        except (BadFiles, TooLarge):
            asked.unfit.append(submission)
            continue
        run = runs.enqueue(
            submission.user, submission.title, job_for(wanted, Kind.GRADE, files), Run.Queue.REGRADE
        )
        asked.queued.append(
            Regrade.objects.create(
                submission=submission,
                run=run,
                before=submission.run,
                before_hash=submission.content_hash,
                content_hash=wanted.content_hash,
            )
        )
    return asked


def changes(work: str, slug: str) -> list[Change]:
    """Every open regrade of a work beside what counts now, oldest submission first. Raises NotFound."""
    rows = _open(task(work, slug)).select_related("run", "submission__run", "submission__user")
    rows = rows.defer("run__report", "run__spec", "submission__run__report", "submission__run__spec")
    return [
        Change(row, outcome(row.submission.run), outcome(row.run))
        for row in rows.order_by("submission__created_at")
    ]


def outcome(run: Run) -> str:
    """How a run ended, as a person compares it: "failed, 3 of 5 tests"; empty before it has."""
    if run.state != Run.State.FINISHED:
        return ""
    return f"{run.verdict}, {run.tests_passed} of {run.tests_total} tests"


@transaction.atomic
def accept(work: str, slug: str) -> list[Regrade]:
    """Have every regrade that is ready count from now on. Those that are not stay open. Raises NotFound."""
    accepted = [change.regrade for change in changes(work, slug) if change.is_ready]
    for one in accepted:
        _count(one)
    return accepted


def _count(one: Regrade) -> None:
    submission = (
        Submission.objects.select_for_update(of=("self",)).select_related("run").get(pk=one.submission_id)
    )
    submission.earned_at = submission.earned_at or submission.run.finished_at
    one.before, one.before_hash = submission.run, submission.content_hash
    submission.run, submission.content_hash = one.run, one.content_hash
    submission.save(update_fields=["run", "content_hash", "earned_at"])
    one.accepted_at = timezone.now()
    one.save(update_fields=["before", "before_hash", "accepted_at"])


@transaction.atomic
def discard(work: str, slug: str) -> int:
    """Forget every open regrade of a work, cancelling what has not ended. Says how many. Raises NotFound."""
    rows = list(_open(task(work, slug)).select_related("run__owner"))
    for one in rows:
        runs.cancel(one.run, one.run.owner)
        one.delete()
    return len(rows)
