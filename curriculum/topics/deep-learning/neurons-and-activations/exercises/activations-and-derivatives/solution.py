"""Activation functions and their slopes. All take and return arrays of any one shape."""

import numpy as np


def sigmoid(z: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-z)), without overflow for any z."""
    small = np.exp(-np.abs(z))  # between 0 and 1, so it cannot overflow
    return np.where(np.asarray(z) >= 0, 1.0, small) / (1.0 + small)


def sigmoid_slope(z: np.ndarray) -> np.ndarray:
    """The derivative of the sigmoid at z. As 1 - sigmoid(z) is sigmoid(-z), no digits are lost."""
    return sigmoid(z) * sigmoid(-np.asarray(z))


def tanh_slope(z: np.ndarray) -> np.ndarray:
    """The derivative of tanh at z."""
    return 1.0 - np.tanh(z) ** 2


def relu(z: np.ndarray) -> np.ndarray:
    """z where it is positive, 0.0 elsewhere."""
    return np.maximum(z, 0.0)


def relu_slope(z: np.ndarray) -> np.ndarray:
    """1.0 where z is positive, 0.0 elsewhere, and 0.0 at the corner."""
    return (np.asarray(z) > 0).astype(float)
