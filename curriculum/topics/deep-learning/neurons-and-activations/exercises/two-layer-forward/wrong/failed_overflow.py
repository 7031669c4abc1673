import numpy as np


def forward(X, W1, b1, W2, b2):
    H = np.maximum(X @ W1 + b1, 0.0)
    Z = H @ W2 + b2
    return H, np.exp(Z) / (1 + np.exp(Z))
