import numpy as np


def descend(gradient, start, rate, steps, tolerance=0.0):
    position = np.array(start, dtype=float)
    path = [position]
    slope = gradient(position)
    while np.linalg.norm(slope) > max(tolerance, 0.01) and len(path) < 200:
        position = position - rate * slope
        path.append(position)
        slope = gradient(position)
    return np.array(path)
