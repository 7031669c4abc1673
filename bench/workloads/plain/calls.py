"""Five calls whose answers are known."""

# ruff: noqa: S101

from typing import Any

COUNTS = {1000: 168, 2000: 303, 3000: 430, 5000: 669, 8000: 1007}


def call(student: Any, number: int) -> None:
    n = list(COUNTS)[number]
    answer = student.primes_below(n)
    assert type(answer) is int
    assert answer == COUNTS[n]
