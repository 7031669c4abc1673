import numpy as np


def predict(X, w, b):
    return (X @ w + b >= 0).astype(int)


def train(X, y, epochs):
    w, b = np.zeros(X.shape[1]), 0.0
    for _ in range(epochs):
        mistakes = 0
        for x, label in zip(X, y):
            error = int(label) - int(w @ x + b >= 0)
            w, b = w + error * x, b + error
            mistakes += error != 0
        if mistakes == 0:
            break
    return w, float(b)
