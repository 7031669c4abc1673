"""A byte-pair tokenizer and a decoder-only transformer, from raw text to a text that answers a prompt."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional

import cairn

END = 0  # between stories; the bytes are 1 to 256, merges come after


def train_tokenizer(texts: list[str], size: int) -> list[tuple[int, int]]:
    """The pairs of tokens to merge, the most frequent first, until there are ``size`` tokens.

    A merge never joins two words: the space belongs to the word that follows it.
    """


def encode(text: str) -> list[int]:
    """The tokens of any text, by the tokenizer that ``train.py`` kept."""


def decode(ids: list[int]) -> str:
    """The text of tokens."""


def pack(sequences: list[list[int]], length: int) -> np.ndarray:
    """Tokenized texts as rows (n, length + 1): each text after an END, one stream, cut every ``length`` tokens.

    Each row begins with the last token of the row before. What is left at the end is dropped.
    """


class LanguageModel(nn.Module):
    """Tokens (n, time) to scores of the next token (n, time, vocabulary)."""


def gradients(rows: np.ndarray, parts: int, seed: int = 0) -> dict[str, np.ndarray]:
    """The gradient of a small fresh model's mean loss on ``rows`` (n, time + 1), tokens below 512, by parameter.

    It is accumulated over ``parts`` pieces of the rows, which may differ by one row in size.
    """


def short_training(rows: np.ndarray, steps: int, state: object = None) -> tuple[list[float], object]:
    """Train a small model for some steps, one row each; the loss before each, and the state to go on from."""


def next_token(rows: list[list[int]]) -> np.ndarray:
    """The logarithms of the probabilities of the token after each row, rows of one length: (n, vocabulary).

    By the trained model: ``cairn.load("model")`` gives the tensors that ``train.py`` saved.
    """


def generate(prompt: str, length: int, seed: int = 0, temperature: float = 1.0) -> str:
    """The prompt and what the model writes after it, at most ``length`` tokens, up to the story's end."""
