"""What is stored about a learner's work and plans, read in a fixed number of queries."""

from datetime import date, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils import timezone

from cairn.accounts.models import User
from cairn.learning.models import Enrolment, Reading
from cairn.learning.progress import Read, Record
from cairn.review.queries import decisions_for
from cairn.submissions.queries import results_of


def record_of(user: User | None) -> Record:
    """Everything that progress is computed from: four queries, none for a guest."""
    if user is None:
        return Record()
    return Record(results=results_of(user), decisions=decisions_for(user), read=read_by(user))


def read_by(user: User) -> dict[str, Read]:
    """How far each lesson was read, by topic. One query."""
    rows = Reading.objects.filter(user=user).values_list("topic", "section", "finished_at")
    return {topic: Read(section, finished_at is not None) for topic, section, finished_at in rows}


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
