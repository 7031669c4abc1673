"""Activation functions and their slopes. All take and return arrays of any one shape."""

import numpy as np


def sigmoid(z: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-z)), without overflow for any z."""
    # Write your code here.


def sigmoid_slope(z: np.ndarray) -> np.ndarray:
    """The derivative of the sigmoid at z."""
    # Write your code here.


def tanh_slope(z: np.ndarray) -> np.ndarray:
    """The derivative of tanh at z."""
    # Write your code here.


def relu(z: np.ndarray) -> np.ndarray:
    """z where it is positive, 0.0 elsewhere."""
    # Write your code here.


def relu_slope(z: np.ndarray) -> np.ndarray:
    """1.0 where z is positive, 0.0 elsewhere, and 0.0 at the corner."""
    # Write your code here.


if __name__ == "__main__":
    print(sigmoid(np.array([-1000.0, 0.0, 1000.0])))
    print(relu_slope(np.array([-2, 0, 3])))
