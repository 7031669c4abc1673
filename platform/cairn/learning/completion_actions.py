"""Keeps the rows of what was completed in step with stored results; they follow from those alone."""

from bisect import bisect_right
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete, post_save

from cairn.accounts.models import User
from cairn.catalog.library import Library
from cairn.catalog.queries import release_library, releases
from cairn.learning.completions import Done, Event, Item, completed
from cairn.learning.models import ActivityResult, Completion, Reading
from cairn.learning.versions import changed
from cairn.review.models import Review
from cairn.review.queries import Decision
from cairn.runs.models import Run
from cairn.submissions.models import QuizAttempt, Submission
from cairn.submissions.queries import history_of
from grader.contract import Kind


def settle(user: User) -> int:
    """Make the learner's completions what their stored results say. Returns how many rows changed.

    Safe at any time and any number of times; what is right already is left alone. Eight queries at most.
    """
    with transaction.atomic():
        User.objects.select_for_update().only("pk").get(pk=user.pk)  # two results may come at once
        wanted = completed(events_of(user), LibraryAt())
        rows = {_item(row): row for row in Completion.objects.filter(user=user)}
        differ = {
            item for item in {*wanted, *rows} if item not in rows or wanted.get(item) != _done(rows[item])
        }
        if differ:
            Completion.objects.filter(pk__in=[rows[item].pk for item in differ if item in rows]).delete()
            new = [_row(user, item, wanted[item]) for item in wanted if item in differ]
            Completion.objects.bulk_create(new, batch_size=100)
            changed(user.pk, of=Completion)
    return len(differ)


def settle_on_commit(user_id: int) -> None:
    """Settle once the result is stored. Should that fail, the next result makes up for it."""
    transaction.on_commit(lambda: _settle_if_there(user_id), robust=True)


def _settle_if_there(user_id: int) -> None:
    if user := User.objects.filter(pk=user_id).first():
        settle(user)


def watch() -> None:
    """Settle after every result from now on. Called once, at the start."""
    post_save.connect(_ran, sender=Run, dispatch_uid="settle-run")
    for model in (QuizAttempt, Reading, ActivityResult):
        post_save.connect(_marked, sender=model, dispatch_uid=f"settle-{model.__name__}")
    post_save.connect(_counts_anew, sender=Submission, dispatch_uid="settle-submission")
    for signal in (post_save, post_delete):
        signal.connect(_judged, sender=Review, dispatch_uid="settle-review")


def _ran(instance: Run, **more: Any) -> None:
    """A try counts for nothing, and what a node says while it works is no result."""
    if instance.kind != Kind.TRY and instance.state == Run.State.FINISHED:
        settle_on_commit(instance.owner_id)


def _counts_anew(instance: Submission, created: bool, **more: Any) -> None:
    """Another run was put in the place of the one that counted: a regrade was accepted."""
    if not created and instance.run.state == Run.State.FINISHED:
        settle_on_commit(instance.user_id)


def _marked(instance: QuizAttempt | Reading | ActivityResult, **more: Any) -> None:
    """A lesson read, a quiz ended, a map drawn, an activity done or taken back."""
    if getattr(instance, "finished_at", instance) is not None:
        settle_on_commit(instance.user_id)


def _judged(instance: Review, **more: Any) -> None:
    settle_on_commit(instance.submission.user_id)


def rebuild(username: str = "") -> tuple[int, int]:
    """Settle one learner, or everybody. Returns how many learners were looked at and how many rows changed.

    Raises User.DoesNotExist.
    """
    people = User.objects.order_by("pk")
    if username:
        people = people.filter(pk=User.objects.get(username=username).pk)
    changed = [settle(user) for user in people.iterator()]
    return len(changed), sum(changed)


def _item(row: Completion) -> Item:
    return Item(row.kind, row.slug, row.path)


def _done(row: Completion) -> Done:
    return Done(row.at, row.content_hash)


def _row(user: User, item: Item, done: Done) -> Completion:
    return Completion(user=user, **item._asdict(), at=done.at, content_hash=done.content_hash)


# --- what is replayed


class LibraryAt:
    """The library that was current at a time; what came before the first release is taken to be of it."""

    def __init__(self) -> None:
        self.known = releases()
        self.times = [release.published_at for release in self.known]

    def __call__(self, at: datetime) -> Library:
        """The library of that moment. Raises IndexError where nothing was ever published."""
        release = self.known[max(0, bisect_right(self.times, at) - 1)]
        return release_library(release.pk, release.digest)


def events_of(user: User) -> list[Event]:
    """Every stored result of a learner, at the moment from which it counts. Five queries."""
    submissions, attempts = history_of(user)
    events = [
        Event(row.finished_at, row.work, row.slug, row.content_hash, row)
        for row in submissions
        if row.state == "finished" and row.finished_at
    ]
    events += [Event(row.finished_at, "quiz", row.topic, row.content_hash, row) for row in attempts]
    return [*events, *_readings(user), *_reviews(user), *_activities(user)]


def _readings(user: User) -> Iterator[Event]:
    finished = Reading.objects.filter(user=user, finished_at__isnull=False)
    for topic, at in finished.values_list("topic", "finished_at"):
        assert at is not None  # noqa: S101 - the filter saw to it
        yield Event(at, "lesson", topic)


def _reviews(user: User) -> Iterator[Event]:
    said = Review.objects.filter(submission__user=user).order_by("updated_at", "pk")
    for slug, lines, at in said.values_list("submission__slug", "lines", "updated_at"):
        yield Event(at, "decision", slug, "", {line: Decision(met, at, "") for line, met in lines.items()})


def _activities(user: User) -> Iterator[Event]:
    for one in ActivityResult.objects.filter(user=user).order_by("at", "pk"):
        if one.kind == ActivityResult.Kind.MAP:
            yield Event(one.at, "map", one.slug, one.content_hash, float(one.score))
        elif one.score:
            yield Event(one.at, "activity", one.slug, one.content_hash)
