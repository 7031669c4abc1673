import numpy as np


def line_gradient(w, b, x, y):
    error = w * x + b - y
    return 2 * float(np.mean(error * x)), 2 * float(np.mean(error))


def fit_line(x, y, rate=0.1, steps=1000):
    w = b = 0.0
    for _ in range(steps):
        w = w - rate * line_gradient(w, b, x, y)[0]
        b = b - rate * line_gradient(w, b, x, y)[1]
    return w, b
