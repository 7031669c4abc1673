"""Answers with a tensor that has a shape and no values at all."""

import torch


def softplus(x):
    return torch.empty(x.shape, dtype=x.dtype, device="meta")
