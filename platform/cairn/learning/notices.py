"""Says of what a learner has passed that it changed since in a way that matters.

What was earned stays counted. Two published documents are compared part by part: tests, limits, the task and
the questions matter; hints, starters and solutions do not. An author's own words in ``changes`` come first.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.urls import reverse

from cairn.accounts.models import User
from cairn.catalog.content import Change
from cairn.catalog.library import Library
from cairn.catalog.models import Document
from cairn.catalog.queries import library
from cairn.learning.models import Dismissal
from cairn.learning.progress import Record, project_activity
from cairn.learning.wording import plural
from cairn.submissions.models import QuizAttempt
from cairn.submissions.queries import Attempt
from cairn.ui.errors import NotFound
from grader.contract import Verdict


@dataclass(frozen=True)
class Notice:
    """Something passed ``on`` a day that is different now: ``what`` changed, in sentences."""

    kind: str
    slug: str
    title: str
    url: str
    on: datetime
    what: tuple[str, ...]
    content_hash: str  # of what is published now


@dataclass(frozen=True)
class _Passed:
    kind: str
    slug: str
    title: str
    on: datetime
    earned: str
    now: str
    changes: tuple[Change, ...] = ()


def notices_of(
    user: User, record: Record, books: Library, among: Iterable[tuple[str, str]] | None = None
) -> list[Notice]:
    """Every notice that is not put away, passed last first; ``among`` keeps to some (kind, slug).

    No query while nothing passed has changed, else one, and one for each change not compared before.
    """
    wanted = None if among is None else set(among)
    passed = [one for one in _changed(record, books) if wanted is None or (one.kind, one.slug) in wanted]
    return _told(user, passed)


def exercise_notice(user: User, slug: str, tries: Iterable[Attempt], books: Library) -> list[Notice]:
    """The notice on an exercise's own page, from its attempts, newest first. Queries as ``notices_of``."""
    entry = books.exercise(slug)
    passed = [
        (one.run.finished_at, one.submission.content_hash)
        for one in tries
        if one.run.verdict == Verdict.PASSED and one.run.finished_at
    ]
    if not passed or any(content_hash == entry.content_hash for _, content_hash in passed):
        return []
    first, last = passed[-1][0], passed[0][1]
    title, changes = entry.content.title, entry.content.changes
    return _told(user, [_Passed("exercise", slug, title, first, last, entry.content_hash, changes)])


def quiz_notice(user: User, slug: str, books: Library) -> list[Notice]:
    """The notice on a quiz's own page. One query more than ``notices_of``, so ask before it is begun only."""
    topic = books.topic(slug)
    ended = QuizAttempt.objects.filter(user=user, topic=slug, finished_at__isnull=False)
    passed = [
        (at, content_hash)
        for at, content_hash in ended.filter(score__gte=topic.pass_score - 1e-9)
        .order_by("finished_at")
        .values_list("finished_at", "content_hash")
        if at
    ]
    if not passed or any(content_hash == topic.quiz_hash for _, content_hash in passed):
        return []
    title = f"Quiz: {topic.content.title}"
    return _told(user, [_Passed("quiz", slug, title, passed[0][0], passed[-1][1], topic.quiz_hash)])


def _told(user: User, passed: list[_Passed]) -> list[Notice]:
    if not passed:
        return []
    away = set(Dismissal.objects.filter(user=user).values_list("kind", "slug", "content_hash"))
    told = (_notice(one) for one in passed if (one.kind, one.slug, one.now) not in away)
    return sorted((notice for notice in told if notice), key=lambda notice: notice.on, reverse=True)


def put_away(user: User, kind: str, slug: str) -> None:
    """Do not show this notice again until the thing changes once more. Raises NotFound."""
    books = library()
    hashes = {
        "exercise": lambda: books.exercise(slug).content_hash,
        "quiz": lambda: books.topic(slug).quiz_hash,
        "project": lambda: books.project(slug).content_hash,
    }
    if kind not in hashes:
        raise NotFound
    Dismissal.objects.update_or_create(
        user=user, kind=kind, slug=slug, defaults={"content_hash": hashes[kind]()}
    )


def _changed(record: Record, books: Library) -> Iterator[_Passed]:
    """What was passed on content that is not the current one."""
    results = record.results
    for slug, outcome in results.exercises.items():
        if slug in books.exercises and outcome.passed_at and outcome.outdated:
            exercise = books.exercise(slug)
            yield _Passed(
                *("exercise", slug, exercise.content.title, outcome.passed_at),
                *(outcome.content_hash, exercise.content_hash, exercise.content.changes),
            )
    for slug, project in results.projects.items():
        if slug in books.projects and project.outdated and project_activity(slug, books, record).done:
            entry = books.project(slug)
            yield _Passed(
                *("project", slug, entry.content.title, project.at),
                *(project.content_hash, entry.content_hash, entry.content.changes),
            )
    for slug, quiz in results.quizzes.items():
        topic = books.topics.get(slug)
        if topic and topic.quiz_hash and quiz.outdated and quiz.best_score >= topic.pass_score - 1e-9:
            title = f"Quiz: {topic.content.title}"
            yield _Passed("quiz", slug, title, quiz.finished_at, quiz.content_hash, topic.quiz_hash)


def _notice(passed: _Passed) -> Notice | None:
    """The notice, or None where nothing changed that matters: an author's word comes before a comparison."""
    since = [one for one in passed.changes if one.day >= passed.on.date()]
    what = tuple(one.what for one in since if not one.minor)
    if not since:
        what = _differences(passed.kind, passed.slug, passed.earned, passed.now)
    if not what:
        return None
    url = reverse(f"learning:{passed.kind}", args=[passed.slug])
    return Notice(passed.kind, passed.slug, passed.title, url, passed.on, what, passed.now)


@lru_cache(maxsize=512)
def _differences(kind: str, slug: str, earned: str, now: str) -> tuple[str, ...]:
    """What differs between two published documents, in sentences. Both are immutable, so it is asked once."""
    rows = Document.objects.filter(kind=kind, slug=slug, content_hash__in=[earned, now])
    found = {row.content_hash: row for row in rows}
    if earned not in found or now not in found:
        return ("It was written anew.",)
    return tuple(compare(kind, found[earned], found[now]))


def forget_comparisons() -> None:
    """Compare anew: for a database that is not the one it was."""
    _differences.cache_clear()


def compare(kind: str, old: Document, new: Document) -> Iterator[str]:
    """Each part that matters and differs."""
    if kind == "quiz":
        yield from _questions(old.private.get("questions", {}), new.private.get("questions", {}))
        return
    if old.private.get("tests") != new.private.get("tests"):
        yield "Its tests changed."
    task = "prompt" if kind == "exercise" else "brief"
    if old.body.get(task) != new.body.get(task):
        yield "What it asks for is worded differently."
    if old.body.get("limits") != new.body.get("limits"):
        yield "It may use more or less time or memory than before."
    if kind == "project" and _names(old.body) != _names(new.body):
        yield "It asks for other files."


def _names(body: dict[str, Any]) -> list[str]:
    return sorted(file["name"] for file in body.get("files", ()))


def _questions(old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    both = old.keys() & new.keys()
    for count, happened in (
        (len(new.keys() - old.keys()), "added"),
        (len(old.keys() - new.keys()), "taken away"),
        (sum(old[one] != new[one] for one in both), "changed"),
    ):
        if count:
            yield f"{plural(count, 'question')} {'was' if count == 1 else 'were'} {happened}."
