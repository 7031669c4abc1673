"""When something comes back, for any answers on any days."""

from datetime import date, timedelta

from fsrs import Rating
from hypothesis import given
from hypothesis import strategies as st

from cairn.learning.mastery_rules import (
    LONGEST,
    QUESTIONS_A_DAY,
    Memory,
    days_ahead,
    for_today,
    rating,
    remembered,
    review,
)

TODAY = date(2026, 11, 19)
DAYS = st.integers(0, 900).map(lambda n: TODAY + timedelta(days=n))
POINTS = st.sampled_from([0.0, 0.25, 0.5, 0.999, 1.0])
ANSWERS = st.lists(st.tuples(POINTS, DAYS), max_size=12)
MEMORIES = st.builds(review, st.none(), POINTS, DAYS)


def test_marking_gives_the_rating():
    assert [rating(points) for points in (0.0, 0.01, 0.5, 0.999, 1.0)] == [
        Rating.Again, Rating.Hard, Rating.Hard, Rating.Hard, Rating.Good,
    ]  # fmt: skip


@given(ANSWERS)
def test_what_was_never_missed_never_comes_back(answers):
    memory = remembered(None, answers)
    assert (memory is None) == all(points == 1 for points, _ in answers)


@given(ANSWERS)
def test_the_next_day_is_after_the_last_one_and_within_a_year(answers):
    if memory := remembered(None, answers):
        assert 1 <= memory.days <= LONGEST


@given(ANSWERS)
def test_the_same_answers_give_the_same_days(answers):
    assert remembered(None, answers) == remembered(None, answers)


@given(ANSWERS, ANSWERS)
def test_what_is_stored_goes_on_as_if_all_had_been_read_at_once(first, later):
    assert remembered(remembered(None, first), later) == remembered(None, first + later)


@given(MEMORIES, st.integers(0, 60))
def test_a_better_answer_is_never_asked_sooner(memory, wait):
    on = memory.due_on + timedelta(days=wait)
    dues = [review(memory, points, on).due_on for points in (0.0, 0.5, 1.0)]
    assert dues == sorted(dues)


@given(MEMORIES, POINTS, DAYS)
def test_only_what_was_not_fully_right_counts_as_missed(memory, points, on):
    assert review(memory, points, on).misses == memory.misses + (points < 1)


@given(MEMORIES, POINTS, st.integers(1, 400))
def test_an_answer_from_the_past_turns_no_clock_back(memory, points, back):
    after = review(memory, points, memory.reviewed_on - timedelta(days=back))
    assert after.reviewed_on == memory.reviewed_on
    assert after.due_on > after.reviewed_on


def test_right_answers_on_time_lie_ever_further_apart():
    memory, gaps = review(None, 0, TODAY), []
    for _ in range(6):
        memory = review(memory, 1, memory.due_on)
        gaps.append(memory.days)
    assert gaps == sorted(gaps)
    assert gaps[-1] > 7


def test_missed_twice_is_asked_daily():
    memory = review(review(None, 0, TODAY), 0, TODAY + timedelta(days=1))
    assert memory.wording == "missed twice, asked daily"
    assert memory.due_on == TODAY + timedelta(days=2)


@given(st.lists(MEMORIES, max_size=40), st.integers(0, 30))
def test_a_day_asks_for_about_ten_minutes_and_the_weakest_first(memories, done):
    due = [(memory, str(i)) for i, memory in enumerate(memories)]
    chosen = for_today(due, done)
    assert len(chosen) == min(len(due), max(0, QUESTIONS_A_DAY - done))
    left = [memory.stability for memory, name in due if name not in chosen]
    assert not chosen or not left or max(memories[int(n)].stability for n in chosen) <= min(left)


@given(st.lists(DAYS, max_size=30))
def test_the_week_counts_everything_due_within_it_once(due):
    week = days_ahead(due, TODAY)
    assert [day for day, _ in week] == [TODAY + timedelta(days=n) for n in range(7)]
    assert sum(count for _, count in week) == sum(day < TODAY + timedelta(days=7) for day in due)


def test_what_is_overdue_is_due_today():
    assert days_ahead([TODAY - timedelta(days=9)], TODAY)[0] == (TODAY, 1)


def test_words_for_one_that_is_known_better():
    assert Memory(3, 5, TODAY, TODAY + timedelta(days=3), 1).wording == "missed once, every 3 days"
    assert Memory(3, 5, TODAY, TODAY + timedelta(days=1), 5).wording == "missed 5 times, asked daily"
