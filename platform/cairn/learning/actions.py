"""What a learner does: enrol, read."""

from datetime import date, timedelta

from django.db import transaction
from django.utils import timezone

from cairn.accounts.models import User
from cairn.catalog.queries import library
from cairn.learning.models import Enrolment, Reading
from cairn.learning.queries import today_for
from cairn.ui.errors import Refusal

HOURS = range(1, 61)
FAR = timedelta(days=366)


class BadEnrolment(Refusal):
    """A start date or a number of hours that makes no plan. ``field`` is the one to correct."""

    code = "bad-enrolment"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def enrol(user: User, path: str, starts_on: date, hours_per_week: int) -> Enrolment:
    """Enrol, or change the pace of an enrolment; either makes the path the one that home shows.

    Raises BadEnrolment, and NotFound for a path that is not in the library.
    """
    library().path(path)
    today = today_for(user)
    if hours_per_week not in HOURS:
        raise BadEnrolment("hours_per_week", f"Choose between {HOURS[0]} and {HOURS[-1]} hours a week.")
    if starts_on < today - FAR:
        raise BadEnrolment("starts_on", "The start lies more than a year back. Choose a later day.")
    if starts_on > today + FAR:
        raise BadEnrolment("starts_on", "The start lies more than a year ahead. Choose an earlier day.")
    enrolment, _ = Enrolment.objects.update_or_create(
        user=user, path=path, defaults={"starts_on": starts_on, "hours_per_week": hours_per_week}
    )
    return enrolment


def read_to(user: User, topic: str, section: str = "", *, finished: bool = False) -> Reading:
    """Remember where the learner stopped in a lesson. Once finished, a lesson stays finished.

    Raises NotFound for a topic that is not in the library, Refusal for a section that the lesson has not.
    """
    entry = library().topic(topic)
    if section and section not in dict(entry.outline):
        raise Refusal("This lesson has no such section; it may have changed. Reload the page.")
    if not entry.written:
        raise Refusal("This lesson is still being written, so there is nothing to have read.")
    with transaction.atomic():
        reading, _ = Reading.objects.select_for_update().get_or_create(
            user=user, topic=topic, defaults={"content_hash": entry.lesson_hash}
        )
        reading.section = section or reading.section
        reading.content_hash = entry.lesson_hash
        if finished and not reading.finished_at:
            reading.finished_at = timezone.now()
        reading.save()
    return reading
