"""When to do what: items in the order of a path become pieces on days. Pure.

Days are filled one after the other. A day prefers the kind of work that the path's rhythm gives it, never
starts what still lacks something, and never holds more minutes than the learner has; what is longer is split
into parts.

What was done keeps the place that it had in the plan, so that doing a thing early or late moves nothing else.
What was done before the plan's first day takes no time from it. Only moving the plan to a new first day
changes the dates.

Two things beside the items can ask for time. A week may end with a review: its minutes are taken from its day
before anything else is put there, never more than half of them, so that the items keep all of theirs and
every day is still as long as the learner said. And a milestone may have a span, the study time that the path
gives it: what comes after it does not begin earlier, even if the items fill less.
"""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise

DAY = timedelta(days=1)
MIN_PART = 15  # minutes: less is not worth starting, unless the item or the day is that short
CRUMB = 5  # minutes: the least that is left over of an item that is shorter than two parts
MAX_DAY = 960  # minutes a day that a plan may hold
LOOK_AHEAD = 2  # milestones in which a day looks for the work it prefers: this, a bridge, and the next
STEP = 5  # minutes to which a week is spread


class Work(StrEnum):
    """What a day of a path's week is for."""

    THEORY = "theory"
    PRACTICE = "practice"
    PROJECT = "project"
    REVIEW = "review"


@dataclass(frozen=True)
class WeekReview:
    """Looking back on a week, on the last of these weekdays (Monday is 0) that has time, else on any."""

    minutes: int
    on: tuple[int, ...] = tuple(range(7))


@dataclass(frozen=True)
class Rhythm:
    """A path's week, Monday first: what a day prefers (None: whatever is next), and its share of hours."""

    prefers: tuple[Work | None, ...] = (None,) * 7
    weights: tuple[int, ...] = (1,) * 7
    review: WeekReview | None = None


DAILY = Rhythm()
WEEK_KEY = "review:week_"  # and the week's Monday: what a week's review is known by


@dataclass(frozen=True)
class Item:
    """One thing to do. ``needs`` are keys of what comes before; ``group`` counts the path's milestones."""

    key: str
    minutes: int
    work: Work = Work.THEORY
    group: int = 0
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Piece:
    """Minutes of an item on a day: part ``part`` of ``parts``, from 1. A done item is one, on its day."""

    item: Item
    day: date
    minutes: int
    part: int = 1
    parts: int = 1
    done: bool = False


@dataclass(frozen=True)
class Terms:
    """What a plan follows: first day, minutes a weekday (Monday first), days off, items put on a day.

    ``spans`` are the minutes of study that the path gives a group.
    """

    starts_on: date
    minutes: tuple[int, ...]
    days_off: AbstractSet[date] = frozenset()
    moved: Mapping[str, date] = field(default_factory=dict)
    rhythm: Rhythm = DAILY
    spans: Mapping[int, int] = field(default_factory=dict)

    def minutes_on(self, day: date) -> int:
        """The minutes that the learner has on a day."""
        return 0 if day in self.days_off else self.minutes[day.weekday()]

    def review_minutes(self, day: date) -> int:
        """The minutes that a review of the week would get on a day: at most half of it."""
        review = self.rhythm.review
        return min(review.minutes, self.minutes_on(day) // 2) if review else 0

    def review_day(self, monday: date) -> date | None:
        """The day of that week on which to look back on it: the learner's choice, else the path's.

        None for a path without weekly reviews, and for a week without time.
        """
        week = [monday + n * DAY for n in range(7)]
        days = [day for day in week if day >= self.starts_on and self.review_minutes(day)]
        chosen = self.moved.get(week_key(monday))
        if chosen in days or not days:
            return chosen if days else None
        on = self.rhythm.review.on if self.rhythm.review else ()
        return ([day for day in days if day.weekday() in on] or days)[-1]


def week_of(day: date) -> date:
    """The Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def week_key(monday: date) -> str:
    """What the review of that week is known by."""
    return f"{WEEK_KEY}{monday.isoformat()}"


def week_item(key: str, minutes: int) -> Item:
    """The review of a week as an item; it is on no path and belongs to no milestone."""
    return Item(key, minutes, Work.REVIEW)


@dataclass(frozen=True)
class Schedule:
    """All pieces by day, and in a day in the order in which to do them."""

    pieces: tuple[Piece, ...]
    ends_on: date | None  # the day of the last piece planned; None when there is nothing to plan

    def late(self, today: date) -> tuple[Piece, ...]:
        """What was planned for a day that is over and is not done."""
        return tuple(piece for piece in self.pieces if not piece.done and piece.day < today)

    def day_of(self, key: str) -> date | None:
        """The day on which an item ends; None for one that the plan doesn't hold."""
        return max((piece.day for piece in self.pieces if piece.item.key == key), default=None)


def spread(hours_per_week: int, weights: Sequence[int]) -> tuple[int, ...]:
    """A week's hours over its days by weight, in steps of five minutes. Without weight a day gets none."""
    steps, total = hours_per_week * 60 // STEP, sum(weights)
    bounds = [round(steps * sum(weights[:day]) / total) for day in range(len(weights) + 1)]
    return tuple(min(MAX_DAY, (end - start) * STEP) for start, end in pairwise(bounds))


def plan(items: Sequence[Item], terms: Terms, done: Mapping[str, date]) -> Schedule:
    """The items on days, and the weeks' reviews. ``done`` says on which day an item or a review was done.

    The week in which the last item lies has no review after it.

    Raises ValueError if no weekday has minutes, or if items need each other in a circle.
    """
    if max(terms.minutes) <= 0:
        raise ValueError("no weekday has minutes")
    before = {item.key for item in items if item.key in done and done[item.key] < terms.starts_on}
    placed = list(_Planner(items, before, terms).pieces())
    open_pieces = [piece for piece in _numbered(placed) if piece.item.key not in done]
    kept = [*items, *_weeks_looked_back_on(placed, terms.rhythm, done)]
    finished = [Piece(item, done[item.key], item.minutes, done=True) for item in kept if item.key in done]
    pieces = sorted([*finished, *open_pieces], key=lambda piece: (piece.day, not piece.done))
    return Schedule(tuple(pieces), max((piece.day for piece in open_pieces), default=None))


def _weeks_looked_back_on(
    placed: Sequence[Piece], rhythm: Rhythm, done: Mapping[str, date]
) -> Iterator[Item]:
    """The reviews that were done, also of weeks before the plan was moved; with their planned minutes."""
    minutes = {piece.item.key: piece.minutes for piece in placed}
    for key in sorted(key for key in done if key.startswith(WEEK_KEY)):
        if rhythm.review:
            yield week_item(key, minutes.get(key, rhythm.review.minutes))


def _numbered(pieces: list[Piece]) -> Iterator[Piece]:
    parts: dict[str, int] = {}
    for piece in pieces:
        parts[piece.item.key] = piece.part
    for piece in pieces:
        yield Piece(piece.item, piece.day, piece.minutes, piece.part, parts[piece.item.key])


def _part(left: int, free: int) -> int:
    """How much of an item to do in the free minutes: all that fits, unless a crumb would be left over."""
    least = MIN_PART if left >= 2 * MIN_PART else CRUMB
    if free < left < free + least and left >= 2 * least:
        return left - least
    return min(free, left)


def _openings(items: Sequence[Item], before: AbstractSet[str], spans: Mapping[int, int]) -> dict[int, int]:
    """After how many minutes of study each group begins at the earliest.

    Of a group that is partly behind the learner, only that share of its span still lies ahead.
    """
    whole, left = dict[int, int](), dict[int, int]()
    for item in items:
        whole[item.group] = whole.get(item.group, 0) + item.minutes
        if item.key not in before:
            left[item.group] = left.get(item.group, 0) + item.minutes
    opens, passed = dict[int, int](), 0
    for group in sorted({*whole, *spans}):
        opens[group] = passed
        passed += spans.get(group, 0) * left.get(group, 0) // max(1, whole.get(group, 0))
    return opens


class _Planner:
    """Fills days. ``left`` are the minutes that each item still asks for, in the path's order."""

    def __init__(self, items: Sequence[Item], before: set[str], terms: Terms) -> None:
        self.terms, self.finished = terms, set(before)
        self.items = {item.key: item for item in items}
        self.left = {item.key: item.minutes for item in items if item.key not in before}
        self.parts = dict.fromkeys(self.left, 0)
        self.opens = _openings(items, before, terms.spans)
        self.studied = 0  # minutes that the learner has had by the end of the day being filled

    def pieces(self) -> Iterator[Piece]:
        """Day after day until nothing is left."""
        day, last_moved = self.terms.starts_on, max(self.terms.moved.values(), default=self.terms.starts_on)
        latest, busy, look_back_on = max(self.opens.values(), default=0), False, None
        while self.left:
            if day.weekday() == 0 or day == self.terms.starts_on:
                busy, look_back_on = False, self.terms.review_day(week_of(day))
            budget = self.terms.minutes_on(day)
            review = self._review(day) if day == look_back_on else None
            waits = self.studied <= latest or day <= last_moved
            self.studied += budget
            filled = list(self._fill(day, budget - (review.minutes if review else 0)))
            if budget and not filled and not waits:
                raise ValueError(f"items need each other in a circle: {', '.join(list(self.left)[:5])}")
            yield from filled
            busy = busy or bool(filled)
            if review and busy:
                yield review
            day += DAY

    def _review(self, day: date) -> Piece:
        """The review of the day's week."""
        minutes = self.terms.review_minutes(day)
        return Piece(week_item(week_key(week_of(day)), minutes), day, minutes)

    def _fill(self, day: date, budget: int) -> Iterator[Piece]:
        free = budget
        while free and (item := self._pick(day)):
            left = self.left[item.key]
            if free < min(MIN_PART, left, budget):
                return
            minutes = _part(left, free)
            yield self._place(item, day, minutes)
            free -= minutes

    def _place(self, item: Item, day: date, minutes: int) -> Piece:
        self.parts[item.key] += 1
        self.left[item.key] -= minutes
        if not self.left[item.key]:
            del self.left[item.key]
            self.finished.add(item.key)
        return Piece(item, day, minutes, self.parts[item.key])

    def _pick(self, day: date) -> Item | None:
        """What was put on this day, else the first near thing of the kind it prefers, else what is next."""
        for key in self.terms.moved:
            if key in self.left and self._is_ready(self.items[key], day):
                return self.items[key]
        prefers, first = self.terms.rhythm.prefers[day.weekday()], None
        for item in self._ready(day):
            first = first or item
            if item.group > first.group + LOOK_AHEAD:
                return first
            if prefers is None or item.work == prefers:
                return item
        return first

    def _ready(self, day: date) -> Iterator[Item]:
        return (item for key in self.left if self._is_ready(item := self.items[key], day))

    def _is_ready(self, item: Item, day: date) -> bool:
        """Whether an item may be begun on the day. A day that the learner chose goes before the path's."""
        if item.key in self.terms.moved:
            may_begin = day >= self.terms.moved[item.key]
        else:
            may_begin = self.opens[item.group] < self.studied
        return may_begin and all(key in self.finished or key not in self.items for key in item.needs)
