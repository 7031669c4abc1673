"""An array that claims a terabyte with strides of zero."""

import numpy as np


def centre(x):
    return np.broadcast_to(np.float64(0), (10**6, 10**5))
