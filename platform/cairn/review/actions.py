"""A mentor's verbs."""

from collections.abc import Collection, Mapping

from django.db import transaction

from cairn.accounts.models import User
from cairn.accounts.queries import may_read_work_of
from cairn.review.models import Review
from cairn.review.queries import require_mentor
from cairn.submissions.models import Submission
from cairn.ui.errors import Forbidden, Refusal

MAX_COMMENT = 10_000


def review(
    mentor: User, submission: Submission, lines: Mapping[str, bool], comment: str, rubric: Collection[str]
) -> Review:
    """Store what a mentor says of a submission; a second review by the same mentor replaces the first.

    ``rubric`` names the lines that exist. Raises Forbidden for anybody but this learner's mentors, Refusal
    where nothing was said, a line is unknown or the comment is too long.
    """
    _may_review(mentor, submission)
    _says_something(lines, comment, rubric)
    with transaction.atomic():
        stored, _ = Review.objects.update_or_create(
            submission=submission, mentor=mentor, defaults={"lines": dict(lines), "comment": comment.strip()}
        )
    return stored


def _may_review(mentor: User, submission: Submission) -> None:
    require_mentor(mentor)
    if submission.user_id == mentor.pk:
        raise Forbidden("You can't review your own work. Another mentor of the cohort can.")
    if not may_read_work_of(mentor, submission.user):
        raise Forbidden("This learner is in none of your cohorts, so the review was not stored.")


def _says_something(lines: Mapping[str, bool], comment: str, rubric: Collection[str]) -> None:
    if unknown := sorted(set(lines) - set(rubric)):
        raise Refusal(
            f"This project has no rubric line “{unknown[0]}”. Reload the page: the content changed."
        )
    if len(comment) > MAX_COMMENT:
        raise Refusal(
            f"The comment has {len(comment)} characters; {MAX_COMMENT} fit. Shorten it and send again."
        )
    if not lines and not comment.strip():
        raise Refusal("Judge a rubric line or write a comment before you send the review.")
