"""Weights for XOR, found by thinking."""

import numpy as np

# Column j of W1 holds the two weights of hidden neuron j, and B1[j] is its bias.
W1 = np.array([[1.0, 0.0], [1.0, 0.0]])
B1 = np.array([-1.5, -1.0])

# The output neuron looks at the two hidden neurons.
W2 = np.array([1.0, 0.0])
B2 = -0.5


if __name__ == "__main__":
    inputs = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    hidden = (inputs @ W1 + B1 > 0).astype(int)
    output = (hidden @ W2 + B2 > 0).astype(int)
    for row in zip(inputs, hidden, output):
        print("input {}   hidden {}   output {}".format(*row))
