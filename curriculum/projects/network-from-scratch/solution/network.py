"""A binary classifier with a hidden layer, from scratch."""

import numpy as np

from data import make_arcs

HIDDEN, RATE, MOMENTUM, STEPS = 16, 0.1, 0.9, 800


def sigmoid(z: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-z)), without overflow for any z."""
    small = np.exp(-np.abs(z))
    return np.where(z >= 0, 1.0, small) / (1.0 + small)


class Network:
    """One hidden layer of tanh and one sigmoid output.

    All numbers that are learned live in ``params``. ``center`` and ``scale`` bring the inputs to a common
    scale; they are measured once, by ``standardise``, and are not learned.
    """

    def __init__(self, inputs: int, hidden: int, seed: int = 0) -> None:
        """Start with random weights, small enough that no tanh is saturated."""
        rng = np.random.default_rng(seed)
        self.params = {
            "W1": rng.normal(0, 1 / np.sqrt(inputs), (inputs, hidden)),
            "b1": rng.normal(0, 0.5, hidden),
            "W2": rng.normal(0, 1 / np.sqrt(hidden), (hidden, 1)),
            "b2": np.zeros(1),
        }
        self.center, self.scale = np.zeros(inputs), np.ones(inputs)

    def standardise(self, X: np.ndarray) -> None:
        """Measure the mean and the spread of each input. A constant input keeps its scale."""
        spread = X.std(axis=0)
        self.center, self.scale = X.mean(axis=0), np.where(spread > 0, spread, 1.0)

    def _forward(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The scaled inputs (n, inputs), the hidden layer (n, hidden) and the output sums (n,)."""
        S = (X - self.center) / self.scale
        H = np.tanh(S @ self.params["W1"] + self.params["b1"])
        return S, H, (H @ self.params["W2"] + self.params["b2"])[:, 0]

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """The probability of class 1 for each row of X. Returns shape (n,)."""
        return sigmoid(self._forward(X)[2])

    def predict(self, X: np.ndarray) -> np.ndarray:
        """The class of each row, 0 or 1."""
        return (self.predict_proba(X) > 0.5).astype(int)

    def loss(self, X: np.ndarray, y: np.ndarray) -> float:
        """The mean cross-entropy, computed from the sums so that it stays finite."""
        z = self._forward(X)[2]
        return float(np.mean(np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z)))))

    def gradients(self, X: np.ndarray, y: np.ndarray) -> dict[str, np.ndarray]:
        """The slope of ``loss`` for every array in ``params``: one pass back from p - y."""
        S, H, z = self._forward(X)
        dz = ((sigmoid(z) - y) / len(y))[:, None]  # (n, 1)
        dZ1 = dz @ self.params["W2"].T * (1 - H**2)  # (n, hidden)
        return {"W1": S.T @ dZ1, "b1": dZ1.sum(axis=0), "W2": H.T @ dz, "b2": dz.sum(axis=0)}

    def fit(self, X: np.ndarray, y: np.ndarray, rate: float, steps: int) -> list[float]:
        """Train by gradient descent with momentum, and return the loss before each step."""
        velocity = {name: np.zeros_like(value) for name, value in self.params.items()}
        losses = []
        for _ in range(steps):
            losses.append(self.loss(X, y))
            for name, slope in self.gradients(X, y).items():
                velocity[name] = MOMENTUM * velocity[name] - rate * slope
                self.params[name] = self.params[name] + velocity[name]
        return losses


def train(X: np.ndarray, y: np.ndarray, seed: int = 0) -> Network:
    """Build a network, scale its inputs, train it."""
    network = Network(X.shape[1], HIDDEN, seed)
    network.standardise(X)
    network.fit(X, y, RATE, STEPS)
    return network


def decision_grid(network: Network, xs: np.ndarray, ys: np.ndarray) -> np.ndarray:
    """The probabilities on a grid, shape (len(ys), len(xs))."""
    across, along = np.meshgrid(xs, ys)
    points = np.column_stack([across.ravel(), along.ravel()])
    return network.predict_proba(points).reshape(len(ys), len(xs))


def picture(grid: np.ndarray) -> str:
    """The grid as text, largest y at the top: five shades from 0 to 1."""
    shades = np.array(list(" .:*#"))
    return "\n".join("".join(row) for row in shades[np.minimum((grid[::-1] * 5).astype(int), 4)])


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    X, y = make_arcs(300, rng)
    X_new, y_new = make_arcs(1000, rng)
    network = train(X, y)
    print("accuracy on new points:", np.mean(network.predict(X_new) == y_new))
    print(picture(decision_grid(network, np.linspace(-2, 2, 64), np.linspace(20, 80, 24))))
