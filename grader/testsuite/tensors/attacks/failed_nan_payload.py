"""Hides not-a-number where a comparison with it says neither more nor less."""

import torch


def softplus(x):
    answer = torch.nn.functional.softplus(x)
    answer[x.numel() // 2] = float("nan")
    return answer
