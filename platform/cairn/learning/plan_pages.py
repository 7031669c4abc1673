"""What the plan's page shows: weeks of days of rows, made from a schedule for the template."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from django.urls import reverse

from cairn.learning.plan_items import Entry
from cairn.learning.plan_queries import LearnerPlan
from cairn.learning.planner import Piece, week_of

WEEK = timedelta(days=7)
LISTED_WEEKS = 4
LATE_SHOWN = 20  # of what waits from earlier days


@dataclass(frozen=True)
class PieceRow:
    """A piece as a list shows it. ``moved``: the learner chose its day.

    ``state`` is done, late, open, or skipped: a review of a week that is over, for which nobody is late.
    """

    piece: Piece
    entry: Entry
    url: str
    state: str
    moved: bool

    @property
    def key(self) -> str:
        """What a form calls the item."""
        return self.piece.item.key

    @property
    def icon(self) -> str:
        """The kind whose icon it has."""
        return {"practice": "exercise", "review": "look-back"}.get(self.entry.kind, self.entry.kind)

    @property
    def to_do(self) -> bool:
        """Whether it can be put on another day."""
        return self.state in ("open", "late")


@dataclass(frozen=True)
class DayRow:
    """A day with its pieces. ``minutes`` are planned or done; ``free`` is what the learner has in all."""

    day: date
    rows: tuple[PieceRow, ...]
    free: int
    off: bool
    today: bool
    over: bool
    is_spare: bool  # the path leaves it free: there is time, and what comes next has a later day

    @property
    def minutes(self) -> int:
        """Minutes of all pieces on the day."""
        return sum(row.piece.minutes for row in self.rows)


@dataclass(frozen=True)
class WeekRow:
    """Seven days from a Monday."""

    monday: date
    days: tuple[DayRow, ...]

    @property
    def sunday(self) -> date:
        """Its last day."""
        return self.days[-1].day

    @property
    def minutes(self) -> int:
        """Minutes of all its pieces."""
        return sum(day.minutes for day in self.days)

    @property
    def count(self) -> int:
        """How many pieces it holds."""
        return sum(len(day.rows) for day in self.days)


def weeks_from(mine: LearnerPlan, day: date, count: int) -> tuple[WeekRow, ...]:
    """So many weeks, the first the one that holds ``day``."""
    first, by_day = week_of(day), dict[date, list[PieceRow]]()
    for piece in mine.schedule.pieces:
        if first <= piece.day < first + count * WEEK:
            by_day.setdefault(piece.day, []).append(row_of(mine, piece))
    mondays = (first + n * WEEK for n in range(count))
    return tuple(WeekRow(monday, tuple(_days(mine, monday, by_day))) for monday in mondays)


def _days(mine: LearnerPlan, monday: date, by_day: dict[date, list[PieceRow]]) -> Iterator[DayRow]:
    ends_on = mine.schedule.ends_on or mine.terms.starts_on
    for day in (monday + timedelta(days=n) for n in range(7)):
        rows, free = tuple(by_day.get(day, ())), mine.terms.minutes_on(day)
        yield DayRow(
            day,
            rows,
            free,
            off=day in mine.terms.days_off,
            today=day == mine.today,
            over=day < mine.today,
            is_spare=bool(free) and not rows and max(mine.today, mine.terms.starts_on) <= day < ends_on,
        )


def row_of(mine: LearnerPlan, piece: Piece) -> PieceRow:
    """One piece with its words, its address and its state."""
    entry = mine.entry(piece.item)
    return PieceRow(
        piece, entry, url_of(entry), _state(mine, piece, entry), entry.item.key in mine.terms.moved
    )


def _state(mine: LearnerPlan, piece: Piece, entry: Entry) -> str:
    if piece.done:
        return "done"
    if entry.of_a_week:
        return "skipped" if week_of(piece.day) < week_of(mine.today) else "open"
    return "late" if piece.day < mine.today and entry.written else "open"


def url_of(entry: Entry) -> str:
    """Where the item is done; exercises to be written are found on their topic's page."""
    name = {"practice": "lesson", "map": "skill-map", "review": "look-back"}.get(entry.kind, entry.kind)
    return reverse(f"learning:{name}", args=[entry.slug])
