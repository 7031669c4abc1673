"""Five calls whose answers are known: the points lie on a line."""

# ruff: noqa: S101

from typing import Any

import torch

SLOPES = (1.0, -2.0, 0.5, 3.0, -1.5)


def call(student: Any, number: int) -> None:
    x = torch.linspace(-1, 1, 50)
    answer = student.fit_line(x, SLOPES[number] * x + 1, 15)
    assert answer.shape == (2,)
    assert torch.allclose(answer, torch.tensor([SLOPES[number], 1.0]), atol=0.05)
