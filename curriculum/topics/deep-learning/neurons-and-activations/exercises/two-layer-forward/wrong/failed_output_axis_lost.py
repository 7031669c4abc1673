import numpy as np


def sigmoid(z):
    small = np.exp(-np.abs(z))
    return np.where(z >= 0, 1.0, small) / (1.0 + small)


def forward(X, W1, b1, W2, b2):
    H = np.maximum(X @ W1 + b1, 0.0)
    P = sigmoid((H @ W2 + b2).sum(axis=1))
    return H, P
