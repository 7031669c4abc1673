"""Two encoders that meet in one space: pictures and sentences, drawn together by a contrastive loss."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional

import cairn


class ImageEncoder(nn.Module):
    """Pictures (n, 3, 32, 32) to vectors (n, width)."""


class TextEncoder(nn.Module):
    """Rows of words (n, time) to vectors (n, width)."""


def contrastive(images: torch.Tensor, texts: torch.Tensor, scale: torch.Tensor | float, parts: int = 1) -> torch.Tensor:
    """The symmetric loss of n pairs of vectors (n, d), with a gradient; rows are compared in ``parts`` pieces."""


def contrastive_loss(images: np.ndarray, texts: np.ndarray, scale: float, parts: int = 1) -> float:
    """The same of arrays, as a number."""
    return contrastive(torch.tensor(images), torch.tensor(texts), scale, parts).item()


def loss_gradients(images: np.ndarray, texts: np.ndarray, scale: float, parts: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """The loss's gradient for the image vectors and for the text vectors, before they are normalized."""


def encode_images(images: np.ndarray) -> np.ndarray:
    """Vectors of pictures (n, 32, 32, 3) of bytes, by the trained model: (n, d).

    ``cairn.load("model")`` gives the tensors that ``train.py`` saved.
    """


def encode_texts(captions: list[str]) -> np.ndarray:
    """Vectors of sentences, by the trained model: (n, d)."""
