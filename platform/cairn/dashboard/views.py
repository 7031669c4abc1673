"""Home: what is next, the milestone on hand, the latest work, what a mentor said, the year."""

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from heapq import nlargest
from itertools import groupby
from typing import Any, TypeVar

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_safe

from cairn.accounts.models import User
from cairn.accounts.person import person
from cairn.catalog.queries import Library, library
from cairn.dashboard.activity import Year, counts_of, habits_of, year_of
from cairn.learning import counting, pages, queries
from cairn.learning.access import in_their_zone
from cairn.learning.mastery_queries import due_today
from cairn.learning.models import Enrolment, Plan
from cairn.learning.notices import notices_of
from cairn.learning.place import remember_path
from cairn.learning.plan_queries import minutes_of, review_of_today, walked
from cairn.learning.progress import Activity, PathProgress, PlacedMilestone, Record, path_progress
from cairn.learning.versions import Version, kept, version_of
from cairn.learning.wording import share
from cairn.runs.models import Run
from cairn.submissions.models import QuizAttempt
from cairn.submissions.results import Results
from grader.contract import Kind

LATEST = 6
Outcome = TypeVar("Outcome")
SEEN = "stones-seen"  # in the session: how many stones the last visit showed, by path


@dataclass(frozen=True)
class Work:
    """A row of the latest work. ``state`` is a word that ``{% state %}`` knows."""

    kind: str
    title: str
    note: str
    url: str
    state: str
    result: str
    at: datetime


@dataclass(frozen=True)
class Begun:
    """A quiz under way."""

    answered: int
    questions: int
    at: datetime


@dataclass(frozen=True)
class Peak:
    """A cairn of the skyline, on its stage's part of the ground line."""

    placed: PlacedMilestone
    cairn: pages.Cairn
    url: str
    state: str  # done, now, next or lock


@dataclass(frozen=True)
class Day:
    """Home as it was made for a learner, to be shown until their work changes. ``html`` is compressed."""

    path: str  # empty where they walk none
    laid: int
    html: bytes


@require_safe
@login_required
@in_their_zone
def home(request: HttpRequest) -> HttpResponse:
    """The learner's day. Without an enrolment: the paths to choose from.

    The day is kept until something is stored about the learner's work, or their clock turns to the next part
    of the day.
    """
    user = person(request)
    now = queries.now_for(user)
    greeting = _greeting(now.hour)
    version = version_of(user)
    day = kept(user, version, "home", lambda: _made(user, now, version), now.date(), greeting)
    if not day.path:
        return render(
            request, "dashboard/newcomer.html", {"now": now, "greeting": greeting} | _choice(library())
        )
    remember_path(request, day.path)
    if _has_new_stone(request, day.path, day.laid):
        day = _made(user, now, version, settle=True)
    return render(request, "dashboard/home.html", {"day": mark_safe(zlib.decompress(day.html).decode())})  # noqa: S308 - a template made it


def _made(user: User, now: datetime, version: Version, *, settle: bool = False) -> Day:
    """The day from the database: a fixed number of queries."""
    books = library()
    if not (enrolments := list(walked(user, now.date()).select_related("plan"))):
        return Day("", 0, b"")
    reviews = queries.reviews_of(user)
    record = queries.record_of(user, reviews=reviews, version=version)
    progress = path_progress(books.path(enrolments[0].path), books, record)
    begun = begun_quizzes(user, books)
    year = _year(user, enrolments[0], books, now.date(), version)
    review = review_of_today(enrolments[0], year.days_off, record, now.date())
    context = (
        {"user": user, "now": now, "greeting": _greeting(now.hour), "settle": settle}
        | _walk(enrolments, books, progress, now.date(), begun, review)
        | {"work": _latest(user, record, books, begun), "reviews": reviews[:3]}
        | {"how": counting.of_path(progress), "notices": notices_of(user, record, books)[:3]}
        | {
            "due": due_today(user, version),
            "year": year,
            "zone": user.timezone,
        }
    )
    html = render_to_string("dashboard/_day.html", context)
    return Day(progress.path.slug, progress.laid, zlib.compress(html.encode(), 1))


def _walk(
    enrolments: list[Enrolment],
    books: Library,
    progress: PathProgress,
    today: date,
    begun: dict[str, Begun],
    review: Activity | None,
) -> dict[str, Any]:
    """Where the learner is on the path opened last, and what is next there. The week's review comes last."""
    current = progress.current
    upcoming = [_as_begun(one, begun) for one in progress.upcoming]
    looking_back = [review] if review and upcoming else []
    return {
        "enrolment": enrolments[0],
        "others": [books.path(one.path) for one in enrolments[1:]],
        "progress": progress,
        "upcoming": upcoming + looking_back,
        "week": _week(enrolments[0].starts_on, today),
        "skyline": list(_skyline(progress)),
        "minutes": sum(one.minutes for one in upcoming[:3] + looking_back),
        "current": current,
        "cairn": pages.cairn_of(current.milestone, current.state) if current else None,
        "stones": [pages.stone_row(stone, books) for stone in current.state.stones] if current else [],
    }


def _as_begun(activity: Activity, begun: dict[str, Begun]) -> Activity:
    """A quiz that was begun and not finished says how far it is, and is gone on with."""
    if activity.kind != "quiz" or activity.slug not in begun:
        return activity
    one = begun[activity.slug]
    left = max(1, one.questions - one.answered)
    return replace(activity, state="started", minutes=left, why=f"{one.answered} of {one.questions} answered")


def _year(user: User, enrolment: Enrolment, books: Library, today: date, version: Version) -> Year:
    stored = getattr(enrolment, "plan", None) or Plan(enrolment=enrolment)
    minutes = minutes_of(stored, enrolment.hours_per_week, books.path(enrolment.path))
    counts = counts_of(user, today, queries.zone_of(user), version)
    return year_of(counts, habits_of(user, today, minutes), today)


def _choice(books: Library) -> dict[str, Any]:
    """The paths with how many of their milestones are written; the blaze goes to the one that has most."""
    paths = [(path, sum(map(books.is_open, path.content.milestones))) for path in books.paths.values()]
    best, written = max(paths, key=lambda row: row[1], default=(None, 0))
    return {"paths": paths, "first": best.slug if best and written else ""}


def _greeting(hour: int) -> str:
    if 5 <= hour < 12:
        return "Good morning"
    return "Good afternoon" if 12 <= hour < 18 else "Good evening"


def _week(starts_on: date, today: date) -> int | None:
    """Which week of the path it is, from 1; None before the start."""
    return (today - starts_on).days // 7 + 1 if today >= starts_on else None


def _skyline(progress: PathProgress) -> Iterator[tuple[str, list[Peak]]]:
    """The cairns by stage, without the bridges between stages."""
    placed = [one for one in progress.milestones if not pages.is_bridge(one.milestone, progress)]
    for title, part in groupby(placed, key=lambda one: one.stage.title):
        yield title, [_peak(one, progress) for one in part]


def _peak(placed: PlacedMilestone, progress: PathProgress) -> Peak:
    url = reverse("learning:milestone", args=[progress.path.slug, placed.milestone.slug])
    if placed.state.complete:
        state = "done"
    elif placed is progress.current:
        state = "now"
    else:
        state = "next" if placed.is_open else "lock"
    return Peak(placed, pages.cairn_of(placed.milestone, placed.state), url, state)


def _has_new_stone(request: HttpRequest, path: str, laid: int) -> bool:
    """Whether a stone was laid since home was last seen. Remembered, so that it settles only once."""
    seen: dict[str, int] = request.session.get(SEEN, {})
    before = seen.get(path)
    if before != laid:
        request.session[SEEN] = seen | {path: laid}
    return before is not None and laid > before


def begun_quizzes(user: User, books: Library) -> dict[str, Begun]:
    """Quizzes under way that can be gone on with, by topic. One query."""
    mine = QuizAttempt.objects.filter(user=user, finished_at=None).exclude(results={}).order_by("started_at")
    return {
        topic: Begun(len(results), books.topic(topic).question_count, at)
        for topic, content_hash, results, at in mine.values_list(
            "topic", "content_hash", "results", "started_at"
        )
        if topic in books.topics and books.topic(topic).quiz_hash == content_hash
    }


def _latest(user: User, record: Record, books: Library, begun: dict[str, Begun]) -> list[Work]:
    """The newest work: what was handed in and answered, quizzes under way, training runs."""
    rows = [*_work(_newest(record.results, books, begun), books), *_unfinished(books, begun), *_runs(user)]
    return sorted(rows, key=lambda row: row.at, reverse=True)[:LATEST]


def _newest(results: Results, books: Library, begun: dict[str, Begun]) -> Results:
    """So much of each kind as can be among the latest: a year of work is not put into words for six rows."""
    exercises = {slug: one for slug, one in results.exercises.items() if slug in books.exercises}
    projects = {slug: one for slug, one in results.projects.items() if slug in books.projects}
    ended = results.quizzes.items()
    quizzes = {slug: one for slug, one in ended if slug in books.topics and slug not in begun}
    return Results(
        exercises=_last(exercises, lambda one: one.last_at),
        projects=_last(projects, lambda one: one.at),
        quizzes=_last(quizzes, lambda one: one.finished_at),
    )


def _last(outcomes: dict[str, Outcome], at: Callable[[Outcome], datetime]) -> dict[str, Outcome]:
    return dict(nlargest(LATEST, outcomes.items(), key=lambda item: at(item[1])))


def _runs(user: User) -> Iterator[Work]:
    """Training runs. Runs that grade are told by what was handed in. One query."""
    rows = Run.objects.filter(owner=user, kind=Kind.TRAIN).order_by("-created_at")
    for run in rows.only("title", "state", "verdict", "created_at")[:LATEST]:
        word = run.verdict if run.state == Run.State.FINISHED else run.state
        url = reverse("runs:page", args=[run.pk])
        yield Work("run", run.title, "Training run", url, word, "", run.created_at)


def _unfinished(books: Library, begun: dict[str, Begun]) -> Iterator[Work]:
    for slug, one in begun.items():
        title, url = books.topic(slug).content.title, reverse("learning:quiz", args=[slug])
        yield Work("quiz", title, "Quiz", url, "started", f"{one.answered} of {one.questions}", one.at)


def _work(results: Results, books: Library) -> Iterator[Work]:
    """What was worked at, from the results that progress has read anyway."""
    for slug, exercise in results.exercises.items():
        entry = books.exercises[slug]
        tests = f"{exercise.passed_tests} of {exercise.total_tests} tests" if exercise.total_tests else ""
        url, note = reverse("learning:exercise", args=[slug]), books.topic(entry.topic).content.title
        yield Work("exercise", entry.content.title, note, url, exercise.status, tests, exercise.last_at)
    for slug, project in results.projects.items():
        title, url = books.project(slug).content.title, reverse("learning:project", args=[slug])
        yield Work("project", title, "Project", url, project.status, share(project.best_score), project.at)
    for slug, quiz in results.quizzes.items():
        topic, url = books.topic(slug), reverse("learning:quiz", args=[slug])
        state = "passed" if quiz.best_score >= topic.pass_score - 1e-9 else "started"
        yield Work("quiz", topic.content.title, "Quiz", url, state, share(quiz.best_score), quiz.finished_at)
