"""The pages where code is written: an exercise, and a project with its files."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from cairn.accounts.models import User
from cairn.catalog.content import ExerciseCriterion, Milestone
from cairn.catalog.library import ExerciseEntry, Library, PlacedCriterion
from cairn.catalog.queries import library
from cairn.learning import pages, queries
from cairn.learning.access import in_their_zone, learner
from cairn.learning.notices import exercise_notice, notices_of
from cairn.learning.place import Place, place_of, place_of_project
from cairn.learning.progress import milestone_state
from cairn.review.queries import latest_for
from cairn.runs.models import Run
from cairn.runs.queries import access_run
from cairn.submissions.models import Work
from cairn.submissions.queries import Attempt, access_submission, attempts, draft_for, files_of
from cairn.submissions.training_views import panel
from cairn.ui.errors import NotFound
from grader.contract import Verdict


@dataclass(frozen=True)
class File:
    """A file in the editor: what it holds now, and what it began with."""

    name: str
    title: str
    text: str
    starter: str
    optional: bool = False

    @property
    def language(self) -> str:
        """What the editor highlights."""
        return "markdown" if self.name.endswith(".md") else "python"


@dataclass(frozen=True)
class Next:
    """Where to go once an exercise is passed."""

    title: str
    kind: str
    slug: str

    @property
    def url_name(self) -> str:
        """The name of its address."""
        return f"learning:{self.kind}"


@require_safe
@in_their_zone
def exercise(request: HttpRequest, slug: str) -> HttpResponse:
    """Instructions, editor and results side by side."""
    books = library()
    entry = books.exercise(slug)
    body = queries.page_body(Work.EXERCISE, slug, entry.content_hash)
    starters = [File(body["entry"], "", body["starter"], body["starter"])]
    topic = books.topic(entry.topic)
    place = place_of(request, entry.topic, books)
    context = _workspace(request, Work.EXERCISE, slug, entry.content_hash, starters) | {
        "entry": entry,
        "topic": topic,
        "body": body,
        "number": topic.content.exercises.index(slug) + 1,
        "place": place,
        "stones": _stones_of(slug, place),
        "next": _next_after(entry, place, books),
    }
    user = learner(request)
    context["notices"] = exercise_notice(user, slug, context["attempts"], books) if user else []
    return _shown(request, "learning/exercise.html", context)


def _shown(request: HttpRequest, page: str, context: dict[str, Any]) -> HttpResponse:
    """The page, or for a page whose run has ended only what the attempts came to."""
    if request.GET.get("part") == "outcome":
        return render(request, "learning/_outcome.html", context | {"oob": True})
    return render(request, page, context)


@require_safe
@in_their_zone
def project(request: HttpRequest, slug: str) -> HttpResponse:
    """Brief and criteria, an editor for each file, results; a mentor's word where there is one."""
    books, user = library(), learner(request)
    entry = books.project(slug)
    place = place_of_project(request, slug, books)
    criteria = tuple(PlacedCriterion(one, slug) for one in entry.content.criteria)
    record = queries.record_of(user)
    state = milestone_state(criteria, record)
    context: dict[str, Any] = {
        "entry": entry,
        "place": place,
        "state": state,
        "stones": [pages.stone_row(stone, books, record) for stone in state.stones],
        "notices": notices_of(user, record, books, [("project", slug)]) if user else [],
        "prerequisites": [books.topic(one) for one in entry.content.prerequisites],
    }
    if not entry.written:
        return render(request, "learning/project_being_written.html", context)
    body = queries.page_body(Work.PROJECT, slug, entry.content_hash)
    starters = [
        File(one["name"], one["title"], one["starter"], one["starter"], one["optional"])
        for one in body["files"]
    ]
    reviews = [one for one in latest_for(user, 20) if one.submission.slug == slug] if user else []
    context |= _workspace(request, Work.PROJECT, slug, entry.content_hash, starters)
    if user and entry.content.training:
        context["train"] = panel(user, slug, form_id="work")
    return _shown(request, "learning/project.html", context | {"body": body, "reviews": reviews})


def _workspace(
    request: HttpRequest, work: Work, slug: str, content_hash: str, starters: list[File]
) -> dict[str, Any]:
    """What an editor page needs: files, draft version, attempts, and the run to show."""
    user = learner(request)
    if user is None:
        return {
            "work": work.value,
            "slug": slug,
            "files": starters,
            "version": 0,
            "attempts": [],
            "grading": None,
        }
    draft, tries = draft_for(user, work, slug), attempts(user, work, slug)
    restored = _restored(request, user, work, slug)
    return {
        "work": work.value,
        "slug": slug,
        "files": _filled(starters, restored or (draft.files if draft else {})),
        "version": draft.version if draft else 0,
        "draft": draft,
        "restored": bool(restored),
        "attempts": tries,
        "run": _run(request, user, content_hash, tries),
        "passed": any(one.run.verdict == Verdict.PASSED for one in tries),
        "grading": queries.grading(),
    }


def _filled(starters: list[File], texts: Mapping[str, str]) -> list[File]:
    return [
        File(one.name, one.title, texts.get(one.name, one.starter), one.starter, one.optional)
        for one in starters
    ]


def _restored(request: HttpRequest, user: User, work: Work, slug: str) -> dict[str, str] | None:
    """The files of the attempt that ``?restore=`` names. Raises NotFound unless it is one at this work."""
    asked = _uuid(request.GET.get("restore"))
    if asked is None:
        return None
    submission = access_submission(user, asked)
    if (submission.user_id, submission.work, submission.slug) != (user.pk, work, slug):
        raise NotFound("There is no such attempt of yours. Your draft is kept.")
    return files_of(submission)


def _run(request: HttpRequest, user: User, content_hash: str, tries: list[Attempt]) -> Run | None:
    """The run that ``?run=`` names, or else the newest of this content, or else that of the last attempt."""
    asked = _uuid(request.GET.get("run"))
    if asked is not None:
        return access_run(user, asked)
    return queries.latest_run(user, content_hash) or (tries[0].run if tries else None)


def _uuid(text: str | None) -> UUID | None:
    """The id in a query string. Raises NotFound for what is none."""
    if not text:
        return None
    try:
        return UUID(text)
    except ValueError:
        raise NotFound("The address is mistyped. Your draft is kept.") from None


def _stones_of(slug: str, place: Place | None) -> list[ExerciseCriterion]:
    """The criteria of the milestone that ask for this exercise."""
    if place is None:
        return []
    criteria = (one for one in place.milestone.criteria if isinstance(one, ExerciseCriterion))
    return [one for one in criteria if slug in one.exercises]


def _next_after(entry: ExerciseEntry, place: Place | None, books: Library) -> Next | None:
    """The next exercise of the topic, else the next topic that is written, else the milestone's project."""
    exercises = books.topic(entry.topic).content.exercises
    after = exercises[exercises.index(entry.slug) + 1 :]
    if after:
        return Next(books.exercise(after[0]).content.title, "exercise", after[0])
    return _next_in(place.milestone, entry.topic, books) if place else None


def _next_in(milestone: Milestone, topic: str, books: Library) -> Next | None:
    for slug in milestone.topics[milestone.topics.index(topic) + 1 :]:
        if books.topic(slug).written:
            return Next(books.topic(slug).content.title, "lesson", slug)
    for slug in milestone.projects:
        if books.project(slug).written:
            return Next(books.project(slug).content.title, "project", slug)
    return None
