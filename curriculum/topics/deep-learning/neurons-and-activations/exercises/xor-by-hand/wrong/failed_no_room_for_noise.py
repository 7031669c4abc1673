import numpy as np

W1 = np.array([[1.0, 1.0], [1.0, 1.0]])
B1 = np.array([0.0, -1.0])
W2 = np.array([1.0, -2.0])
B2 = 0.0
