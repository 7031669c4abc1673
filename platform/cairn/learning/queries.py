"""What is stored about a learner's work and plans, read in a fixed number of queries."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, tzinfo
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.cache import cache
from django.db.models import FloatField, Value
from django.utils import timezone

from cairn.accounts.models import User
from cairn.catalog.queries import document_at
from cairn.learning.models import ActivityResult, Enrolment, Reading
from cairn.learning.progress import Drawn, Read, Record
from cairn.learning.versions import Version, shared, version_of
from cairn.review.models import Review
from cairn.review.queries import Decision, decisions_for
from cairn.runs.models import Run
from cairn.runs.queries import GradingState, grading_state
from cairn.submissions.models import Sitting
from cairn.submissions.queries import Results, code_results_of, quiz_results_of


def record_of(
    user: User | None,
    *,
    decisions: bool = True,
    reviews: Iterable[Review] | None = None,
    version: Version | None = None,
) -> Record:
    """Everything that progress is computed from: one query, three to five after a change, none for a guest.

    A page that shows no stones leaves out the mentors' ``decisions``; one that has read all ``reviews``
    hands them over, and the whole is not kept; one that has asked for the learner's ``version`` says it.
    Each saves a query.
    """
    if user is None:
        return Record()
    version = version or version_of(user)
    if reviews is not None:
        return _with_activities(user, _results(user, version), _decisions_in(reviews))

    def read() -> Record:
        said = decisions_for(user) if decisions else {}
        return _with_activities(user, _results(user, version), said)

    return shared(user, version, "record", read, decisions)


def _results(user: User, version: Version) -> Results:
    """What the work came to; only what changed of it is read again."""
    code = shared(user, version.code, "code", lambda: code_results_of(user))
    return replace(code, quizzes=shared(user, version.quizzes, "quizzes", lambda: quiz_results_of(user)))


def _with_activities(user: User, results: Results, said: Mapping[tuple[str, str], Decision]) -> Record:
    """Add lessons read, maps drawn, activities done and exams handed in: one query for all four."""
    none, no_score = Value(""), Value(0.0, output_field=FloatField())
    lessons = Reading.objects.filter(user=user).annotate(kind=Value("lesson"), score=no_score)
    others = ActivityResult.objects.filter(user=user).order_by().annotate(section=none)
    sat = Sitting.objects.filter(user=user, handed_in_at__isnull=False)
    sat = sat.annotate(kind=Value("exam"), section=none, score=no_score)
    rows = lessons.values_list("kind", "topic", "section", "score", "finished_at").union(
        others.values_list("kind", "slug", "section", "score", "at"),
        sat.values_list("kind", "assessment", "section", "score", "handed_in_at"),
        all=True,
    )
    read: dict[str, Read] = {}
    exams: dict[str, datetime] = {}
    maps: dict[str, Drawn] = {}
    done: dict[str, datetime] = {}
    for kind, slug, section, score, at in rows:
        if kind == "lesson":
            read[slug] = Read(section, at is not None)
        elif at and kind == "exam":
            exams[slug] = at
        elif at and kind == ActivityResult.Kind.MAP:
            maps[slug] = min(Drawn(score, at), maps.get(slug, Drawn(score, at)), key=_better)
        elif at and score:
            done[slug] = at
    return Record(results, said, read, maps, done, exams)


def _better(drawn: Drawn) -> tuple[float, datetime]:
    """The highest score comes first, and of equals the first."""
    return -drawn.best_score, drawn.at


def reviews_of(user: User) -> list[Review]:
    """What mentors said of the learner's work, newest first, with who said it and on what. One query."""
    return list(
        Review.objects.filter(submission__user=user)
        .select_related("submission", "mentor")
        .only(
            *("lines", "comment", "updated_at", "submission__slug", "submission__title"),
            *("mentor__username", "mentor__first_name", "mentor__last_name"),
        )
    )


def _decisions_in(reviews: Iterable[Review]) -> dict[tuple[str, str], Decision]:
    """The latest word on each rubric line, as ``decisions_for`` reads it from the database."""
    oldest_first = sorted(reviews, key=lambda review: review.updated_at)
    return {
        (review.submission.slug, line): Decision(met, review.updated_at, review.mentor.first_word)
        for review in oldest_first
        for line, met in review.lines.items()
    }


def read_by(user: User) -> dict[str, Read]:
    """How far each lesson was read, by topic. One query."""
    rows = Reading.objects.filter(user=user).values_list("topic", "section", "finished_at")
    return {topic: Read(section, finished_at is not None) for topic, section, finished_at in rows}


@lru_cache(maxsize=64)
def page_body(kind: str, slug: str, content_hash: str) -> dict[str, Any]:
    """What a page of that content shows. A hash names one content for ever, so a process keeps it."""
    body: dict[str, Any] = document_at(kind, slug, content_hash).body
    return body


def grading() -> GradingState:
    """Whether code handed in now is run soon. The same for everybody, so it is asked for once in 5 s."""
    known: GradingState | None = cache.get("grading-state")
    if known is None:
        known = grading_state()
        cache.set("grading-state", known, timeout=5)
    return known


def latest_run(user: User, content_hash: str) -> Run | None:
    """The learner's newest run of this content, a try or a graded one. One query."""
    return Run.objects.filter(owner=user, content_hash=content_hash).order_by("-created_at").first()


def enrolments_of(user: User) -> list[Enrolment]:
    """The learner's paths, the one opened last first. One query."""
    return list(Enrolment.objects.filter(user=user))


def enrolment_in(user: User, path: str) -> Enrolment | None:
    """The learner's enrolment in this path, if there is one."""
    return Enrolment.objects.filter(user=user, path=path).first()


def zone_of(user: User | None) -> tzinfo:
    """The person's time zone; UTC for a guest, and for a zone that this machine does not know."""
    try:
        return ZoneInfo(user.timezone if user else "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def now_for(user: User | None) -> datetime:
    """Now, on the person's clock."""
    return timezone.now().astimezone(zone_of(user))


def today_for(user: User | None) -> date:
    """Today, where the person is."""
    return now_for(user).date()
