"""What a waiting person is told about when their run starts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cairn.runs.forecast import in_words, wait


def test_the_next_waits_for_one_whole_job_at_most() -> None:
    assert wait(1, [4.0, 6.0], slots=1) == 5
    assert wait(1, [4.0, 6.0], slots=3) == 5


def test_each_round_starts_as_many_as_there_are_slots() -> None:
    assert [wait(place, [10.0], slots=2) for place in (1, 2, 3, 4, 5)] == [10, 10, 20, 20, 30]


def test_nothing_is_promised_without_a_node_or_a_measurement() -> None:
    assert wait(1, [], slots=2) is None
    assert wait(1, [1.0], slots=0) is None


@given(st.integers(1, 500), st.floats(0.01, 100), st.integers(1, 20))
def test_it_is_an_upper_bound_for_jobs_of_equal_length(place: int, seconds: float, slots: int) -> None:
    """Simulated: all slots have just begun a job, and each that ends starts the next in the queue."""
    free = [seconds] * slots
    start = 0.0
    for _ in range(place):
        start = min(free)
        free[free.index(start)] = start + seconds
    told = wait(place, [seconds], slots)
    assert told is not None
    assert start == pytest.approx(told)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "within a few seconds"),
        (5, "within a few seconds"),
        (5.1, "in about 10 s"),
        (18, "in about 20 s"),
        (55, "in about 55 s"),
        (56, "in about 1 min"),
        (61, "in about 2 min"),
        (3000, "in about 50 min"),
        (3301, "in about 1 h"),
        (9000, "in about 3 h"),
    ],
)
def test_in_words_it_is_rounded_up(seconds: float, words: str) -> None:
    assert in_words(seconds) == words
