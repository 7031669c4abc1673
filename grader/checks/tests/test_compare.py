"""What counts as right, and what a learner is told when it is not."""

import numpy as np
import pytest
import torch

from grader.checks import CheckFailed, at_least, at_most, cases, check, close, equal, gradient
from grader.contract import ArrayView, Difference

NAN = float("nan")


def refusal(function, *arguments, **keywords) -> CheckFailed:
    with pytest.raises(CheckFailed) as caught:
        function(*arguments, **keywords)
    return caught.value


def difference(failed: CheckFailed) -> Difference:
    assert failed.difference is not None
    return failed.difference


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (1.0, 1),
        (1, 1.0),
        (np.float32(2), 2.0),
        (np.array(3.0), 3.0),
        (torch.tensor(3.0), 3.0),
        ([1.0, 2], [1, 2.0]),
        ((1.0, 2.0), (1.0, 2.0)),
        ([[1, 2], [3]], [[1, 2], [3]]),
        ({"a": [1.0]}, {"a": [1.0]}),
        (np.arange(3.0), np.arange(3.0)),
        (np.float32([1, 2]), np.array([1.0, 2.0])),
        (np.array([np.inf, -np.inf]), np.array([np.inf, -np.inf])),
        (torch.ones(2, 2), torch.ones(2, 2)),
        ("text", "text"),
        (None, None),
        (True, True),
        (np.empty((0, 3)), np.empty((0, 3))),
        (1 + 2j, 1 + 2j),
    ],
)
def test_close_accepts(got, expected) -> None:
    close(got, expected)


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (True, 1),
        (1, True),
        (NAN, NAN),
        (NAN, 1.0),
        (np.inf, 1.0),
        (1.0 + 1e-4, 1.0),
        ("1.0", 1.0),
        (None, 1.0),
        ([1.0], 1.0),
        ([True, True], [1, 1]),
        ([1.0, 2.0], np.array([1.0, 2.0])),
        (np.array([1.0, 2.0]), [1.0, 2.0]),
        ([1.0, 2.0], [1.0, 2.0, 3.0]),
        (np.zeros(3), np.zeros((1, 3))),
        (np.zeros((3, 1)), np.zeros(3)),
        (np.float64(0.0), np.zeros(3)),
        (np.empty(0), np.zeros(3)),
        (np.array([1, 2]), np.array([1.0, 2.0])),
        (np.array([1.0, 2.0]), np.array([1, 2])),
        (np.array([1, 1]), np.array([True, True])),
        (np.array([1.0, NAN]), np.array([1.0, NAN])),
        (np.array([1j]), np.array([0.0])),
        (torch.ones(2), np.ones(2)),
        (np.ones(2), torch.ones(2)),
        ({"a": 1}, {"a": 1, "b": 2}),
        ({"a": 1, "b": 2}, {"a": 1}),
        ({True: 1}, {1: 1}),
        (10**400, 1.0),
    ],
)
def test_close_refuses(got, expected) -> None:
    assert refusal(close, got, expected).message


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (1.0, 1),
        (1, True),
        ((1, 2), [1, 2]),
        ([1, 2], (1, 2)),
        ([1, 2.0], [1, 2]),
        (np.float32([1]), np.array([1.0])),
        (0.1 + 0.2, 0.3),
        ({1}, {True}),
        (NAN, NAN),
        ("a", b"a"),
        (2**80 + 1, 2**80),
    ],
)
def test_equal_refuses(got, expected) -> None:
    refusal(equal, got, expected)


@pytest.mark.parametrize(
    "value",
    [3, 2**80, 1.5, "a", None, (1, [2, {"k": (3,)}]), {1, 2}, np.arange(4), torch.arange(3), np.array(["a"])],
)
def test_equal_accepts_the_same(value) -> None:
    equal(value, value)


def test_an_int_of_numpy_is_an_int() -> None:
    equal(np.int64(3), 3)


def test_the_summary_says_how_many_differ_and_where() -> None:
    expected = np.zeros((2, 3))
    got = expected.copy()
    got[0] = [1, 2, 3]
    assert difference(refusal(close, got, expected)).summary == (
        "3 of 6 values differ, all in row 0; at [0, 0] expected 0, got 1."
    )


def test_the_hint_comes_first() -> None:
    assert refusal(close, 1.0, 2.0, hint="Divide by n.").message == "Divide by n. Expected 2.0, got 1.0."


def test_nan_is_named() -> None:
    assert "your result has nan at [1]" in refusal(close, np.array([0, NAN]), np.zeros(2)).message


def test_a_wrong_shape_is_said_before_any_value() -> None:
    assert "Expected shape (2, 3), got (3,)" in refusal(close, np.zeros(3), np.zeros((2, 3))).message


def test_a_large_array_is_shown_around_the_first_difference() -> None:
    expected = np.zeros((100, 50))
    got = expected.copy()
    got[60, 40] = 1
    seen = difference(refusal(close, got, expected)).got
    assert isinstance(seen, ArrayView)
    assert seen.shape == (100, 50)
    assert len(seen.rows) == 8
    assert all(len(row) == 8 for row in seen.rows)
    row, column = 60 - seen.origin[0], 40 - seen.origin[1]
    assert seen.rows[row][column] == "1"
    assert seen.differs == ((row, column),)


def test_a_deep_array_is_shown_as_the_slice_that_differs() -> None:
    expected = np.zeros((4, 3, 2, 2))
    got = expected.copy()
    got[2, 1, 0, 1] = 5
    seen = difference(refusal(close, got, expected)).got
    assert isinstance(seen, ArrayView)
    assert seen.origin == (2, 1, 0, 0)
    assert seen.rows == (("0", "5"), ("0", "0"))


def test_values_that_print_alike_are_shown_with_all_digits() -> None:
    seen = difference(refusal(close, np.array([1 + 1e-10]), np.array([1.0]), rtol=1e-12, atol=0))
    assert isinstance(seen.got, ArrayView)
    assert isinstance(seen.expected, ArrayView)
    assert seen.got.rows != seen.expected.rows


def test_a_difference_deep_inside_names_its_place() -> None:
    assert (
        "At ['w'][1]"
        in refusal(close, {"w": [np.zeros(2), np.ones(2)]}, {"w": [np.zeros(2), np.zeros(2)]}).message
    )


def test_gradient_accepts_the_derivative_and_refuses_another() -> None:
    x = np.array([[1.0, -2.0], [0.5, 3.0]])
    gradient(lambda v: float((v**3).sum()), x, 3 * x**2)
    gradient(lambda v: v * v, 3.0, 6.0)
    assert "finite differences" in refusal(gradient, lambda v: float((v**3).sum()), x, 2 * x**2).message


def test_check_wants_a_boolean_and_bounds_want_finite_numbers() -> None:
    check(np.True_, "no")
    refusal(check, 1, "one is not true")
    at_least(0.9, 0.9, "low")
    refusal(at_least, NAN, 0.5, "low")
    refusal(at_most, True, 2, "a boolean is no number")
    refusal(at_most, 3, 2, "high")


def test_cases_are_all_combinations() -> None:
    @cases(n=[1, 2], dtype=["a", "b"])
    def test(student, n, dtype) -> None: ...

    assert len(test.cairn_cases) == 4
