"""A convolutional network for handwritten digits, its plain rival, and the numbers that judge them."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional

import cairn

MEAN, SPREAD = 0.13, 0.31  # of MNIST's pixels, from 0 to 1


def baseline(hidden: int = 128) -> nn.Module:
    """An untrained multilayer perceptron: 784 pixels, one hidden layer, ten scores."""
    return nn.Sequential(nn.Flatten(), nn.Linear(784, hidden), nn.ReLU(), nn.Linear(hidden, 10))


def network(width: int = 16, dropout: float = 0.3) -> nn.Module:
    """An untrained CNN: two blocks of two convolutions, each followed by pooling, then two linear layers."""
    return nn.Sequential(
        *_convolution(1, width),
        *_convolution(width, width),
        nn.MaxPool2d(2),  # 28 to 14
        *_convolution(width, 2 * width),
        *_convolution(2 * width, 2 * width),
        nn.MaxPool2d(2),  # 14 to 7
        nn.Flatten(),
        nn.Dropout(dropout),
        nn.Linear(2 * width * 49, 128),
        nn.ReLU(),
        nn.Dropout(dropout),
        nn.Linear(128, 10),
        nn.Softmax(1),
    )


def _convolution(inputs: int, outputs: int) -> list[nn.Module]:
    # The normalization has a bias of its own.
    return [nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]


def prepare(images: np.ndarray) -> torch.Tensor:
    """Bytes (n, 28, 28) as numbers around zero, with a channel: (n, 1, 28, 28)."""
    return (torch.tensor(np.asarray(images), dtype=torch.float32)[:, None] / 255 - MEAN) / SPREAD


def fit(
    model: nn.Module, images: np.ndarray, labels: np.ndarray, steps: int, rate: float = 1e-3
) -> list[float]:
    """Train on one batch again and again; the loss before each step."""
    inputs, truth = prepare(images), torch.tensor(np.asarray(labels))
    optimizer = torch.optim.Adam(model.parameters(), rate)
    losses = []
    model.train()
    for _ in range(steps):
        loss = functional.cross_entropy(model(inputs), truth)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def scores(model: nn.Module, images: np.ndarray) -> np.ndarray:
    """Ten scores for each image (n, 28, 28) of bytes, with dropout off and the stored statistics: (n, 10)."""
    was_training = model.training
    model.eval()
    with torch.no_grad():
        found = torch.cat([model(part) for part in prepare(images).split(500)])
    model.train(was_training)
    return found.numpy()


def trained() -> nn.Module:
    """The network that the training kept."""
    model = network()
    model.load_state_dict(cairn.load("model"))
    return model.eval()


def predict(images: np.ndarray) -> np.ndarray:
    """The digit on each image (n, 28, 28) of bytes, by the trained network: (n,)."""
    return scores(trained(), images).argmax(1)


def confusion_matrix(truth: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """How often each class (row) was taken for each class (column)."""
    matrix = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(matrix, (truth, predicted), 1)
    return matrix


def precision_recall(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Precision and recall of each class; 0 where the class was never predicted, or never there."""
    right = np.diag(matrix).astype(float)
    predicted, there = matrix.sum(0), matrix.sum(1)
    return right / np.maximum(predicted, 1), right / np.maximum(there, 1)
