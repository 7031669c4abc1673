"""The clock of an exam, as rules that hold at every moment."""

from datetime import UTC, datetime, timedelta

from hypothesis import assume, given
from hypothesis import strategies as st

from cairn.submissions.exam_rules import (
    GRACE,
    Extra,
    Late,
    Opening,
    Standing,
    ends_at,
    in_time,
    left,
    new_end,
)

START = datetime(2026, 3, 1, 9, tzinfo=UTC)
moments = st.integers(0, 60 * 48).map(lambda minutes: START + timedelta(minutes=minutes))
minutes = st.integers(1, 600)
extras = st.builds(Extra, st.integers(0, 300), st.integers(0, 600))
lates = st.sampled_from(Late)
standings = st.builds(Standing, st.booleans(), st.booleans(), st.booleans())


@given(moments, minutes, extras, st.none() | moments, lates)
def test_nobody_has_longer_than_the_minutes_and_their_extra_time(start, length, extra, closes, late):
    end = ends_at(start, length, extra, closes, late)
    assert end <= start + timedelta(minutes=length) + extra.time(length)


@given(moments, minutes, extras, moments)
def test_with_full_time_everybody_has_exactly_that(start, length, extra, closes):
    own = start + timedelta(minutes=length) + extra.time(length)
    assert ends_at(start, length, extra, closes, Late.FULL_TIME) == own
    assert ends_at(start, length, extra, None, Late.UNTIL_CLOSE) == own


@given(moments, minutes, extras, moments)
def test_who_starts_late_ends_when_the_exam_closes_but_for_their_extra_time(start, length, extra, closes):
    end = ends_at(start, length, extra, closes, Late.UNTIL_CLOSE)
    assert end <= closes + extra.time(length)
    assert end == min(start + timedelta(minutes=length), closes) + extra.time(length)


@given(moments, minutes, extras, extras, moments, lates)
def test_more_extra_time_never_ends_earlier(start, length, one, other, closes, late):
    assume(one.time(length) <= other.time(length))
    assert ends_at(start, length, one, closes, late) <= ends_at(start, length, other, closes, late)


@given(moments, moments, minutes, extras, moments, lates)
def test_starting_later_never_ends_earlier(one, other, length, extra, closes, late):
    first, second = sorted((one, other))
    assert ends_at(first, length, extra, closes, late) <= ends_at(second, length, extra, closes, late)


@given(moments, minutes, extras, moments, lates)
def test_who_may_start_has_some_time(start, length, extra, closes, late):
    assume(Opening(None, closes).is_open(start))
    assert ends_at(start, length, extra, closes, late) > start


@given(moments, moments)
def test_an_answer_counts_until_the_grace_is_over_and_the_time_left_is_never_negative(now, end):
    assert in_time(now, end) == (now - end <= GRACE)
    assert left(now, end) >= timedelta(0)
    assert (left(now, end) > timedelta(0)) == (now < end)


@given(moments, moments, moments)
def test_an_exam_is_early_open_or_over_and_never_two_of_them(now, opens, closes):
    assume(opens < closes)
    window = Opening(opens, closes)
    assert [window.is_early(now), window.is_open(now), window.is_over(now)].count(True) == 1
    assert Opening().is_open(now)


# --- time that is counted again


@given(moments, standings, moments)
def test_who_handed_in_is_done_whatever_time_there_is(now, standing, end):
    assume(standing.handed_in)
    assert new_end(now, standing, end) is None


@given(moments, standings, moments)
def test_who_is_writing_follows_the_new_end(now, standing, end):
    assume(not standing.handed_in and not standing.time_up)
    assert new_end(now, standing, end) == end


@given(moments, standings, moments)
def test_time_that_was_up_comes_back_only_with_some_of_it_left_and_before_any_results(now, standing, end):
    assume(standing.time_up)
    if (again := new_end(now, standing, end)) is not None:
        assert left(now, again) > timedelta(0)
        assert not standing.results_out


@given(moments, minutes, extras, extras, moments, moments, lates)
def test_what_goes_on_with_some_extra_time_goes_on_with_more(start, length, one, other, closes, now, late):
    assume(one.time(length) <= other.time(length))
    up = Standing(time_up=True, handed_in=False, results_out=False)
    some, more = (new_end(now, up, ends_at(start, length, e, closes, late)) for e in (one, other))
    assert some is None or (more is not None and some <= more)


@given(moments, minutes, extras, moments, moments)
def test_an_exam_goes_on_no_later_than_its_close_and_the_extra_time(start, length, extra, closes, now):
    up = Standing(time_up=True, handed_in=False, results_out=False)
    again = new_end(now, up, ends_at(start, length, extra, closes, Late.UNTIL_CLOSE))
    assert again is None or now < again <= closes + extra.time(length)
