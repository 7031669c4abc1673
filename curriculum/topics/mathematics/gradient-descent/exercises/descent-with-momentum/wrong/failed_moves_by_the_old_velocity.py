import numpy as np


def descend_with_momentum(gradient, start, rate, momentum, steps):
    position = np.array(start, dtype=float)
    velocity = np.zeros_like(position)
    path = [position]
    for _ in range(steps):
        slope = gradient(position)
        position = position + velocity
        velocity = momentum * velocity - rate * slope
        path.append(position)
    return np.array(path)
