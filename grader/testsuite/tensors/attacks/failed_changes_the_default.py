"""Changes the default precision on import and computes in it."""

import torch

torch.set_default_dtype(torch.float16)


def softplus(x):
    return torch.log1p(torch.exp(torch.tensor(x.tolist())))
