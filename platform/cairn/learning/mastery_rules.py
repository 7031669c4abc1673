"""When something missed is asked again. Pure: what was remembered and an answer in, the next day out.

The calendar is in days where the learner lives, never in hours: a question missed late at night is asked
the next day, not a day and a night later. FSRS predicts when it would be forgotten.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from fsrs import Card, Rating, Scheduler, State

MINUTES_A_DAY = 10
SECONDS_A_QUESTION = 45
QUESTIONS_A_DAY = MINUTES_A_DAY * 60 // SECONDS_A_QUESTION
DAYS_AHEAD = 7
LONGEST = 365  # days until something is asked again, at most

# No steps of minutes: whoever missed a question has just read why. No fuzz: same answers, same days.
_SCHEDULER = Scheduler(learning_steps=(), relearning_steps=(), maximum_interval=LONGEST, enable_fuzzing=False)


@dataclass(frozen=True)
class Memory:
    """What FSRS knows of one question or exercise. ``misses`` counts answers that were not fully right."""

    stability: float  # days until recall has fallen to 90 %
    difficulty: float  # from 1 to 10
    reviewed_on: date
    due_on: date
    misses: int = 0

    @property
    def days(self) -> int:
        """How many days lie between the last answer and the next."""
        return (self.due_on - self.reviewed_on).days

    @property
    def wording(self) -> str:
        """``missed twice, asked daily``."""
        times = {0: "not missed", 1: "missed once", 2: "missed twice"}
        missed = times.get(self.misses, f"missed {self.misses} times")
        return f"{missed}, {'asked daily' if self.days == 1 else f'every {self.days} days'}"


def rating(points: float) -> Rating:
    """Marking decides, not the learner: wrong is Again, partly right is Hard, right is Good."""
    if points >= 1:
        return Rating.Good
    return Rating.Hard if points > 0 else Rating.Again


def review(memory: Memory | None, points: float, on: date) -> Memory:
    """The memory after an answer worth ``points`` (0 to 1) on that day. None: it was never missed before.

    An answer dated before the last one counts as given on the same day as that.
    """
    on = max(on, memory.reviewed_on) if memory else on
    card, _ = _SCHEDULER.review_card(_card(memory), rating(points), _noon(on))
    if card.stability is None or card.difficulty is None:
        raise ValueError("FSRS left a reviewed card without a memory.")
    misses = (memory.misses if memory else 0) + (points < 1)
    return Memory(card.stability, card.difficulty, on, card.due.date(), misses)


def remembered(memory: Memory | None, answers: Iterable[tuple[float, date]]) -> Memory | None:
    """The memory after further answers (points, day), oldest first. It begins at the first miss."""
    for points, on in answers:
        if memory is not None or points < 1:
            memory = review(memory, points, on)
    return memory


def for_today(
    due: Sequence[tuple[Memory, str]], done_today: int, *, most: int = QUESTIONS_A_DAY
) -> tuple[str, ...]:
    """Which of the due to ask today, by name: those most likely forgotten first, for about ten minutes.

    What was answered today already counts. The rest waits: it is as due tomorrow.
    """
    weakest_first = sorted(due, key=lambda one: (one[0].stability, one[0].due_on, one[1]))
    return tuple(name for _, name in weakest_first[: max(0, most - done_today)])


def days_ahead(due: Iterable[date], today: date) -> tuple[tuple[date, int], ...]:
    """How many come due on each of the next seven days. What is overdue is due today."""
    days = [today + timedelta(days=i) for i in range(DAYS_AHEAD)]
    late = [max(on, today) for on in due]
    return tuple((day, late.count(day)) for day in days)


def _card(memory: Memory | None) -> Card:
    if memory is None:
        return Card(card_id=0)
    return Card(
        card_id=0,
        state=State.Review,
        stability=memory.stability,
        difficulty=memory.difficulty,
        due=_noon(memory.due_on),
        last_review=_noon(memory.reviewed_on),
    )


def _noon(on: date) -> datetime:
    return datetime.combine(on, time(12), UTC)
