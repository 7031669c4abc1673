"""A year of days: on which of them something was done, and how many study days in a row.

Days follow from stored results, on the learner's clock. What they planned to leave free breaks no row.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from django.db.models.functions import Coalesce
from django.utils.safestring import SafeString, mark_safe

from cairn.accounts.models import User
from cairn.learning.models import ActivityResult, DayOff, Note, PracticeDay, Reading
from cairn.learning.planner import week_of
from cairn.learning.versions import Version, shared, version_of
from cairn.submissions.models import QuizAttempt, Submission

WEEKS = 53
Moment = tuple[datetime | None]  # a row of one column
DAY, WEEK = timedelta(days=1), timedelta(days=7)
LEVELS = (1, 2, 4, 7, 11)  # pieces of work from which a square is one shade darker
PITCH, SIDE, CORNER, TOP = 16, 13, 3, 22  # of the drawing, in its own units
WIDTH, HEIGHT = WEEKS * PITCH, TOP + 7 * PITCH


@dataclass(frozen=True)
class Habits:
    """What a learner planned to leave free: days off, and weekdays (Monday is 0) without study time."""

    days_off: Collection[date] = frozenset()
    free_weekdays: Collection[int] = frozenset()

    def is_free(self, day: date) -> bool:
        """Whether nothing was planned for the day."""
        return day in self.days_off or day.weekday() in self.free_weekdays


@dataclass(frozen=True)
class Week:
    """A week's work by weekday, Monday first; None for a day that is still to come."""

    monday: date
    counts: tuple[int | None, ...]

    @property
    def total(self) -> int:
        """Pieces of work in the week."""
        return sum(count or 0 for count in self.counts)

    @property
    def cells(self) -> SafeString:
        """Its days and their sum as cells of a table: a template would take as long as for the whole page."""
        numbers = ("" if count is None else str(count) for count in (*self.counts, self.total))
        return mark_safe("".join(f'<td class="r">{number}</td>' for number in numbers))  # noqa: S308 - numbers


@dataclass(frozen=True)
class Year:
    """The weeks up to today, the oldest first, with what can be said of them."""

    weeks: tuple[Week, ...]
    today: date
    streak: int
    days_off: frozenset[date]
    study_days_left: int  # of this week, today included while nothing was done

    @property
    def total(self) -> int:
        """Pieces of work in all weeks."""
        return sum(week.total for week in self.weeks)

    @property
    def days(self) -> int:
        """Days with work."""
        return sum(bool(count) for week in self.weeks for count in week.counts)

    @property
    def days_this_week(self) -> int:
        """Days with work since Monday."""
        return sum(bool(count) for count in self.weeks[-1].counts)

    @property
    def busy_weeks(self) -> list[Week]:
        """The weeks in which something was done, the newest first."""
        return [week for week in reversed(self.weeks) if week.total]

    @property
    def squares(self) -> list[tuple[int, str]]:
        """The drawing: for each shade, the path of all its squares."""
        paths: dict[int, list[str]] = {level: [] for level in range(len(LEVELS) + 1)}
        for column, week in enumerate(self.weeks):
            for row, count in enumerate(week.counts):
                if count is not None:
                    paths[level_of(count)].append(_square(column, row))
        return [(level, "".join(path)) for level, path in paths.items() if path]

    @property
    def free(self) -> str:
        """The path of the marks on days off without work."""
        return "".join(
            f"M{column * PITCH + 5} {TOP + row * PITCH + 6.5}h3"
            for column, week in enumerate(self.weeks)
            for row, count in enumerate(week.counts)
            if count == 0 and week.monday + row * DAY in self.days_off
        )

    @property
    def now(self) -> tuple[int, int]:
        """Where today's square lies."""
        return (len(self.weeks) - 1) * PITCH, TOP + self.today.weekday() * PITCH

    @property
    def months(self) -> list[tuple[int, date]]:
        """Where each month's name stands, with its first day; none where there is no room."""
        firsts = [
            (column * PITCH, (week.monday + 6 * DAY).replace(day=1))
            for column, week in enumerate(self.weeks)
            if (week.monday + 6 * DAY).day <= 7
        ]
        return [(x, first) for x, first in firsts if x <= WIDTH - 2 * PITCH]


def level_of(count: int) -> int:
    """The shade of a day, from 0 to 5."""
    return sum(count >= least for least in LEVELS)


def _square(column: int, row: int) -> str:
    """A square whose corners its stroke makes round: the fill is smaller by the corner on each side."""
    inner = SIDE - 2 * CORNER
    return f"M{column * PITCH + CORNER} {TOP + row * PITCH + CORNER}h{inner}v{inner}h-{inner}z"


# --- counting


def year_of(counts: Counter[date], habits: Habits, today: date) -> Year:
    """The year that ends with today's week."""
    first = week_of(today) - (WEEKS - 1) * WEEK
    weeks = tuple(_week(first + n * WEEK, counts, today) for n in range(WEEKS))
    left = [today + n * DAY for n in range(7 - today.weekday())]
    return Year(
        weeks=weeks,
        today=today,
        streak=streak(counts, habits, today),
        days_off=frozenset(habits.days_off),
        study_days_left=sum(not counts[day] and not habits.is_free(day) for day in left),
    )


def _week(monday: date, counts: Counter[date], today: date) -> Week:
    days = (monday + n * DAY for n in range(7))
    return Week(monday, tuple(counts[day] if day <= today else None for day in days))


def streak(counts: Counter[date], habits: Habits, today: date) -> int:
    """Days with work in a row, back from today. Days planned free, and today itself, break nothing."""
    found, day = 0, today
    last = min((day for day, count in counts.items() if count), default=today)
    while day >= last:
        if counts[day]:
            found += 1
        elif day != today and not habits.is_free(day):
            break
        day -= DAY
    return found


# --- reading


def first_day(today: date) -> date:
    """The Monday on which the year begins."""
    return week_of(today) - (WEEKS - 1) * WEEK


def counts_of(user: User, today: date, zone: tzinfo, version: Version | None = None) -> Counter[date]:
    """Pieces of work by day: code handed in, quizzes, lessons finished, activities, notes begun, practice.

    Each moment falls on the day that the learner's calendar showed then. Two queries, one more when code was
    handed in or a quiz answered since, and one where the learner's ``version`` is not at hand.
    """
    version, first = version or version_of(user), first_day(today)
    since = datetime.combine(first, time(), zone)

    def made() -> Counter[date]:
        return _days(_code_and_quizzes(user, since), zone)

    counts = _days(_all_else(user, since), zone)
    counts.update(shared(user, (version.code, version.quizzes), "days", made, str(zone), first))
    for day in PracticeDay.objects.filter(user=user, day__gte=first).values_list("day", flat=True):
        counts[day] += 1
    return counts


def _days(moments: Iterable[Moment], zone: tzinfo) -> Counter[date]:
    return Counter(at.astimezone(zone).date() for (at,) in moments if at)


def _code_and_quizzes(user: User, since: datetime) -> Iterable[Moment]:
    """Nearly all of a year of work."""
    ended = Coalesce("finished_at", "started_at")
    handed_in = Submission.objects.filter(user=user, created_at__gte=since).order_by()
    quizzes = QuizAttempt.objects.filter(user=user, started_at__gte=since).order_by()
    return handed_in.values_list("created_at").union(quizzes.values_list(ended), all=True)


def _all_else(user: User, since: datetime) -> Iterable[Moment]:
    lessons = Reading.objects.filter(user=user, finished_at__gte=since).order_by()
    activities = ActivityResult.objects.filter(user=user, at__gte=since, score__gt=0).order_by()
    notes = Note.objects.filter(user=user, created_at__gte=since).order_by()
    others = (activities.values_list("at"), notes.values_list("created_at"))
    return lessons.values_list("finished_at").union(*others, all=True)


def habits_of(user: User, today: date, minutes: Sequence[int]) -> Habits:
    """The days off of the year, and the weekdays to which the plan gives no minutes. One query."""
    days = DayOff.objects.filter(user=user, day__gte=first_day(today), day__lte=today + WEEK)
    free = frozenset(weekday for weekday, planned in enumerate(minutes) if not planned)
    return Habits(frozenset(days.values_list("day", flat=True)), free)
