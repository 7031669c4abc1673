"""Home: what is next, the milestone on hand, the latest work, what a mentor said."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from cairn.catalog.queries import Library, library
from cairn.learning import pages, queries
from cairn.learning.access import in_their_zone, learner
from cairn.learning.mastery_queries import due_today
from cairn.learning.models import Enrolment
from cairn.learning.place import remember_path
from cairn.learning.progress import PathProgress, PlacedMilestone, Record, path_progress
from cairn.learning.wording import share
from cairn.review.models import Review

LATEST = 6
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
class Peak:
    """A cairn of the skyline, on its stage's part of the ground line."""

    placed: PlacedMilestone
    cairn: pages.Cairn
    url: str
    state: str  # done, now, next or lock


@require_safe
@login_required
@in_their_zone
def home(request: HttpRequest) -> HttpResponse:
    """The learner's day. Without an enrolment: the paths to choose from."""
    user = learner(request)
    assert user is not None  # noqa: S101 - login_required saw to it
    books = library()
    enrolments = [one for one in queries.enrolments_of(user) if one.path in books.paths]
    now = queries.now_for(user)
    greeting = {"now": now, "greeting": _greeting(now.hour), "enrolments": enrolments, "books": books}
    if not enrolments:
        return render(request, "dashboard/newcomer.html", greeting | _choice(books))
    reviews = queries.reviews_of(user)
    record = queries.record_of(user, reviews=reviews)
    day = _day(request, enrolments, books, record, reviews) | {"due": due_today(user)}
    return render(request, "dashboard/home.html", greeting | day)


def _day(
    request: HttpRequest, enrolments: list[Enrolment], books: Library, record: Record, reviews: list[Review]
) -> dict[str, Any]:
    enrolment = enrolments[0]
    progress = path_progress(books.path(enrolment.path), books, record)
    remember_path(request, enrolment.path)
    current = progress.current
    return {
        "enrolment": enrolment,
        "others": [books.path(one.path) for one in enrolments[1:]],
        "progress": progress,
        "week": _week(enrolment.starts_on, queries.today_for(learner(request))),
        "skyline": list(_skyline(progress)),
        "minutes": sum(one.minutes for one in progress.upcoming[:3]),
        "current": current,
        "cairn": pages.cairn_of(current.milestone, current.state) if current else None,
        "stones": [pages.stone_row(stone, books) for stone in current.state.stones] if current else [],
        "settle": _has_new_stone(request, progress),
        "work": sorted(_work(record, books), key=lambda row: row.at, reverse=True)[:LATEST],
        "reviews": reviews[:3],
    }


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


def _has_new_stone(request: HttpRequest, progress: PathProgress) -> bool:
    """Whether a stone was laid since home was last seen. Remembered, so that it settles only once."""
    seen: dict[str, int] = request.session.get(SEEN, {})
    before = seen.get(progress.path.slug)
    if before != progress.laid:
        request.session[SEEN] = seen | {progress.path.slug: progress.laid}
    return before is not None and progress.laid > before


def _work(record: Record, books: Library) -> Iterator[Work]:
    """Everything that was worked at, from the results that progress has read anyway."""
    results = record.results
    for slug, exercise in results.exercises.items():
        if slug in books.exercises:
            entry = books.exercises[slug]
            tests = f"{exercise.passed_tests} of {exercise.total_tests} tests" if exercise.total_tests else ""
            url, note = reverse("learning:exercise", args=[slug]), books.topic(entry.topic).content.title
            yield Work("exercise", entry.content.title, note, url, exercise.status, tests, exercise.last_at)
    for slug, project in results.projects.items():
        if slug in books.projects:
            title, url = books.project(slug).content.title, reverse("learning:project", args=[slug])
            yield Work(
                "project", title, "Project", url, project.status, share(project.best_score), project.at
            )
    for slug, quiz in results.quizzes.items():
        if slug in books.topics:
            topic, url = books.topic(slug), reverse("learning:quiz", args=[slug])
            state = "passed" if quiz.best_score >= topic.pass_score - 1e-9 else "started"
            yield Work(
                "quiz", topic.content.title, "Quiz", url, state, share(quiz.best_score), quiz.finished_at
            )
