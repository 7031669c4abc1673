import numpy as np


def descend(gradient, start, rate, steps, tolerance=0.0):
    position = np.array(start, dtype=float)
    path = [position]
    for _ in range(steps):
        slope = gradient(position)
        if np.linalg.norm(slope) <= tolerance:
            break
        position = position + rate * slope
        path.append(position)
    return np.array(path)
