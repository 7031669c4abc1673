"""What waits for a mentor, and what mentors decided."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet

from cairn.accounts.models import User
from cairn.accounts.queries import learners_of
from cairn.review.models import Review
from cairn.runs.models import Run
from cairn.submissions.models import Submission
from cairn.ui.errors import Forbidden
from grader.contract import Verdict


@dataclass(frozen=True)
class Decision:
    """The latest word of a mentor on one rubric line."""

    met: bool
    at: datetime
    mentor: str


def require_mentor(user: User) -> None:
    """Raise Forbidden unless this person reviews work at all."""
    if not (user.is_mentor or user.is_staff):
        raise Forbidden("Only mentors can open the review queue. Your own work is on your home page.")


def queue(mentor: User, *, reviewed: bool = False) -> QuerySet[Submission]:
    """Graded work of the mentor's learners, the last attempt of each: oldest first, or newest once reviewed.

    Work that ended ``internal`` is ours to repair and not a mentor's to read.
    """
    require_mentor(mentor)
    later = Submission.objects.filter(
        user=OuterRef("user"), work=OuterRef("work"), slug=OuterRef("slug"), place__gt=OuterRef("place")
    )
    submissions = Submission.objects.filter(run__state=Run.State.FINISHED, user__in=_people(mentor))
    return (
        submissions.exclude(run__verdict=Verdict.INTERNAL)
        .filter(~Exists(later), Exists(_reviews()) if reviewed else ~Exists(_reviews()))
        .select_related("user", "run")
        .defer("run__report", "run__spec", "files")
        .order_by("-created_at" if reviewed else "created_at")
    )


def _people(mentor: User) -> QuerySet[User]:
    """Whose work this person may read: an admin everybody's, a mentor their learners'."""
    return User.objects.exclude(pk=mentor.pk) if mentor.is_staff else learners_of(mentor)


def _reviews() -> QuerySet[Review]:
    return Review.objects.filter(submission=OuterRef("pk"))


def decisions_for(user: User) -> dict[tuple[str, str], Decision]:
    """The latest decision on each rubric line of each project, by (project slug, criterion id). One query."""
    rows = (
        Review.objects.filter(submission__user=user)
        .order_by("updated_at")
        .values_list("submission__slug", "lines", "updated_at", "mentor__first_name", "mentor__username")
    )
    return {
        (slug, line): Decision(met, at, first_name or username)
        for slug, lines, at, first_name, username in rows
        for line, met in lines.items()
    }


def latest_for(user: User, limit: int = 3) -> QuerySet[Review]:
    """The newest reviews of a learner's work, with who wrote them and on what."""
    return (
        Review.objects.filter(submission__user=user)
        .select_related("submission", "mentor")
        .defer("submission__files")[:limit]
    )
