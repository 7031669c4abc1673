"""A language model that looks at one token only: a table of which token follows which."""

import json
import re
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

import cairn

END = 0
WORD = re.compile(r" ?[A-Za-z]+| ?[^A-Za-z ]+| +")


def train_tokenizer(texts: list[str], size: int) -> list[tuple[int, int]]:
    """The most frequent pairs, merged in turn."""
    counts = Counter(word for text in texts for word in WORD.findall(text))
    words = {word: [byte + 1 for byte in word.encode()] for word in counts}
    merges = []
    while 257 + len(merges) < size:
        pairs = Counter()
        for word, ids in words.items():
            for pair in zip(ids, ids[1:], strict=False):
                pairs[pair] += counts[word]
        if not pairs:
            break
        merges.append(max(pairs, key=lambda pair: (pairs[pair], pair)))
        words = {word: merged(ids, merges[-1], 256 + len(merges)) for word, ids in words.items()}
    return merges


def merged(ids: list[int], pair: tuple[int, int], new: int) -> list[int]:
    """The tokens with each such pair made one."""
    out = []
    for token in ids:
        if out and (out[-1], token) == pair:
            out[-1] = new
        else:
            out.append(token)
    return out


def encode_with(merges: list[tuple[int, int]], text: str) -> list[int]:
    """The tokens of a text, merge after merge."""
    out = []
    for word in WORD.findall(text):
        ids = [byte + 1 for byte in word.encode()]
        for rank, pair in enumerate(merges):
            ids = merged(ids, tuple(pair), 257 + rank)
        out += ids
    return out


@cache
def kept() -> tuple[list[tuple[int, int]], list[bytes], np.ndarray]:
    """Merges, what each token stands for, and the logarithms of the table."""
    merges = [tuple(pair) for pair in json.loads(Path("artifacts/tokenizer").read_text())["merges"]]
    pieces = [b"", *(bytes([byte]) for byte in range(256))]
    for left, right in merges:
        pieces.append(pieces[left] + pieces[right])
    table = cairn.load("model")["table"].double()
    return merges, pieces, functional.log_softmax(table, -1).numpy()


def encode(text: str) -> list[int]:
    """The tokens of a text."""
    return encode_with(kept()[0], text)


def decode(ids: list[int]) -> str:
    """The text of tokens."""
    return b"".join(kept()[1][token] for token in ids).decode("utf-8", "replace")


def pack(sequences: list[list[int]], length: int) -> np.ndarray:
    """One stream, cut into rows that overlap by one token."""
    stream = np.array([token for sequence in sequences for token in (END, *sequence)])
    starts = range(0, len(stream) - length, length)
    return np.stack([stream[start : start + length + 1] for start in starts])


def table_loss(table: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
    """The mean cross-entropy of each token given the one before."""
    return functional.cross_entropy(table[rows[:, :-1]].flatten(0, 1), rows[:, 1:].flatten())


def gradients(rows: np.ndarray, parts: int, seed: int = 0) -> dict[str, np.ndarray]:
    """The gradient of a small model: two tables and a bias."""
    generator = torch.Generator().manual_seed(seed)
    weights = {
        name: torch.randn(shape, generator=generator).requires_grad_()
        for name, shape in {"in": (512, 8), "mid": (8, 8), "out": (8, 512), "bias": (512,)}.items()
    }
    for piece in torch.tensor(rows).tensor_split(parts):
        table = weights["in"] @ weights["mid"] @ weights["out"] + weights["bias"]
        (table_loss(table, piece) * len(piece) / len(rows)).backward()
    return {name: weight.grad.numpy() for name, weight in weights.items()}


def short_training(rows: np.ndarray, steps: int, state: dict | None = None) -> tuple[list[float], dict]:
    """Train a table with momentum."""
    state = state or {"done": 0, "table": torch.zeros(512, 512), "speed": torch.zeros(512, 512)}
    table, speed, losses = state["table"].clone().requires_grad_(), state["speed"].clone(), []
    for step in range(state["done"], state["done"] + steps):
        loss = table_loss(table, torch.tensor(rows[step % len(rows)])[None])
        losses.append(loss.item())
        (slope,) = torch.autograd.grad(loss, table)
        speed = 0.9 * speed + slope
        table = (table - 10 * speed).detach().requires_grad_()
    return losses, {"done": state["done"] + steps, "table": table.detach(), "speed": speed}


def next_token(rows: list[list[int]]) -> np.ndarray:
    """The row of the table for each last token."""
    return kept()[2][[row[-1] for row in rows]]


def generate(prompt: str, length: int, seed: int = 0, temperature: float = 1.0) -> str:
    """Token after token, each drawn from the row of the one before."""
    rng = np.random.default_rng(seed)
    last, out = (encode(prompt) or [END])[-1], []
    for _ in range(length):
        odds = np.exp(kept()[2][last] / temperature)
        last = int(rng.choice(len(odds), p=odds / odds.sum()))
        if last == END:
            break
        out.append(last)
    return prompt + decode(out)
