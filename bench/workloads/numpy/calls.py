"""Five calls whose answers are known: equal keys weigh all values alike."""

# ruff: noqa: S101

from typing import Any

import numpy as np

SIZES = (64, 96, 128, 160, 192)


def call(student: Any, number: int) -> None:
    n = SIZES[number]
    queries = np.linspace(-1, 1, n * 32).reshape(n, 32)
    values = np.arange(n * 16, dtype=float).reshape(n, 16)
    answer = student.attention(queries, np.ones((n, 32)), values)
    assert answer.shape == (n, 16)
    assert np.allclose(answer, values.mean(axis=0))
