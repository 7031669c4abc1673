"""A subclass that answers every question of the library itself, and with an exception."""

import torch


class Wrapped(torch.Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        raise RuntimeError("every question is refused")


def softplus(x):
    return torch.Tensor._make_subclass(Wrapped, torch.nn.functional.softplus(x))
