"""Predicates over curves: what passes, what does not, and what the message says."""

import numpy as np
import pytest

from grader.checks import CheckFailed, curves
from grader.checks.curves import Curve, Curves


def curve(values, name: str = "loss", every: int = 10) -> Curve:
    values = np.asarray(values, dtype=float)
    return Curve(np.arange(len(values)) * every, values, np.arange(len(values)) / 10, name)


def noisy(
    start: float, end: float, count: int = 200, noise: float = 0.05, seed: int = 0, name: str = "loss"
) -> Curve:
    rng = np.random.default_rng(seed)
    values = end + (start - end) * np.exp(-np.arange(count) / (count / 8)) + noise * rng.normal(size=count)
    return curve(values, name)


GOOD, FLAT = noisy(2.3, 0.2), noisy(2.3, 2.2)
BROKEN = curve([*noisy(2.3, 0.2).values[:50], np.nan, np.inf, *noisy(2.3, 0.2).values[:50]])
APART = {f"a/{index}": noisy(0.1, 0.5 + 0.1 * index) for index in range(3)}
RISING = noisy(0.1, 0.9, name="accuracy")


@pytest.mark.parametrize("check", [
    lambda: curves.no_nan(GOOD),
    lambda: curves.falls(GOOD, 0.8),
    lambda: curves.rises(RISING, 0.4),
    lambda: curves.reaches(RISING, 0.8),
    lambda: curves.reaches(RISING, 0.8, by_step=800),
    lambda: curves.reaches(GOOD, 0.4, below=True),
    lambda: curves.overfits_one_batch(noisy(2.3, 0.01, noise=0.001)),
    lambda: curves.gap_within(GOOD, noisy(2.3, 0.3, name="loss/valid"), 0.2),
    lambda: curves.holds_over_seeds({f"a/{i}": noisy(0.1, 0.9, seed=i) for i in range(3)}, "a/", 0.1),
    lambda: curves.smooth_end(GOOD, 0.2),
    lambda: curves.stays_below(GOOD, 3),
    lambda: curves.lasts(GOOD, 200),
])  # fmt: skip
def test_what_is_as_it_should_be_passes(check) -> None:
    check()


@pytest.mark.parametrize(("check", "words"), [
    (lambda: curves.no_nan(BROKEN), "from step 500 on (2 of 102 points). A smaller learning rate"),
    (lambda: curves.falls(FLAT, 0.5), "it should fall by 50%"),
    (lambda: curves.rises(RISING, 0.95), "it should rise by 0.95"),
    (lambda: curves.reaches(RISING, 0.99), "does not get as high as 0.99"),
    (lambda: curves.reaches(RISING, 0.8, by_step=100), "and should by step 100"),
    (lambda: curves.reaches(GOOD, 0.01, below=True), "does not get as low as 0.01"),
    (lambda: curves.overfits_one_batch(FLAT), "On one batch loss goes from"),
    (lambda: curves.gap_within(GOOD, noisy(2.3, 1.0, name="loss/valid"), 0.2), "They part at step"),
    (lambda: curves.holds_over_seeds({"a/1": RISING, "a/2": RISING}, "a/", 0.1), "There are 2 curves"),
    (lambda: curves.holds_over_seeds(APART, "a/", 0.1), "is luck"),
    (lambda: curves.smooth_end(curve([*np.ones(50), 3.0, 1.0]), 0.2), "at step 500 it is 3"),
    (lambda: curves.stays_below(GOOD, 1), "and 1 is the most"),
    (lambda: curves.lasts(GOOD, 201), "has 200 points, and 201 are needed"),
    (lambda: Curves({"loss": GOOD, "system/cpu": GOOD})["acc"], 'no curve "acc"; it logged loss.'),
])  # fmt: skip
def test_what_is_not_says_where_and_what_to_do(check, words: str) -> None:
    with pytest.raises(CheckFailed) as failed:
        check()
    assert words in failed.value.message


@pytest.mark.parametrize("check", [
    lambda broken: curves.falls(broken, 0.1),
    lambda broken: curves.rises(broken, -100),
    lambda broken: curves.reaches(broken, -100),
    lambda broken: curves.overfits_one_batch(broken, 100),
    lambda broken: curves.gap_within(broken, GOOD, 1e9),
    lambda broken: curves.gap_within(GOOD, broken, 1e9),
    lambda broken: curves.holds_over_seeds({"a": broken, "aa": GOOD, "aaa": GOOD}, "a", 1e9),
    lambda broken: curves.smooth_end(broken, 1e9),
    lambda broken: curves.stays_below(broken, 1e9),
])  # fmt: skip
@pytest.mark.parametrize("broken", [BROKEN, curve([np.nan] * 20), curve([]), curve([1.0, 0.1])])
def test_nan_and_too_few_points_fail_every_predicate(check, broken: Curve) -> None:
    with pytest.raises(CheckFailed):
        check(broken)


def test_one_lucky_batch_decides_nothing() -> None:
    values = FLAT.values.copy()
    values[-1] = 0.0
    with pytest.raises(CheckFailed):
        curves.falls(curve(values), 0.5)
    with pytest.raises(CheckFailed):
        curves.reaches(curve(values), 0.5, below=True)
