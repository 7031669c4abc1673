"""Answers with a quantised tensor, whose values are near and whose kind is another."""

import torch


def softplus(x):
    return torch.quantize_per_tensor(torch.nn.functional.softplus(x).float(), 0.1, 0, torch.quint8)
