"""One stored number that claims to be 10^12 of them."""

import torch


def softplus(x):
    return torch.ones(1, dtype=x.dtype).expand(10**12)
