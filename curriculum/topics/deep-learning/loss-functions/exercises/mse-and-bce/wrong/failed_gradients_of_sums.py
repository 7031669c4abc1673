import numpy as np


def same_shape(a, b):
    if a.shape != b.shape:
        raise ValueError(f"shapes differ: {a.shape} and {b.shape}")


def sigmoid(z):
    small = np.exp(-np.abs(z))
    return np.where(z >= 0, 1.0, small) / (1.0 + small)


def mse(predicted, truth):
    same_shape(predicted, truth)
    return float(np.mean((predicted - truth) ** 2))


def mse_gradient(predicted, truth):
    same_shape(predicted, truth)
    return 2 * (predicted - truth)


def bce(z, y):
    same_shape(z, y)
    return float(np.mean(np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z)))))


def bce_gradient(z, y):
    same_shape(z, y)
    return sigmoid(z) - y
