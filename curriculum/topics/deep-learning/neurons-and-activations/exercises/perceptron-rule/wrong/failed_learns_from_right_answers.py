import numpy as np


def predict(X, w, b):
    return (X @ w + b > 0).astype(int)


def train(X, y, epochs):
    w, b = np.zeros(X.shape[1]), 0.0
    for _ in range(epochs):
        for x, label in zip(X, y):
            direction = 1 if label == 1 else -1
            w, b = w + direction * x, b + direction
    return w, float(b)
