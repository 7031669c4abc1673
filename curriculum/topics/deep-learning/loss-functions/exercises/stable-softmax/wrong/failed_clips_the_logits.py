import numpy as np


def softmax(z, axis=-1):
    e = np.exp(np.clip(z, -700, 700))
    return e / e.sum(axis=axis, keepdims=True)
