"""Leaves the graph attached: the values are what counts."""

import torch


def softplus(x):
    return torch.nn.functional.softplus(x.clone().requires_grad_())
