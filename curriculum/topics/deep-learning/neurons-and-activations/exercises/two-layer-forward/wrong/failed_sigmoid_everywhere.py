import numpy as np


def sigmoid(z):
    small = np.exp(-np.abs(z))
    return np.where(z >= 0, 1.0, small) / (1.0 + small)


def forward(X, W1, b1, W2, b2):
    H = sigmoid(X @ W1 + b1)
    P = sigmoid(H @ W2 + b2)
    return H, P
