"""The learner's reading pages: path, milestone, lesson. Quiz and workspace have modules of their own."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.views.decorators.http import require_http_methods, require_safe

from cairn.accounts.models import User
from cairn.accounts.person import person
from cairn.catalog.content import Milestone
from cairn.catalog.library import Library
from cairn.catalog.models import Document
from cairn.catalog.queries import library
from cairn.learning import actions, counting, pages, queries
from cairn.learning.access import in_their_zone, learner
from cairn.learning.forms import EnrolmentForm
from cairn.learning.models import Enrolment
from cairn.learning.notices import notices_of
from cairn.learning.pace import arrival
from cairn.learning.place import place_of, remember_path
from cairn.learning.progress import (
    Activity,
    PathProgress,
    lesson_minutes,
    milestone_activities,
    milestone_state,
    path_progress,
    topic_activities,
)
from cairn.learning.quiz_views import quiz, quiz_attempt
from cairn.learning.work_views import exercise, project

SEEN = "milestone-stones-seen"  # in the session: how many stones a milestone's page showed last

__all__ = [
    "enrol",
    "exercise",
    "lesson",
    "milestone",
    "path_page",
    "project",
    "quiz",
    "quiz_attempt",
    "reading",
]


# --- paths


@require_safe
@in_their_zone
def path_page(request: HttpRequest, slug: str) -> HttpResponse:
    """A path as a walk. Guests see its structure."""
    user = learner(request)
    library().path(slug)
    enrolment = queries.enrolment_in(user, slug) if user else None
    return _path_page(request, slug, enrolment, _form(user, slug, enrolment))


def _path_page(
    request: HttpRequest, slug: str, enrolment: Enrolment | None, form: EnrolmentForm, status: int = 200
) -> HttpResponse:
    books, user = library(), learner(request)
    record = queries.record_of(user)
    progress = path_progress(books.path(slug), books, record)
    if user:
        remember_path(request, slug)
    context = {
        "path": progress.path,
        "progress": progress,
        "stages": pages.trail(progress, books, record),
        "milestone_count": sum(not pages.is_bridge(one.milestone, progress) for one in progress.milestones),
        "enrolment": enrolment,
        "form": form,
        "how": counting.of_path(progress),
        "others": [one for one in books.paths.values() if one.slug != slug],
        "pace": _pace(progress, enrolment, user) if enrolment else None,
    }
    return render(request, "learning/path.html", context, status=status)


def _form(user: User | None, slug: str, enrolment: Enrolment | None) -> EnrolmentForm:
    content = library().path(slug).content
    return EnrolmentForm(
        initial={
            "starts_on": enrolment.starts_on if enrolment else queries.today_for(user),
            "hours_per_week": enrolment.hours_per_week if enrolment else round(content.hours_per_week),
        }
    )


def _pace(progress: PathProgress, enrolment: Enrolment, user: User | None) -> dict[str, Any]:
    """The day of arrival, and what two hours a week more would change."""
    today, hours = queries.today_for(user), enrolment.hours_per_week
    faster = min(hours + 2, actions.HOURS[-1])
    return {
        "arrival": arrival(progress, enrolment.starts_on, hours, today),
        "faster": faster if faster > hours else None,
        "sooner": arrival(progress, enrolment.starts_on, faster, today),
        "last": progress.milestones[-1].milestone,
    }


@require_http_methods(["GET", "POST"])
@login_required
@in_their_zone
def enrol(request: HttpRequest, slug: str) -> HttpResponse:
    """Enrol, or change the pace. A GET comes from somebody who signed in first: the form is elsewhere."""
    if request.method == "GET":
        return redirect("learning:path", slug)
    user, form = person(request), EnrolmentForm(request.POST)
    if form.is_valid():
        try:
            actions.enrol(user, slug, **form.cleaned_data)
        except actions.BadEnrolment as refusal:
            form.add_error(refusal.field, refusal.message)
    if form.errors:
        return _path_page(request, slug, queries.enrolment_in(user, slug), form, status=400)
    messages.success(request, "Your pace is saved. The dates on this page follow it.")
    return redirect("learning:path", slug)


@require_safe
@in_their_zone
def milestone(request: HttpRequest, slug: str, milestone: str) -> HttpResponse:
    """One cairn: every criterion, what remains, and where to work at it."""
    books, user = library(), learner(request)
    path = books.path(slug)
    found = path.milestone(milestone)
    record = queries.record_of(user)
    state = milestone_state(books.criteria(found), record)
    following = next((a for a in milestone_activities(found, books, record, slug) if not a.done), None)
    context = {
        "path": path,
        "stage": next(stage for stage in path.content.stages if found in stage.milestones),
        "milestone": found,
        "state": state,
        "is_open": books.is_open(found),
        "cairn": pages.cairn_of(found, state),
        "stones": [pages.stone_row(stone, books, record) for stone in state.stones],
        "settle": _has_new_stone(request, path.slug, found.slug, state.laid),
        "notices": notices_of(user, record, books, _named(found, books)) if user else [],
        "topics": pages.topic_rows(found, books, record, following),
        "projects": [books.project(one) for one in found.projects],
        "next": following,
        "about": f"milestone:{slug}/{found.slug}",
        "after": _after(path.content.milestones, found),
        "how": counting.of_milestone(state),
        "others": [one for one in books.paths.values() if one.slug != slug],
    }
    return render(request, "learning/milestone.html", context)


def _after(milestones: tuple[Milestone, ...], milestone: Milestone) -> Milestone | None:
    """The milestone that comes after this one on its path."""
    following = milestones[milestones.index(milestone) + 1 :]
    return following[0] if following else None


def _named(milestone: Milestone, books: Library) -> list[tuple[str, str]]:
    """What a milestone asks for, as (kind, slug)."""
    exercises = [slug for topic in milestone.topics for slug in books.topic(topic).content.exercises]
    for placed in books.criteria(milestone):
        exercises += getattr(placed.criterion, "exercises", ())
    return [
        *(("exercise", slug) for slug in exercises),
        *(("quiz", slug) for slug in milestone.topics),
        *(("project", slug) for slug in milestone.projects),
    ]


def _has_new_stone(request: HttpRequest, path: str, milestone: str, laid: int) -> bool:
    """Whether a stone was laid since this page was last seen. Remembered, so that it settles only once."""
    if not request.user.is_authenticated:
        return False
    seen: dict[str, int] = request.session.get(SEEN, {})
    before = seen.get(f"{path}/{milestone}")
    if before != laid:
        request.session[SEEN] = seen | {f"{path}/{milestone}": laid}
    return before is not None and laid > before


# --- lessons


@require_safe
@in_their_zone
def lesson(request: HttpRequest, slug: str) -> HttpResponse:
    """A topic's lesson with its activities; for a topic being written, what it will cover."""
    books, user = library(), learner(request)
    topic = books.topic(slug)
    record = queries.record_of(user, decisions=False)
    activities = topic_activities(topic, books, record)
    read = record.read.get(slug)
    context = {
        "topic": topic,
        "about": f"topic:{slug}",
        "minutes": lesson_minutes(topic, books),
        "activities": activities,
        "following": _after_lesson(activities),
        "first_open": next((one for one in activities if not one.done), None),
        "read": read,
        "prerequisites": [books.topic(one) for one in topic.content.prerequisites],
        "place": place_of(request, topic.slug, books),
        "paths": [books.path(one) for one in topic.paths],
    }
    if not topic.written:
        return render(request, "learning/being_written.html", context)
    context["body"] = queries.page_body(Document.Kind.TOPIC, slug, topic.lesson_hash)
    here = {"here": "lesson", "here_slug": slug, "outline": topic.outline, "heading": True}
    # It stands beside the text and, on phones, below it.
    context["side"] = render_to_string("learning/_topic_side.html", context | here)
    return render(request, "learning/lesson.html", context)


def _after_lesson(activities: tuple[Activity, ...]) -> Activity | None:
    """What to do once the lesson is read: the first of the rest that is not done, else none."""
    return next((one for one in activities if one.kind != "lesson" and not one.done), None)


@require_http_methods(["PUT", "POST"])
@login_required
def reading(request: HttpRequest, slug: str) -> HttpResponse:
    """Remember where reading stopped. PUT from a page that notices; POST from its button, which goes on."""
    user = person(request)
    said = request.POST if request.method == "POST" else QueryDict(request.body)
    actions.read_to(user, slug, said.get("section", ""), finished=said.get("finished") == "1")
    if request.method == "PUT":
        return HttpResponse(status=204)
    record = queries.record_of(user, decisions=False)
    books = library()
    following = _after_lesson(topic_activities(books.topic(slug), books, record))
    return redirect(pages.activity_url(following)) if following else redirect("learning:lesson", slug)
