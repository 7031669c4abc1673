"""What may be asked about handed-in work."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.contrib.auth.models import AnonymousUser
from django.db.models import Case, F, JSONField, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce

from cairn.accounts.models import User
from cairn.accounts.queries import may_read_work_of
from cairn.catalog.queries import Library, library
from cairn.runs.models import Blob, Run
from cairn.runs.texts import digest
from cairn.submissions.delivery import files_digest
from cairn.submissions.models import Draft, QuizAttempt, Submission, Work
from cairn.submissions.results import (
    FileFacts,
    Outcome,
    ProjectOutcome,
    QuizOutcome,
    QuizRow,
    Results,
    Row,
    exercises_of,
    projects_of,
    quizzes_of,
)
from cairn.ui.errors import NotFound
from grader.contract import Verdict

__all__ = ["Attempt", "FileFacts", "Outcome", "ProjectOutcome", "QuizOutcome", "Results"]

_COSTS_NOTHING = Q(run__verdict=Verdict.INTERNAL) | Q(run__state=Run.State.CANCELLED)


def access_submission(user: User | AnonymousUser, submission_id: uuid.UUID) -> Submission:
    """The submission with its run, for its author and those who may read their work. Raises NotFound."""
    found = Submission.objects.select_related("user", "run").filter(pk=submission_id).first()
    if found is None or not may_read_work_of(user, found.user):
        raise NotFound("There is no such submission, or it is not yours to see.")
    return found


def files_of(submission: Submission) -> dict[str, str]:
    """The texts that were handed in, by name. One query."""
    texts = dict(Blob.objects.filter(digest__in=submission.files.values()).values_list("digest", "text"))
    return {name: texts[digest] for name, digest in submission.files.items()}


def draft_for(user: User, work: str, slug: str) -> Draft | None:
    """The learner's draft, if they have begun."""
    return Draft.objects.filter(user=user, work=work, slug=slug).first()


def was_handed_in(
    user: User, work: str, slug: str, files: Mapping[str, str], *, passed: bool = False
) -> bool:
    """Whether the learner once handed in just these files, or passed with them. One query."""
    whole = files_digest({name: digest(text) for name, text in files.items()})
    same = Submission.objects.filter(user=user, work=work, slug=slug, files_digest=whole)
    return same.filter(run__verdict=Verdict.PASSED).exists() if passed else same.exists()


@dataclass(frozen=True)
class Attempt:
    """A submission as one of a learner's attempts. ``number`` is None where it was not counted."""

    submission: Submission
    number: int | None

    @property
    def run(self) -> Run:
        """The run that graded it."""
        return self.submission.run


def attempts(user: User, work: str, slug: str) -> list[Attempt]:
    """What was handed in for one work, newest first. Attempts ended by us or cancelled have no number.

    Reports are not loaded: a run's own columns tell how it ended, and a report can be large.
    """
    mine = Submission.objects.filter(user=user, work=work, slug=slug).order_by("place")
    return _numbered(mine.select_related("run").defer("run__spec", "run__report"))[::-1]


def _numbered(submissions: QuerySet[Submission]) -> list[Attempt]:
    found, number = [], 0
    for submission in submissions:
        counts = not _costs_nothing(submission.run)
        number += counts
        found.append(Attempt(submission, number if counts else None))
    return found


def _costs_nothing(run: Run) -> bool:
    return run.verdict == Verdict.INTERNAL or run.state == Run.State.CANCELLED


def results_of(user: User) -> Results:
    """All that the learner's work came to. Two queries, and the cached library."""
    return replace(code_results_of(user), quizzes=quiz_results_of(user))


def code_results_of(user: User) -> Results:
    """What the learner's exercises and projects came to, without quizzes. One query."""
    books = library()
    rows = _rows(user)
    return Results(
        exercises=exercises_of(
            (row for row in rows if row.work == Work.EXERCISE),
            {slug: entry.content_hash for slug, entry in books.exercises.items()},
        ),
        projects=projects_of(
            (row for row in rows if row.work == Work.PROJECT),
            {slug: entry.content_hash for slug, entry in books.projects.items()},
        ),
    )


def quiz_results_of(user: User) -> dict[str, QuizOutcome]:
    """What the learner's quizzes and assessments came to. One query."""
    return quizzes_of(_quiz_rows(user), quiz_hashes(library()))


def quiz_hashes(books: Library) -> dict[str, str]:
    """What results in quizzes and assessments depend on now, by slug."""
    quizzes = {slug: entry.quiz_hash for slug, entry in books.topics.items()}
    return quizzes | {slug: entry.content_hash for slug, entry in books.assessments.items()}


def history_of(user: User) -> tuple[Sequence[Row], Sequence[QuizRow]]:
    """What ``results_of`` is made of, oldest first: submissions that count, and quiz attempts that ended.

    Two queries.
    """
    return _rows(user), _quiz_rows(user)


def _rows(user: User) -> Sequence[Row]:
    """Only projects need their reports and documents: an exercise is told by its counts."""
    report, documents = _of_projects("run__report"), _of_projects("documents")
    counted = Submission.objects.filter(user=user).exclude(_COSTS_NOTHING).order_by("created_at")
    counted = counted.annotate(graded_at=Coalesce("earned_at", "run__finished_at"))
    return [
        Row(*values)
        for values in counted.annotate(report=report, facts=documents).values_list(
            *("id", "work", "slug", "content_hash", "facts", "created_at"),
            *("run__state", "run__verdict", "run__score", "run__tests_passed", "run__tests_total"),
            *("graded_at", "report"),
        )
    ]


def _of_projects(column: str) -> Case:
    """A JSON column for projects; for exercises none, which costs nothing to read."""
    none = Value(None, output_field=JSONField())
    return Case(When(work=Work.PROJECT, then=F(column)), default=none, output_field=JSONField())


def _quiz_rows(user: User) -> Sequence[QuizRow]:
    ended = QuizAttempt.objects.filter(user=user, finished_at__isnull=False, score__isnull=False)
    values = ended.order_by("finished_at").values_list("topic", "content_hash", "score", "finished_at")
    return [QuizRow(topic, content_hash, score or 0.0, at) for topic, content_hash, score, at in values if at]
