"""The clock of an exam: when a sitting ends, what still counts, when results are shown. Pure.

All moments are aware datetimes of one clock, the server's.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

GRACE = timedelta(seconds=30)  # an answer sent in time may be under way that long
MOST_PERCENT, MOST_MINUTES = 300, 600


class Late(StrEnum):
    """What becomes of the time of who starts late."""

    UNTIL_CLOSE = "until-close"
    FULL_TIME = "full-time"


class Release(StrEnum):
    """When marks and explanations are shown."""

    AT_HAND_IN = "at-hand-in"
    AT_CLOSE = "at-close"
    BY_HAND = "by-hand"


@dataclass(frozen=True)
class Extra:
    """Time that one learner gets on top: ``percent`` of the exam's own, and ``minutes``."""

    percent: int = 0
    minutes: int = 0

    def time(self, minutes: int) -> timedelta:
        """The extra time in an exam of so many minutes."""
        return timedelta(minutes=minutes * self.percent / 100 + self.minutes)


@dataclass(frozen=True)
class Opening:
    """When an exam may be started. Without moments it is always open."""

    opens_at: datetime | None = None
    closes_at: datetime | None = None

    def is_open(self, now: datetime) -> bool:
        """Whether it may be started now."""
        return not self.is_early(now) and not self.is_over(now)

    def is_early(self, now: datetime) -> bool:
        """Whether it opens later."""
        return self.opens_at is not None and now < self.opens_at

    def is_over(self, now: datetime) -> bool:
        """Whether it closed. At the very moment of closing it is closed."""
        return self.closes_at is not None and now >= self.closes_at


def ends_at(
    started: datetime, minutes: int, extra: Extra, closes_at: datetime | None, late: Late
) -> datetime:
    """When the time is up: after the minutes and the extra time, or when the exam closes if that is earlier.

    Extra time also moves the close, so that it is never worth less to who starts late.
    """
    own = started + timedelta(minutes=minutes) + extra.time(minutes)
    if closes_at is None or late == Late.FULL_TIME:
        return own
    return min(own, closes_at + extra.time(minutes))


def in_time(now: datetime, end: datetime) -> bool:
    """Whether an answer that arrives now still counts."""
    return now <= end + GRACE


def left(now: datetime, end: datetime) -> timedelta:
    """The time that is left, never less than none."""
    return max(timedelta(0), end - now)


@dataclass(frozen=True)
class Standing:
    """How a sitting stands: whether its time is up, its learner handed in, results of the exam are out."""

    time_up: bool
    handed_in: bool
    results_out: bool


def new_end(now: datetime, standing: Standing, end: datetime) -> datetime | None:
    """When a sitting ends whose time was counted again and is up at ``end``; None if it stays as it is.

    Who is writing follows the new end. Time that was up comes back if the new end lies ahead and nobody of
    the exam has seen results. Who handed in is done.
    """
    if standing.handed_in:
        return None
    if not standing.time_up:
        return end
    return end if now < end and not standing.results_out else None
