import numpy as np

W1 = np.array([[1.0, 1.0], [1.0, 1.0]])
B1 = np.array([-0.5, -1.5])
W2 = np.array([1.0, 1.0])
B2 = -0.5
