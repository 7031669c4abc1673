import numpy as np


def descend(gradient, start, rate, steps, tolerance=0.0):
    position = start.copy()
    path = [position.copy()]
    for _ in range(steps):
        slope = gradient(position)
        if np.linalg.norm(slope) <= tolerance:
            break
        position -= rate * slope
        path.append(position.copy())
    return np.array(path)
