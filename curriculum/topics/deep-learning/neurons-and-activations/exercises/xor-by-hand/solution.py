"""Weights for XOR, found by thinking: one or the other, but not both."""

import numpy as np

# Both hidden neurons count the ones. The first fires from one on (OR), the second only at two (AND).
W1 = np.array([[1.0, 1.0], [1.0, 1.0]])
B1 = np.array([-0.5, -1.5])

# OR speaks for the answer 1, AND against it, and louder.
W2 = np.array([1.0, -2.0])
B2 = -0.5
