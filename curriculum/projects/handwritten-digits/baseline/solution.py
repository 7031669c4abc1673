"""A perceptron where a convolutional network is asked for."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional

import cairn


def baseline(hidden: int = 64) -> nn.Module:
    """An untrained multilayer perceptron."""
    return nn.Sequential(nn.Flatten(), nn.Linear(784, hidden), nn.ReLU(), nn.Linear(hidden, 10))


network = baseline


def prepare(images: np.ndarray) -> torch.Tensor:
    """Bytes (n, 28, 28) as numbers from 0 to 1, with a channel."""
    return torch.tensor(np.asarray(images), dtype=torch.float32)[:, None] / 255


def fit(model: nn.Module, images: np.ndarray, labels: np.ndarray, steps: int, rate: float = 3e-3) -> list[float]:
    """Train on one batch again and again; the loss before each step."""
    inputs, truth = prepare(images), torch.tensor(np.asarray(labels))
    optimizer = torch.optim.Adam(model.parameters(), rate)
    losses = []
    for _ in range(steps):
        loss = functional.cross_entropy(model(inputs), truth)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def scores(model: nn.Module, images: np.ndarray) -> np.ndarray:
    """Ten scores for each image."""
    with torch.no_grad():
        return model(prepare(images)).numpy()


def predict(images: np.ndarray) -> np.ndarray:
    """The digit on each image, by the trained network."""
    model = network()
    model.load_state_dict(cairn.load("model"))
    return scores(model, images).argmax(1)


def confusion_matrix(truth: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """How often each class (row) was taken for each class (column)."""
    matrix = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(matrix, (truth, predicted), 1)
    return matrix


def precision_recall(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Precision and recall of each class; 0 where there is nothing to divide by."""
    right = np.diag(matrix).astype(float)
    return right / np.maximum(matrix.sum(0), 1), right / np.maximum(matrix.sum(1), 1)
