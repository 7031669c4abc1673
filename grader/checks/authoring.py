"""How a test says what it is: marks, cases, metrics, expected exceptions."""

import itertools
import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from grader.checks.outcome import CheckFailed, StudentError
from grader.contract import Difference

Test = TypeVar("Test", bound=Callable[..., None])

on_metric: Callable[[str, float], None] = lambda name, value: None  # noqa: E731  the judge sets it


def example(test: Test) -> Test:
    """Marks a test as a visible example: the Run button runs it too, and the page shows it."""
    test.cairn_example = True  # type: ignore[attr-defined]
    return test


def lesson(topic: str) -> Callable[[Test], Test]:
    """Names the topic whose lesson explains what went wrong when this test fails, by its slug."""

    def mark(test: Test) -> Test:
        test.cairn_lesson = topic  # type: ignore[attr-defined]
        return test

    return mark


def cases(**values: Iterable[Any]) -> Callable[[Test], Test]:
    """Runs a test once for each combination of ``values``, each with a row of its own on the page."""
    combinations = [dict(zip(values, row, strict=True)) for row in itertools.product(*values.values())]

    def mark(test: Test) -> Test:
        test.cairn_cases = combinations  # type: ignore[attr-defined]
        return test

    return mark


def metric(name: str, value: float) -> None:
    """Records a number that a criterion may bound. Recording fails no test; NaN and infinity do."""
    number = float(value)
    if not math.isfinite(number):
        raise CheckFailed(f"{name} is {number}, which is not a finite number.")
    on_metric(name, number)


@contextmanager
def raises(student: Any, *type_names: str) -> Iterator[None]:
    """Passes if the learner's code raises one of ``type_names`` (or a subclass of one) in the block."""
    wanted = " or ".join(type_names)
    try:
        yield
    except StudentError as error:
        if error.cause:  # a limit of the sandbox is no answer to a test
            raise
        if not set(type_names) & set(error.kinds):
            message = f"Expected {wanted}; your code raised {error}."
            raise CheckFailed(message, Difference(expected=wanted, got=str(error)[:500])) from None
    else:
        message = f"Expected {wanted} to be raised; your code returned normally."
        raise CheckFailed(message, Difference(expected=wanted, got="no exception")) from None
