"""Statistics that decide what we claim, so they are checked against cases done by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.timing import above, interleave, percentile, schedule, summary

seconds = st.floats(0, 1000, allow_nan=False)
counts = st.dictionaries(st.sampled_from("ABCDE"), st.integers(1, 9), min_size=1)


def test_the_median_of_an_odd_number_is_the_middle_one_and_of_an_even_number_half_way():
    assert percentile([9, 1, 5], 0.5) == 5
    assert percentile([1, 3, 9, 5], 0.5) == 4


def test_the_95th_percentile_lies_between_neighbours():
    assert percentile(range(101), 0.95) == 95
    assert percentile([0, 10], 0.95) == pytest.approx(9.5)


def test_no_samples_have_no_percentile():
    with pytest.raises(ValueError, match="no samples"):
        percentile([], 0.5)


@given(st.lists(seconds, min_size=1), st.floats(0, 1))
def test_a_percentile_lies_within_the_samples(samples, share):
    assert min(samples) <= percentile(samples, share) <= max(samples)


@given(st.lists(seconds, min_size=1))
def test_a_summary_is_in_order(samples):
    short = summary(samples)
    assert short.count == len(samples)
    assert short.least <= short.p50 <= short.p95


def test_overhead_is_taken_turn_by_turn_so_that_a_slow_spell_hits_both():
    assert above([11, 21, 101], [10, 20, 100]) == [1, 1, 1]


def test_overhead_needs_a_base_for_every_sample():
    with pytest.raises(ValueError, match="argument 2 is shorter"):
        above([1, 2], [1])


def test_equal_counts_alternate():
    assert "".join(schedule({"A": 3, "B": 3})) == "ABABAB"


def test_a_slow_peer_is_spread_over_the_whole_run():
    order = "".join(schedule({"A": 6, "S": 2}))
    assert order.count("S") == 2
    assert "S" in order[:4]
    assert "S" in order[4:]


@given(counts)
def test_everybody_gets_the_turns_that_were_asked_for(wanted):
    order = schedule(wanted)
    assert {name: order.count(name) for name in wanted} == wanted


def test_the_first_turn_of_each_is_not_measured():
    calls = []

    def sampler(name):
        return lambda: calls.append(name) or float(calls.count(name))

    taken = interleave({"A": sampler("A"), "B": sampler("B")}, {"A": 2, "B": 2})
    assert calls == ["A", "B", "A", "B", "A", "B"]
    assert taken == {"A": [2.0, 3.0], "B": [2.0, 3.0]}
