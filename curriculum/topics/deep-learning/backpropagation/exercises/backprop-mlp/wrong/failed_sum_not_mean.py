import numpy as np


def loss_and_gradients(params, X, y):
    rows = np.arange(len(y))
    H = np.tanh(X @ params["W1"] + params["b1"])
    Z = H @ params["W2"] + params["b2"]
    shifted = Z - Z.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss = -log_p[rows, y].mean()
    dZ = np.exp(log_p)
    dZ[rows, y] -= 1
    dZ1 = (dZ @ params["W2"].T) * (1 - H**2)
    gradients = {"W1": X.T @ dZ1, "b1": dZ1.sum(axis=0), "W2": H.T @ dZ, "b2": dZ.sum(axis=0)}
    return float(loss), gradients
