"""Two encoders that meet in one space: pictures and sentences, drawn together by a contrastive loss."""

import json
import re
from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

import cairn

LONGEST = 20  # words of a sentence
PAD, UNKNOWN = 0, 1


class Vocabulary:
    """Words as numbers: 0 fills up, 1 stands for every word that was never seen."""

    def __init__(self, words: list[str]) -> None:
        self.words = words
        self.numbers = {word: number for number, word in enumerate(words, 2)}

    @classmethod
    def of(cls, captions: list[str]) -> "Vocabulary":
        """All words of some sentences."""
        return cls(sorted({word for caption in captions for word in _words(caption)}))

    def rows(self, captions: list[str]) -> torch.Tensor:
        """Sentences as rows of numbers (n, LONGEST)."""
        table = torch.full((len(captions), LONGEST), PAD)
        for row, caption in enumerate(captions):
            found = [self.numbers.get(word, UNKNOWN) for word in _words(caption)][:LONGEST]
            table[row, : len(found)] = torch.tensor(found)
        return table


def _words(caption: str) -> list[str]:
    return re.findall(r"[a-z]+", str(caption).lower())


class ImageEncoder(nn.Module):
    """Pictures (n, 3, 32, 32) to vectors (n, width): four convolutions, each halving, then a linear layer."""

    def __init__(self, width: int = 64, channels: int = 24) -> None:
        super().__init__()
        sizes = [3, channels, 2 * channels, 2 * channels, 4 * channels]
        steps = [
            nn.Sequential(nn.Conv2d(a, b, 3, 2, 1, bias=False), nn.BatchNorm2d(b), nn.ReLU())
            for a, b in zip(sizes, sizes[1:], strict=False)
        ]
        self.steps = nn.Sequential(
            *steps, nn.Flatten(), nn.Linear(16 * channels, width)
        )  # 2 × 2 places are left

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """See the class."""
        return self.steps(images)


class TextEncoder(nn.Module):
    """Rows of words (n, time) to vectors (n, width): one layer of attention, then the mean over the words."""

    def __init__(self, words: int, width: int = 64) -> None:
        super().__init__()
        self.words = nn.Embedding(words + 2, width, padding_idx=PAD)
        self.places = nn.Parameter(torch.randn(LONGEST, width) * 0.02)
        self.attention = nn.TransformerEncoderLayer(width, 4, 2 * width, dropout=0.0, batch_first=True)
        self.out = nn.Linear(width, width)

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """See the class."""
        there = (rows != PAD).float()[..., None]
        x = self.attention(self.words(rows) + self.places, src_key_padding_mask=rows == PAD)
        return self.out((x * there).sum(1) / there.sum(1).clamp(min=1))


class Clip(nn.Module):
    """Both encoders and the scale, the inverse of the temperature, which is learned as its logarithm."""

    def __init__(self, words: int, width: int = 64) -> None:
        super().__init__()
        self.image, self.text = ImageEncoder(width), TextEncoder(words, width)
        self.log_scale = nn.Parameter(torch.tensor(2.65926))  # 1 / 0.07

    @property
    def scale(self) -> torch.Tensor:
        """At most 100, or one pair could take over."""
        return self.log_scale.clamp(max=4.6052).exp()


def prepare(images: np.ndarray) -> torch.Tensor:
    """Bytes (n, h, w, 3) as numbers around zero (n, 3, h, w)."""
    return torch.tensor(np.asarray(images), dtype=torch.float32).permute(0, 3, 1, 2) / 127.5 - 1


def contrastive(
    images: torch.Tensor, texts: torch.Tensor, scale: torch.Tensor | float, parts: int = 1
) -> torch.Tensor:
    """The symmetric loss of n pairs of vectors (n, d): each finds its partner among all, both ways.

    With ``parts`` the rows are compared piece by piece, so that no more than n / parts rows of similarities are
    in memory at once without a gradient. Value and gradient do not depend on it.
    """
    images, texts = functional.normalize(images, dim=-1), functional.normalize(texts, dim=-1)
    partner = torch.arange(len(images)).tensor_split(parts)
    whole = images.new_zeros(())
    for one, other in ((images, texts), (texts, images)):
        for rows in partner:
            whole = whole + functional.cross_entropy(scale * one[rows] @ other.T, rows, reduction="sum")
    return whole / (2 * len(images))


def contrastive_loss(images: np.ndarray, texts: np.ndarray, scale: float, parts: int = 1) -> float:
    """The same of arrays, as a number."""
    return contrastive(torch.tensor(images), torch.tensor(texts), scale, parts).item()


def loss_gradients(
    images: np.ndarray, texts: np.ndarray, scale: float, parts: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """The loss's gradient for the image vectors and for the text vectors."""
    one, other = torch.tensor(images, requires_grad=True), torch.tensor(texts, requires_grad=True)
    contrastive(one, other, scale, parts).backward()
    return one.grad.numpy(), other.grad.numpy()


@cache
def trained() -> tuple[Vocabulary, Clip]:
    """What the training kept."""
    vocabulary = Vocabulary(json.loads(Path("artifacts/vocabulary").read_text()))
    model = Clip(len(vocabulary.words))
    model.load_state_dict(cairn.load("model"))
    return vocabulary, model.eval()


def encode_images(images: np.ndarray) -> np.ndarray:
    """Vectors of length 1 of pictures (n, 32, 32, 3) of bytes, by the trained model: (n, d)."""
    return image_vectors(trained()[1], images)


def encode_texts(captions: list[str]) -> np.ndarray:
    """Vectors of length 1 of sentences, by the trained model: (n, d)."""
    vocabulary, model = trained()
    return text_vectors(model, vocabulary, captions)


def image_vectors(model: Clip, images: np.ndarray) -> np.ndarray:
    """What ``encode_images`` does, with any model."""
    with torch.no_grad():
        parts = [model.image(part) for part in prepare(images).split(500)]
    return functional.normalize(torch.cat(parts), dim=-1).numpy()


def text_vectors(model: Clip, vocabulary: Vocabulary, captions: list[str]) -> np.ndarray:
    """What ``encode_texts`` does, with any model."""
    with torch.no_grad():
        return functional.normalize(model.text(vocabulary.rows(captions)), dim=-1).numpy()
