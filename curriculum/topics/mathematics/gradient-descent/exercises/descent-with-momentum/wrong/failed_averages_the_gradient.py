import numpy as np


def descend_with_momentum(gradient, start, rate, momentum, steps):
    position = np.array(start, dtype=float)
    average = np.zeros_like(position)
    path = [position]
    for _ in range(steps):
        average = momentum * average + (1 - momentum) * gradient(position)
        position = position - rate * average
        path.append(position)
    return np.array(path)
