"""The planner's rules, as properties over paths that no author wrote."""

from collections import defaultdict
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cairn.learning.planner import (
    DAILY,
    WEEK_KEY,
    Item,
    Rhythm,
    Terms,
    WeekReview,
    Work,
    plan,
    spread,
    week_key,
    week_of,
)

MONDAY = date(2026, 3, 2)
WHOLE_DAY = timedelta(days=1)
THEORY_PRACTICE_PROJECT = Rhythm(
    (*(Work.THEORY,) * 3, *(Work.PRACTICE,) * 2, *(Work.PROJECT,) * 2), (2, 2, 2, 2, 2, 5, 5)
)
WITH_REVIEW = replace(THEORY_PRACTICE_PROJECT, review=WeekReview(30, (5, 6)))
KINDS = [Work.THEORY, Work.PRACTICE, Work.PROJECT]
WEEKS = [MONDAY + n * 7 * WHOLE_DAY for n in range(-2, 8)]


@st.composite
def paths(draw):
    """Items in walking order, each needing some of those before it, in milestones that follow each other."""
    count = draw(st.integers(1, 14))
    items, group = [], 0
    for n in range(count):
        group += draw(st.integers(0, 1))
        needs = draw(st.sets(st.integers(0, n - 1), max_size=3)) if n else set()
        work = draw(st.sampled_from(KINDS))
        minutes = draw(st.integers(1, 400))
        items.append(Item(f"i{n}", minutes, work, group, tuple(f"i{one}" for one in sorted(needs))))
    return items


@st.composite
def terms(draw):
    minutes = draw(st.tuples(*[st.sampled_from([0, 0, 10, 25, 60, 90, 180])] * 7).filter(any))
    days_off = draw(st.frozensets(st.integers(0, 40).map(lambda n: MONDAY + n * WHOLE_DAY), max_size=8))
    keys = st.one_of(st.integers(0, 13).map("i{}".format), st.sampled_from(WEEKS).map(week_key))
    moved = draw(st.dictionaries(keys, st.integers(0, 40), max_size=3))
    return Terms(
        MONDAY + draw(st.integers(0, 9)) * WHOLE_DAY,
        minutes,
        days_off,
        {key: MONDAY + after * WHOLE_DAY for key, after in moved.items()},
        draw(st.sampled_from([DAILY, THEORY_PRACTICE_PROJECT, WITH_REVIEW, Rhythm(review=WeekReview(45))])),
        draw(st.dictionaries(st.integers(0, 13), st.sampled_from([60, 180, 400]), max_size=4)),
    )


done_days = st.dictionaries(
    st.one_of(st.integers(0, 13).map("i{}".format), st.sampled_from(WEEKS).map(week_key)),
    st.integers(-9, 30).map(lambda n: MONDAY + n * WHOLE_DAY),
    max_size=6,
)


def days(pieces):
    """Each day's pieces that are still to do."""
    found = defaultdict(list)
    for piece in pieces:
        if not piece.done:
            found[piece.day].append(piece)
    return found


@given(paths(), terms(), done_days)
def test_no_minute_is_lost_or_made_up(items, follow, done):
    schedule = plan(items, follow, done)
    planned = defaultdict(int)
    for piece in schedule.pieces:
        if piece.item.work != Work.REVIEW:
            planned[piece.item.key] += piece.minutes
    assert planned == {item.key: item.minutes for item in items}


@given(paths(), terms(), done_days)
def test_no_day_holds_more_than_the_learner_has(items, follow, done):
    for day, pieces in days(plan(items, follow, done).pieces).items():
        assert sum(piece.minutes for piece in pieces) <= follow.minutes_on(day)
        assert day not in follow.days_off
        assert day >= follow.starts_on


@given(paths(), terms())
def test_nothing_begins_before_what_it_needs_is_finished(items, follow):
    pieces = plan(items, follow, {}).pieces
    first, last = {}, {}
    for place, piece in enumerate(pieces):
        first.setdefault(piece.item.key, place)
        last[piece.item.key] = place
    for item in items:
        assert all(last[need] < first[item.key] for need in item.needs)


@given(paths(), terms(), done_days)
def test_the_same_terms_make_the_same_plan(items, follow, done):
    assert plan(items, follow, done) == plan(tuple(items), follow, dict(reversed(done.items())))


@given(paths(), terms(), st.integers(0, 13), st.integers(0, 60))
def test_doing_a_thing_early_or_late_moves_nothing_else(items, follow, which, after):
    chosen = items[which % len(items)].key
    before = plan(items, follow, {}).pieces
    after_it = plan(items, follow, {chosen: follow.starts_on + after * WHOLE_DAY}).pieces
    assert [one for one in before if one.item.key != chosen] == [
        one for one in after_it if one.item.key != chosen
    ]


@given(paths(), terms(), done_days)
def test_what_is_done_stays_on_the_day_on_which_it_was_done(items, follow, done):
    finished = [piece for piece in plan(items, follow, done).pieces if piece.done]
    known = {item.key for item in items}
    reviews = {key for key in done if key.startswith(WEEK_KEY)} if follow.rhythm.review else set()
    assert {(piece.item.key, piece.day) for piece in finished} == {
        (key, done[key]) for key in done if key in known | reviews
    }


@given(paths(), terms())
def test_parts_are_numbered_and_add_up(items, follow):
    parts = defaultdict(list)
    for piece in plan(items, follow, {}).pieces:
        parts[piece.item.key].append((piece.part, piece.parts))
    for numbered in parts.values():
        assert numbered == [(part, len(numbered)) for part in range(1, len(numbered) + 1)]


@given(paths(), terms())
def test_what_was_put_on_a_later_day_does_not_begin_before_it(items, follow):
    for piece in plan(items, follow, {}).pieces:
        if not piece.item.key.startswith(WEEK_KEY):
            assert piece.day >= follow.moved.get(piece.item.key, piece.day)


@given(
    st.lists(st.integers(15, 120), min_size=2, max_size=12),
    st.sampled_from([30, 60, 90]),
    st.integers(0, 11),
)
@settings(max_examples=200)
def test_one_late_item_moves_the_rest_by_the_days_it_needs_and_keeps_their_order(sizes, a_day, which):
    """Everything that was due is done but one thing; the plan is moved to today."""
    items = [Item(f"i{n}", minutes) for n, minutes in enumerate(sizes)]
    first_plan = plan(items, Terms(MONDAY, (a_day,) * 7), {})
    late = items[which % len(items)]
    today = first_plan.day_of(late.key) + WHOLE_DAY
    done = {
        one.key: first_plan.day_of(one.key)
        for one in items
        if one is not late and first_plan.day_of(one.key) < today
    }
    moved = plan(items, Terms(today, (a_day,) * 7), done)
    begun = sum(one.minutes for one in first_plan.pieces if one.day < today and one.item.key not in done)
    days_it_needs = -(-begun // (a_day - 14)) + 1  # a day may close with up to 14 minutes unused
    for item in items:
        if item.key not in done and item is not late:
            was, now = first_plan.day_of(item.key), moved.day_of(item.key)
            assert was <= now <= was + days_it_needs * WHOLE_DAY
    order = [one.item.key for one in moved.pieces if not one.done]
    assert order == sorted(order, key=lambda key: int(key[1:]))


# --- looking back on a week


def reviews(schedule):
    return [piece for piece in schedule.pieces if piece.item.key.startswith(WEEK_KEY)]


@given(paths(), terms())
def test_each_week_of_work_but_the_last_has_one_review_and_it_is_the_days_last_piece(items, follow):
    schedule = plan(items, follow, {})
    work = [piece for piece in schedule.pieces if piece.item.work != Work.REVIEW]
    weeks = {week_of(piece.day) for piece in work}
    found = reviews(schedule)
    assert len(found) == len({piece.item.key for piece in found})
    assert {week_of(piece.day) for piece in found} <= weeks
    due = {week for week in weeks if (day := follow.review_day(week)) and day < work[-1].day}
    looked = {week_of(piece.day) for piece in found}
    begun = {week_of(one.day) for one in work if one.day <= (follow.review_day(week_of(one.day)) or MONDAY)}
    assert due & begun == looked & due
    for piece in found:
        assert piece.item.key == week_key(week_of(piece.day))
        following = schedule.pieces[schedule.pieces.index(piece) + 1 :]
        assert not following or following[0].day > piece.day


@given(paths(), terms())
def test_a_review_takes_at_most_half_of_its_day_and_no_more_than_the_path_says(items, follow):
    for piece in reviews(plan(items, follow, {})):
        assert 0 < piece.minutes <= follow.minutes_on(piece.day) / 2
        assert piece.minutes <= follow.rhythm.review.minutes


@given(paths(), terms(), st.sampled_from(WEEKS), st.integers(0, 30))
def test_looking_back_early_or_late_moves_nothing_else(items, follow, week, after):
    key = week_key(week)
    before = plan(items, follow, {}).pieces
    then = plan(items, follow, {key: follow.starts_on + after * WHOLE_DAY}).pieces
    assert [one for one in before if one.item.key != key] == [one for one in then if one.item.key != key]


def test_the_weekend_ends_with_the_review_and_keeps_the_rest_for_the_project():
    items = [Item("build", 900, Work.PROJECT)]
    week = Terms(MONDAY, (60, 60, 60, 60, 60, 150, 150), rhythm=WITH_REVIEW)
    sunday = [piece for piece in plan(items, week, {}).pieces if piece.day == MONDAY + 6 * WHOLE_DAY]
    assert [(piece.item.key, piece.minutes) for piece in sunday] == [
        ("build", 120),
        ("review:week_2026-03-02", 30),
    ]


@pytest.mark.parametrize(
    ("days_off", "minutes", "moved", "day"),
    [
        ((), (60,) * 7, None, 6),
        ((6,), (60,) * 7, None, 5),
        ((), (60,) * 5 + (0, 0), None, 4),
        ((5, 6), (60,) * 7, None, 4),
        ((), (60,) * 7, 2, 2),
        ((2,), (60,) * 7, 2, 6),
        ((), (60,) * 7, 9, 6),
        (range(7), (60,) * 7, None, None),
    ],
)
def test_a_review_goes_where_there_is_time_and_where_the_learner_put_it_in_its_week(
    days_off, minutes, moved, day
):
    chosen = {} if moved is None else {week_key(MONDAY): MONDAY + moved * WHOLE_DAY}
    off = frozenset(MONDAY + n * WHOLE_DAY for n in days_off)
    found = Terms(MONDAY, minutes, off, chosen, WITH_REVIEW).review_day(MONDAY)
    assert found == (None if day is None else MONDAY + day * WHOLE_DAY)


# --- days of the path


@given(paths(), terms(), done_days)
def test_what_has_a_span_before_it_waits_for_it_unless_the_learner_put_it_earlier(items, follow, done):
    before = {item.key for item in items if done.get(item.key, follow.starts_on) < follow.starts_on}
    groups = {item.group for item in items}
    ahead = {g: sum(i.minutes for i in items if i.group == g and i.key not in before) for g in groups}
    whole = {g: sum(i.minutes for i in items if i.group == g) for g in groups}
    for piece in plan(items, follow, done).pieces:
        if piece.done or piece.item.work == Work.REVIEW or piece.item.key in follow.moved:
            continue
        opens = sum(follow.spans.get(g, 0) * ahead[g] // whole[g] for g in groups if g < piece.item.group)
        days = (piece.day - follow.starts_on).days + 1
        had = sum(follow.minutes_on(follow.starts_on + n * WHOLE_DAY) for n in range(days))
        assert had > opens


def test_the_fifteenth_day_comes_on_the_fifteenth_though_less_was_to_do_before():
    items = [Item("read", 600, group=0), Item("exam", 60, group=1, needs=("read",))]
    by_day = Terms(MONDAY, (180,) * 7, spans={0: 14 * 180})
    assert plan(items, by_day, {}).day_of("exam") == MONDAY + 14 * WHOLE_DAY
    half_the_hours = replace(by_day, minutes=(90,) * 7)
    assert plan(items, half_the_hours, {}).day_of("exam") == MONDAY + 28 * WHOLE_DAY


def test_a_plan_that_was_moved_waits_only_for_what_is_left():
    items = [Item("a", 300, group=0), Item("b", 300, group=0), Item("exam", 60, group=1)]
    terms = Terms(MONDAY, (180,) * 7, spans={0: 10 * 180})
    long_ago = MONDAY - 9 * WHOLE_DAY
    assert plan(items, terms, {"a": long_ago}).day_of("exam") == MONDAY + 5 * WHOLE_DAY
    assert plan(items, terms, {"a": long_ago, "b": long_ago}).day_of("exam") == MONDAY


def test_an_item_put_before_its_day_of_the_path_begins_there():
    terms = Terms(MONDAY, (180,) * 7, moved={"exam": MONDAY}, spans={0: 1800})
    assert plan([Item("a", 60), Item("exam", 60, group=1)], terms, {}).day_of("exam") == MONDAY


# --- a week's rhythm


def test_theory_opens_the_week_practice_follows_and_the_project_has_the_weekend():
    items = [Item(f"t{n}", 60, Work.THEORY) for n in range(6)]
    items += [Item(f"p{n}", 60, Work.PRACTICE, needs=(f"t{n}",)) for n in range(4)]
    items += [Item("build", 300, Work.PROJECT, needs=("t2",))]
    week = Terms(MONDAY, (60, 60, 60, 60, 60, 150, 150), rhythm=THEORY_PRACTICE_PROJECT)
    first_week = [piece.item.work for piece in plan(items, week, {}).pieces][:7]
    assert first_week == [Work.THEORY] * 3 + [Work.PRACTICE] * 2 + [Work.PROJECT] * 2


def test_a_day_is_not_wasted_when_what_it_prefers_is_not_there():
    week = Terms(MONDAY, (60,) * 7, rhythm=THEORY_PRACTICE_PROJECT)
    pieces = plan([Item(f"t{n}", 60, Work.THEORY) for n in range(7)], week, {}).pieces
    assert [piece.day for piece in pieces] == [MONDAY + n * WHOLE_DAY for n in range(7)]


def test_three_hours_a_day_go_on_day_by_day():
    pieces = plan([Item("a", 180), Item("b", 240), Item("c", 120)], Terms(MONDAY, (180,) * 7), {}).pieces
    assert [(piece.item.key, piece.day.day, piece.minutes) for piece in pieces] == [
        ("a", 2, 180),
        ("b", 3, 180),
        ("b", 4, 60),
        ("c", 4, 120),
    ]


def test_a_few_minutes_at_the_end_of_a_day_start_nothing_new():
    pieces = plan([Item("a", 50), Item("b", 30)], Terms(MONDAY, (60,) * 7), {}).pieces
    assert [(piece.day, piece.minutes) for piece in pieces] == [(MONDAY, 50), (MONDAY + WHOLE_DAY, 30)]


def test_an_item_put_on_an_earlier_day_goes_first_there():
    items = [Item("a", 60), Item("b", 60), Item("c", 60)]
    schedule = plan(items, Terms(MONDAY, (60,) * 7, moved={"c": MONDAY}), {})
    assert [piece.item.key for piece in schedule.pieces] == ["c", "a", "b"]


def test_what_was_planned_for_days_that_are_over_is_late_unless_done():
    schedule = plan([Item("a", 60), Item("b", 60), Item("c", 60)], Terms(MONDAY, (60,) * 7), {"a": MONDAY})
    assert [piece.item.key for piece in schedule.late(MONDAY + 2 * WHOLE_DAY)] == ["b"]


def test_a_week_without_minutes_makes_no_plan():
    with pytest.raises(ValueError, match="no weekday"):
        plan([Item("a", 60)], Terms(MONDAY, (0,) * 7), {})


def test_items_that_need_each_other_are_said_to():
    with pytest.raises(ValueError, match="circle: a, b"):
        plan([Item("a", 60, needs=("b",)), Item("b", 60, needs=("a",))], Terms(MONDAY, (60,) * 7), {})


@given(st.integers(1, 16), st.lists(st.integers(0, 5), min_size=7, max_size=7).filter(lambda w: sum(w) > 0))
def test_a_weeks_hours_are_spread_without_loss_and_only_over_days_with_weight(hours, weights):
    minutes = spread(hours, weights)
    assert sum(minutes) == hours * 60
    assert all(one == 0 for one, weight in zip(minutes, weights, strict=True) if weight == 0)


def test_ten_hours_a_week_give_the_weekend_more():
    assert spread(10, THEORY_PRACTICE_PROJECT.weights) == (60, 60, 60, 60, 60, 150, 150)
