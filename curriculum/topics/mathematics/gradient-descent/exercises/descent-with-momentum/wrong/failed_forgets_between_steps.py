import numpy as np


def descend_with_momentum(gradient, start, rate, momentum, steps):
    position = np.array(start, dtype=float)
    path = [position]
    for _ in range(steps):
        velocity = np.zeros_like(position)
        velocity = momentum * velocity - rate * gradient(position)
        position = position + velocity
        path.append(position)
    return np.array(path)
