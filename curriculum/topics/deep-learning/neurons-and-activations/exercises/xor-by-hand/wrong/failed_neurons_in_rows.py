import numpy as np

# One row for each neuron: OR in the first, "not both" in the second.
W1 = np.array([[1.0, 1.0], [-1.0, -1.0]])
B1 = np.array([-0.5, 1.5])
W2 = np.array([1.0, 1.0])
B2 = -1.5
