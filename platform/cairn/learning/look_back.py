"""Looking back: the reviews that a path's schedule asks for, of a week or before a milestone.

A review is an activity: the learner's word that they looked back, stored as one and taken back as one. It is
known by its slug: ``week_2026-03-02`` for the week of that Monday, else the path's and the milestone's.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from cairn.accounts.models import User
from cairn.catalog.content import Milestone
from cairn.catalog.library import Library, PathEntry
from cairn.catalog.queries import library
from cairn.learning.activity_actions import said_of
from cairn.learning.models import ActivityResult, Completion, Enrolment
from cairn.learning.plan_items import WEEK_SLUG, week_entry
from cairn.learning.planner import week_item, week_key, week_of
from cairn.learning.progress import Record, stretch_before
from cairn.learning.queries import record_of, today_for, zone_of
from cairn.learning.wording import share
from cairn.ui.errors import NotFound

WORK = ("lesson", "quiz", "exercise", "project", "map")  # what a week's review lists, in this order
_WEEK = re.compile(rf"{WEEK_SLUG}(\d{{4}}-\d{{2}}-\d{{2}})")


@dataclass(frozen=True)
class Seen:
    """Something to look at again. ``note`` says how it went."""

    kind: str
    title: str
    url: str
    note: str = ""


@dataclass(frozen=True)
class LookBack:
    """A review: on what, for how long, and when the learner said that they looked back."""

    slug: str
    title: str
    path: PathEntry
    minutes: int
    seen: tuple[Seen, ...]
    monday: date | None = None  # of a week
    milestone: Milestone | None = None  # that is begun after it
    done_at: datetime | None = None

    @property
    def sunday(self) -> date | None:
        """The last day of its week."""
        return self.monday + timedelta(days=6) if self.monday else None

    @property
    def about(self) -> str:
        """What a note written here is about."""
        return f"milestone:{self.path.slug}/{self.milestone.slug}" if self.milestone else ""


def look_back_of(user: User, slug: str) -> LookBack:
    """The review of that slug, on a path that the learner walks. Three queries at most, four after a change.

    Raises NotFound for a week that is still to come or was before they began, and for what is no review.
    """
    books = library()
    walked = list(Enrolment.objects.filter(user=user, path__in=list(books.paths)))
    said = said_of(user, slug)
    done_at = said.at if said and said.score else None
    if found := _WEEK.fullmatch(slug):
        return _week(user, slug, _monday(found[1]), walked, books, done_at)
    return _milestone(user, slug, walked, books, done_at)


def _monday(written: str) -> date:
    try:
        day = date.fromisoformat(written)
    except ValueError:
        raise NotFound from None
    if week_of(day) != day:
        raise NotFound
    return day


def _week(
    user: User, slug: str, monday: date, walked: list[Enrolment], books: Library, done_at: datetime | None
) -> LookBack:
    for one in walked:
        schedule = books.path(one.path).content.schedule
        review = schedule.review if schedule else None
        if review and week_of(one.starts_on) <= monday <= today_for(user):
            title = week_entry(week_item(week_key(monday), review.minutes)).title
            seen = tuple(_finished(user, monday, zone_of(user), books))
            return LookBack(slug, title, books.path(one.path), review.minutes, seen, monday, None, done_at)
    raise NotFound("There is no review of that week: it is still to come, or you began later.")


def _finished(user: User, monday: date, zone: tzinfo, books: Library) -> Iterator[Seen]:
    """What was first completed in the week, on the learner's clock. One query."""
    begins = datetime.combine(monday, time(), zone)
    ends = datetime.combine(monday + timedelta(days=7), time(), zone)
    rows = Completion.objects.filter(user=user, kind__in=WORK, at__gte=begins, at__lt=ends)
    found = [seen for kind, slug in rows.values_list("kind", "slug") if (seen := _seen(kind, slug, books))]
    yield from sorted(found, key=lambda seen: WORK.index(seen.kind))


def _seen(kind: str, slug: str, books: Library) -> Seen | None:
    """What was completed, with its place now; None for what is gone."""
    entries: dict[str, Mapping[str, Any]] = {
        "exercise": books.exercises,
        "project": books.projects,
        "map": books.maps,
    }
    known = entries.get(kind, books.topics)
    if slug not in known:
        return None
    name = "skill-map" if kind == "map" else kind
    return Seen(kind, known[slug].content.title, reverse(f"learning:{name}", args=[slug]))


def _milestone(
    user: User, slug: str, walked: list[Enrolment], books: Library, done_at: datetime | None
) -> LookBack:
    name, _, milestone = slug.partition("_")
    if name not in {one.path for one in walked}:
        raise NotFound
    path = books.path(name)
    asked = path.milestone(milestone)
    if asked.review is None:
        raise NotFound
    seen = tuple(_since_the_last(path, asked, books, record_of(user, decisions=False)))
    return LookBack(slug, asked.review.title, path, asked.review.minutes, seen, None, asked, done_at)


def _since_the_last(path: PathEntry, asked: Milestone, books: Library, record: Record) -> Iterator[Seen]:
    """The topics and projects that the review looks back on, with the quizzes' best scores."""
    stretch = stretch_before(asked, path.content)
    for slug in dict.fromkeys(slug for one in stretch for slug in one.topics):
        topic, quiz = books.topic(slug), record.results.quizzes.get(slug)
        note = f"Quiz: {share(quiz.best_score)}" if quiz else ""
        yield Seen("lesson", topic.content.title, reverse("learning:lesson", args=[slug]), note)
    for slug in dict.fromkeys(slug for one in stretch for slug in one.projects):
        yield Seen("project", books.project(slug).content.title, reverse("learning:project", args=[slug]))


def say(user: User, slug: str, done: bool) -> None:
    """The learner says that they looked back, or takes that back. Said twice, the first time stays.

    Raises NotFound.
    """
    asked = look_back_of(user, slug)
    with transaction.atomic():
        User.objects.select_for_update().only("pk").get(pk=user.pk)
        mine = said_of(user, slug) or ActivityResult(
            user=user, kind=ActivityResult.Kind.ACTIVITY, slug=slug, score=0
        )
        if bool(mine.score) == done:
            return
        if done:
            mine.at = timezone.now()
        mine.score, mine.content_hash = float(done), f"{asked.minutes}"
        mine.save()
