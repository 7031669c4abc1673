"""Answers with a sparse tensor: the values are right, the layout is another."""

import torch


def softplus(x):
    return torch.nn.functional.softplus(x).to_sparse()
