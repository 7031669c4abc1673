"""A convolutional network for handwritten digits, its plain rival, and the numbers that judge them."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional

import cairn


def baseline() -> nn.Module:
    """An untrained multilayer perceptron: (n, 1, 28, 28) to ten scores (n, 10)."""


def network() -> nn.Module:
    """An untrained convolutional network: (n, 1, 28, 28) to ten scores (n, 10)."""


def prepare(images: np.ndarray) -> torch.Tensor:
    """Bytes (n, 28, 28) from 0 to 255 as what your networks take: numbers (n, 1, 28, 28) around zero."""


def fit(model: nn.Module, images: np.ndarray, labels: np.ndarray, steps: int, rate: float = 1e-3) -> list[float]:
    """Train on this one batch, ``steps`` times. Returns the loss before each step."""


def scores(model: nn.Module, images: np.ndarray) -> np.ndarray:
    """Ten scores for each image (n, 28, 28) of bytes: (n, 10). In evaluation mode, without gradients."""


def predict(images: np.ndarray) -> np.ndarray:
    """The digit on each image (n, 28, 28) of bytes, by the trained network: whole numbers (n,).

    ``cairn.load("model")`` gives the tensors that ``train.py`` saved, for ``load_state_dict``.
    """


def confusion_matrix(truth: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """How often each class (row) was taken for each class (column): whole numbers (classes, classes)."""


def precision_recall(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of each class: the share of its column, and of its row, that is right. 0 where there is nothing."""
