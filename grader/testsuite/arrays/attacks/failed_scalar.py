"""One number that broadcasts against all."""

import numpy as np


def centre(x):
    return np.float64(0)
