import numpy as np


def line_gradient(w, b, x, y):
    error = w * x + b - y
    return float(np.mean(error * x)), float(np.mean(error))


def fit_line(x, y, rate=0.1, steps=1000):
    w = b = 0.0
    for _ in range(steps):
        slope_w, slope_b = line_gradient(w, b, x, y)
        w, b = w - rate * slope_w, b - rate * slope_b
    return w, b
