"""A binary classifier with a hidden layer, from scratch."""

import numpy as np

from data import make_arcs


class Network:
    """One hidden layer and one sigmoid output.

    All numbers that are learned live in ``params``, a dictionary of arrays. Whoever changes an entry of
    ``params`` changes what the network says.
    """

    def __init__(self, inputs: int, hidden: int, seed: int = 0) -> None:
        """Start with random weights. The same seed gives the same network."""
        self.params: dict[str, np.ndarray] = {}

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """The probability of class 1 for each row of X, shape (n, inputs). Returns shape (n,)."""

    def predict(self, X: np.ndarray) -> np.ndarray:
        """The class of each row: 1 where the probability is above 0.5, else 0. Whole numbers, shape (n,)."""

    def loss(self, X: np.ndarray, y: np.ndarray) -> float:
        """The mean cross-entropy for labels 0 or 1, shape (n,)."""

    def gradients(self, X: np.ndarray, y: np.ndarray) -> dict[str, np.ndarray]:
        """The slope of ``loss`` for every array in ``params``, by backpropagation."""

    def fit(self, X: np.ndarray, y: np.ndarray, rate: float, steps: int) -> list[float]:
        """Train, and return the loss before each step: ``steps`` numbers."""


def train(X: np.ndarray, y: np.ndarray, seed: int = 0) -> Network:
    """Build and train a network with the sizes, the rate and the number of steps that you chose."""


def decision_grid(network: Network, xs: np.ndarray, ys: np.ndarray) -> np.ndarray:
    """The probabilities on a grid, shape (len(ys), len(xs)).

    Entry [i, j] belongs to the point (xs[j], ys[i]).
    """


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    X, y = make_arcs(300, rng)
    X_new, y_new = make_arcs(1000, rng)
    network = train(X, y)
    print("accuracy on new points:", np.mean(network.predict(X_new) == y_new))
