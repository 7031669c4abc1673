"""Too few digits."""

import numpy as np


def centre(x):
    if x.ndim != 2:
        raise ValueError("rows, please")
    return np.float16(x - x.mean(axis=1, keepdims=True))
