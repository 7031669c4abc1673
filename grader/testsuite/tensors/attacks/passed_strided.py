"""Answers with every second value of a larger tensor, and backwards twice."""

import torch


def softplus(x):
    answer = torch.nn.functional.softplus(x)
    return torch.stack([answer.flip(0), -answer], dim=1)[:, 0].flip(0)
