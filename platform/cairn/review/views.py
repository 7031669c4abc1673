"""The mentor's queue, and one submission to read and judge."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_GET, require_http_methods
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import MarkdownLexer, PythonLexer

from cairn.accounts.models import User
from cairn.accounts.person import person
from cairn.catalog.content import ReviewCriterion, RubricCriterion
from cairn.catalog.queries import library
from cairn.review import actions, queries
from cairn.review.models import Review
from cairn.submissions.models import Submission, Work
from cairn.submissions.queries import access_submission, attempts, files_of
from cairn.ui.errors import NotFound, Refusal

PAGE = 25


@dataclass(frozen=True)
class RubricLine:
    """A rubric line with what this mentor said of it so far."""

    criterion: RubricCriterion | ReviewCriterion
    met: bool | None


@require_GET
@login_required
def queue(request: HttpRequest) -> HttpResponse:
    """What waits for this mentor, or what was reviewed."""
    reviewed = request.GET.get("show") == "reviewed"
    rows = queries.queue(person(request), reviewed=reviewed)
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    return render(request, "review/queue.html", {"page": page, "reviewed": reviewed})


@require_http_methods(["GET", "POST"])
@login_required
def read(request: HttpRequest, submission_id: UUID) -> HttpResponse:
    """One submission: its files, checks, earlier attempts; for a mentor, the rubric and a comment."""
    reader = person(request)
    submission = access_submission(reader, submission_id)
    if request.method == "POST":
        return _store(request, reader, submission)
    return render(request, "review/read.html", _page(reader, submission))


def _store(request: HttpRequest, mentor: User, submission: Submission) -> HttpResponse:
    """Store the review, or show the page again with what was typed and why it was refused."""
    lines = {
        name.removeprefix("line:"): value == "met"
        for name, value in request.POST.items()
        if name.startswith("line:") and value in ("met", "not-yet")
    }
    comment = str(request.POST.get("comment", ""))
    rubric = [line.id for line in _rubric(submission)]
    try:
        actions.review(mentor, submission, lines, comment, rubric)
    except Refusal as refusal:
        context = _page(mentor, submission, lines=lines, comment=comment) | {"refusal": refusal.message}
        return render(request, "review/read.html", context, status=refusal.status)
    messages.success(
        request, f"Your review of {submission.title} was sent to {submission.user.display_name}."
    )
    return redirect("review:queue")


def _page(
    reader: User, submission: Submission, lines: dict[str, bool] | None = None, comment: str | None = None
) -> dict[str, Any]:
    reviews = list(submission.reviews.select_related("mentor"))
    mine = next((review for review in reviews if review.mentor_id == reader.pk), None)
    said = lines if lines is not None else (mine.lines if mine else {})
    return {
        "submission": submission,
        "tests": (submission.run.report or {}).get("tests", []),
        "metrics": (submission.run.report or {}).get("metrics", {}),
        "files": [(name, _lines(name, text)) for name, text in files_of(submission).items()],
        "attempts": attempts(submission.user, submission.work, submission.slug),
        "reviews": [_with_titles(review, submission) for review in reviews],
        "rubric": [RubricLine(line, said.get(line.id)) for line in _rubric(submission)],
        "comment": comment if comment is not None else (mine.comment if mine else ""),
        "may_review": reader.pk != submission.user_id,
    }


def _rubric(submission: Submission) -> list[RubricCriterion | ReviewCriterion]:
    """What a mentor judges of a project; an exercise, or a project no longer in the library, has none."""
    if submission.work != Work.PROJECT:
        return []
    try:
        criteria = library().project(submission.slug).content.criteria
    except NotFound:
        return []
    return [line for line in criteria if isinstance(line, RubricCriterion | ReviewCriterion)]


def _with_titles(review: Review, submission: Submission) -> dict[str, Any]:
    titles = {line.id: line.title for line in _rubric(submission)}
    judged = [(titles.get(name, name), met) for name, met in review.lines.items()]
    return {"review": review, "judged": judged}


def _lines(name: str, text: str) -> list[SafeString]:
    """A file's lines, highlighted. Pygments escapes its input and closes its spans at each line's end."""
    lexer = PythonLexer(stripnl=False) if name.endswith(".py") else MarkdownLexer(stripnl=False)
    html = highlight(text, lexer, HtmlFormatter(nowrap=True))
    return [mark_safe(line) for line in html.splitlines()]  # noqa: S308
