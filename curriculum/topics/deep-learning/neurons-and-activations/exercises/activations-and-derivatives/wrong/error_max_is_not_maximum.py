import numpy as np


def sigmoid(z):
    small = np.exp(-np.abs(z))
    return np.where(z >= 0, 1.0, small) / (1.0 + small)


def sigmoid_slope(z):
    s = sigmoid(z)
    return s * (1 - s)


def tanh_slope(z):
    return 1.0 - np.tanh(z) ** 2


def relu(z):
    return np.max(0.0, z)


def relu_slope(z):
    return (z > 0).astype(float)
