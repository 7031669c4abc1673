"""The year of days: what counts, on whose clock, and what breaks a row of study days."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from cairn.accounts.models import User
from cairn.dashboard.activity import Habits, counts_of, habits_of, level_of, streak, year_of
from cairn.learning.models import DayOff, Note, PracticeDay, Reading
from cairn.submissions.actions import submit
from cairn.submissions.models import QuizAttempt, Submission

SATURDAY = date(2026, 11, 21)


def days(*numbers):
    """Work on these days of November."""
    return Counter({date(2026, 11, number): 1 for number in numbers})


@pytest.mark.parametrize(
    ("worked", "habits", "row"),
    [
        ((), Habits(), 0),
        ((21,), Habits(), 1),
        ((19, 20, 21), Habits(), 3),
        ((19, 20), Habits(), 2),  # today is not over
        ((18, 19), Habits(), 0),  # yesterday was missed
        ((18, 19, 21), Habits(), 1),
        ((18, 19, 21), Habits(days_off={date(2026, 11, 20)}), 3),
        ((12, 13, 16, 17), Habits(free_weekdays={2, 3, 4, 5, 6}), 4),  # Thursday and Friday were a gift
        ((9, 10, 16, 17), Habits(free_weekdays={2, 3, 4, 5, 6}), 4),
        ((17, 20, 21), Habits(days_off={date(2026, 11, 19)}), 2),  # the 18th was neither off nor worked
    ],
)
def test_a_row_of_study_days_is_broken_by_days_that_were_planned(worked, habits, row):
    assert streak(days(*worked), habits, SATURDAY) == row


def test_the_year_has_53_weeks_and_ends_today():
    year = year_of(days(16, 21), Habits(), SATURDAY)
    assert len(year.weeks) == 53
    assert year.weeks[-1].monday == date(2026, 11, 16)
    assert year.weeks[-1].counts == (1, 0, 0, 0, 0, 1, None)
    assert (year.total, year.days, year.days_this_week) == (2, 2, 2)
    assert year.study_days_left == 1  # Sunday


def test_a_free_day_is_no_study_day_that_is_left():
    year = year_of(days(), Habits(days_off={date(2026, 11, 22)}), SATURDAY)
    assert year.study_days_left == 1  # today


def test_every_day_up_to_today_has_one_square():
    year = year_of(Counter({SATURDAY: 12}), Habits(), SATURDAY)
    squares = dict(year.squares)
    assert squares[0].count("z") == 53 * 7 - 2
    assert squares[5].count("z") == 1


@pytest.mark.parametrize(
    ("count", "level"), [(0, 0), (1, 1), (2, 2), (3, 2), (4, 3), (7, 4), (10, 4), (11, 5)]
)
def test_more_work_is_darker(count, level):
    assert level_of(count) == level


def test_each_kind_of_stored_work_counts(noor, books):
    at = datetime(2026, 11, 20, 12, tzinfo=UTC)
    submit(noor, "exercise", "dot-product", {"dot.py": "# mine"})
    Submission.objects.update(created_at=at)
    QuizAttempt.objects.create(
        user=noor, topic="t", content_hash="x", seed=1, results={"a": 1.0}, finished_at=at
    )
    Reading.objects.create(user=noor, topic="t", content_hash="x", finished_at=at)
    Note.objects.create(user=noor, title="n", text="n")
    Note.objects.update(created_at=at)
    PracticeDay.objects.create(user=noor, day=at.date(), answers=3)
    QuizAttempt.objects.update(started_at=at)
    assert counts_of(noor, SATURDAY, ZoneInfo("UTC")) == Counter({at.date(): 5})


def test_days_follow_the_learners_clock_and_its_summer_time(noor):
    zone = ZoneInfo("America/New_York")
    for at in (datetime(2026, 11, 1, 3, 30, tzinfo=UTC), datetime(2026, 11, 2, 4, 30, tzinfo=UTC)):
        Reading.objects.create(user=noor, topic=at.isoformat()[:10], content_hash="x", finished_at=at)
    # Half past eleven in the evening, once in summer time and once in winter time.
    assert set(counts_of(noor, SATURDAY, zone)) == {date(2026, 10, 31), date(2026, 11, 1)}


def test_nobody_elses_work_counts(noor):
    other = User.objects.create_user("other", "other@example.org")
    Reading.objects.create(
        user=other, topic="t", content_hash="x", finished_at=datetime(2026, 11, 20, tzinfo=UTC)
    )
    assert not counts_of(noor, SATURDAY, ZoneInfo("UTC"))


def test_free_days_are_those_of_the_plan(noor):
    DayOff.objects.create(user=noor, day=SATURDAY - timedelta(days=3))
    habits = habits_of(noor, SATURDAY, (60, 60, 0, 60, 60, 0, 0))
    assert habits.days_off == {SATURDAY - timedelta(days=3)}
    assert habits.free_weekdays == {2, 5, 6}
