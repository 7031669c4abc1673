import numpy as np


def measured_gradient(f, theta, h=1e-5):
    point = np.array(theta, dtype=float)
    slopes = np.zeros_like(point)
    for k in np.ndindex(point.shape):
        old = point[k]
        point[k] = old + h
        up = f(point)
        point[k] = old - h
        down = f(point)
        point[k] = old
        slopes[k] = (up - down) / (2 * h)
    return slopes


def relative_error(a, b):
    scale = np.maximum(np.abs(a) + np.abs(b), 1e-8)
    return float(np.mean(np.abs(a - b) / scale))
