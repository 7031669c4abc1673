"""Answers with more than may cross."""

import numpy as np


def centre(x):
    return [np.zeros(2**20) for _ in range(3)] * 10_000
