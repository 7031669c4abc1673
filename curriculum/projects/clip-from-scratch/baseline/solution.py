"""Mean colours on one side, a bag of words on the other, and a straight line between them."""

import json
import re
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

import cairn


def colours(images: np.ndarray) -> torch.Tensor:
    """The mean and the largest value of each channel, from 0 to 1: (n, 6)."""
    pixels = torch.tensor(np.asarray(images), dtype=torch.float32).flatten(1, 2) / 255
    return torch.cat([pixels.mean(1), pixels.amax(1)], 1)


def bag(words: list[str], captions: list[str]) -> torch.Tensor:
    """Which words occur: (n, words)."""
    found = [set(re.findall(r"[a-z]+", str(caption).lower())) for caption in captions]
    return torch.tensor([[float(word in there) for word in words] for there in found])


def model_of(words: list[str]) -> nn.ModuleDict:
    """Two linear layers."""
    return nn.ModuleDict({"image": nn.Linear(6, 32), "text": nn.Linear(len(words), 32)})


def contrastive(images: torch.Tensor, texts: torch.Tensor, scale: float, parts: int = 1) -> torch.Tensor:
    """The symmetric loss of n pairs, its rows compared in ``parts`` pieces."""
    images, texts = functional.normalize(images, dim=-1), functional.normalize(texts, dim=-1)
    whole = images.new_zeros(())
    for rows in torch.arange(len(images)).tensor_split(parts):
        for one, other in ((images, texts), (texts, images)):
            whole = whole + functional.cross_entropy(scale * one[rows] @ other.T, rows, reduction="sum")
    return whole / (2 * len(images))


def contrastive_loss(images: np.ndarray, texts: np.ndarray, scale: float, parts: int = 1) -> float:
    """The same of arrays."""
    return contrastive(torch.tensor(images), torch.tensor(texts), scale, parts).item()


def loss_gradients(images: np.ndarray, texts: np.ndarray, scale: float, parts: int = 1) -> tuple:
    """The gradients for both sides."""
    one, other = torch.tensor(images, requires_grad=True), torch.tensor(texts, requires_grad=True)
    contrastive(one, other, scale, parts).backward()
    return one.grad.numpy(), other.grad.numpy()


def trained() -> tuple[list[str], nn.ModuleDict]:
    """What the training kept."""
    words = json.loads(Path("artifacts/vocabulary").read_text())
    model = model_of(words)
    model.load_state_dict(cairn.load("model"))
    return words, model


def encode_images(images: np.ndarray) -> np.ndarray:
    """Vectors of pictures."""
    return trained()[1]["image"](colours(images)).detach().numpy()


def encode_texts(captions: list[str]) -> np.ndarray:
    """Vectors of sentences."""
    words, model = trained()
    return model["text"](bag(words, captions)).detach().numpy()
