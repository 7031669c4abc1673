"""NaN everywhere."""

import numpy as np


def centre(x):
    return np.full(x.shape, np.nan)
