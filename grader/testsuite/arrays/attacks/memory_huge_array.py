"""An array of eight terabytes."""

import numpy as np


def centre(x):
    return np.zeros((10**6, 10**6))
