"""What the plan's page shows: weeks of days of rows, made from a schedule for the template."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from django.urls import reverse

from cairn.learning.plan_items import Entry
from cairn.learning.plan_queries import LearnerPlan, week_of
from cairn.learning.planner import Piece

WEEK = timedelta(days=7)
LISTED_WEEKS = 4
LATE_SHOWN = 20  # of what waits from earlier days


@dataclass(frozen=True)
class PieceRow:
    """A piece as a list shows it. ``state`` is done, late or open; ``moved``: the learner chose its day."""

    piece: Piece
    entry: Entry
    url: str
    state: str
    moved: bool

    @property
    def key(self) -> str:
        """What a form calls the item."""
        return self.piece.item.key


@dataclass(frozen=True)
class DayRow:
    """A day with its pieces. ``minutes`` are planned or done; ``free`` is what the learner has in all."""

    day: date
    rows: tuple[PieceRow, ...]
    free: int
    off: bool
    today: bool
    over: bool

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
    for day in (monday + timedelta(days=n) for n in range(7)):
        yield DayRow(
            day,
            tuple(by_day.get(day, ())),
            mine.terms.minutes_on(day),
            day in mine.terms.days_off,
            day == mine.today,
            day < mine.today,
        )


def row_of(mine: LearnerPlan, piece: Piece) -> PieceRow:
    """One piece with its words, its address and its state."""
    entry = mine.entries[piece.item.key]
    state = "done" if piece.done else "late" if piece.day < mine.today and entry.written else "open"
    return PieceRow(piece, entry, url_of(entry), state, entry.item.key in mine.terms.moved)


def url_of(entry: Entry) -> str:
    """Where the item is done; exercises to be written are found on their topic's page."""
    name = {"practice": "lesson", "map": "skill-map"}.get(entry.kind, entry.kind)
    return reverse(f"learning:{name}", args=[entry.slug])
