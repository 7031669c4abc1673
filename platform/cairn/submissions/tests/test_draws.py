"""What an assessment asks: spread, never twice, the same for the same seed."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from cairn.submissions.draws import draw

names = st.text("abcdef", min_size=1, max_size=4)
banks = st.dictionaries(names, st.lists(names, max_size=9, unique=True), min_size=1, max_size=6)
seeds = st.integers(0, 2**30)


@given(banks, st.integers(1, 40), seeds)
def test_as_many_as_asked_for_or_all_and_none_twice(sources, count, seed):
    drawn = draw(sources, count, seed)
    assert len(drawn) == min(count, sum(map(len, sources.values())))
    assert len(set(drawn)) == len(drawn)
    assert all(question in sources[slug] for slug, question in drawn)


@given(banks, st.integers(1, 40), seeds)
def test_no_source_is_asked_much_more_than_another_that_has_more_to_give(sources, count, seed):
    taken = Counter(slug for slug, _ in draw(sources, count, seed))
    for one in sources:
        if taken[one] < len(sources[one]):
            assert all(taken[other] <= taken[one] + 1 for other in sources)


@given(banks, st.integers(1, 40), seeds, st.randoms())
def test_the_same_seed_draws_the_same_in_whatever_order_the_sources_come(sources, count, seed, chance):
    mixed = list(sources.items())
    chance.shuffle(mixed)
    assert draw(dict(mixed), count, seed) == draw(sources, count, seed)


def test_another_seed_draws_others():
    sources = {"a": [f"a{i}" for i in range(20)], "b": [f"b{i}" for i in range(20)]}
    assert len({tuple(draw(sources, 6, seed)) for seed in range(50)}) == 50
