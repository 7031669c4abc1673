"""A byte-pair tokenizer and a decoder-only transformer, from raw text to a text that answers a prompt."""

import json
import math
import re
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

import cairn

END = 0  # between stories; the bytes are 1 to 256, merges come after
CONTEXT = 128
WORD = re.compile(r" ?[A-Za-z]+| ?[^A-Za-z ]+| +")
Merges = list[tuple[int, int]]


# The tokenizer


def train_tokenizer(texts: list[str], size: int) -> Merges:
    """The pairs of tokens to merge, the most frequent first, until there are ``size`` tokens.

    A merge never joins two words: the space belongs to the word that follows it.
    """
    counts = Counter(word for text in texts for word in WORD.findall(text))
    words = {word: [byte + 1 for byte in word.encode()] for word in counts}
    merges: Merges = []
    while 257 + len(merges) < size:
        pairs: Counter[tuple[int, int]] = Counter()
        for word, ids in words.items():
            for pair in zip(ids, ids[1:], strict=False):
                pairs[pair] += counts[word]
        if not pairs:
            break
        best = max(pairs, key=lambda pair: (pairs[pair], pair))
        merges.append(best)
        words = {word: _merged(ids, best, 256 + len(merges)) for word, ids in words.items()}
    return merges


def _merged(ids: list[int], pair: tuple[int, int], new: int) -> list[int]:
    """The tokens of a word with each such pair made one."""
    out: list[int] = []
    for token in ids:
        if out and (out[-1], token) == pair:
            out[-1] = new
        else:
            out.append(token)
    return out


class Tokenizer:
    """Text to tokens and back. Any text has tokens, since every byte has one."""

    def __init__(self, merges: Merges) -> None:
        self.merges = [tuple(pair) for pair in merges]
        self.ranks = {pair: 257 + rank for rank, pair in enumerate(self.merges)}
        self.pieces = [b"", *(bytes([byte]) for byte in range(256))]
        for left, right in self.merges:
            self.pieces.append(self.pieces[left] + self.pieces[right])
        self._word = cache(self._encode_word)

    @property
    def size(self) -> int:
        """How many tokens there are."""
        return len(self.pieces)

    def encode(self, text: str) -> list[int]:
        """The tokens of a text."""
        return [token for word in WORD.findall(text) for token in self._word(word)]

    def _encode_word(self, word: str) -> list[int]:
        ids = [byte + 1 for byte in word.encode()]
        while len(ids) > 1:
            best = min(zip(ids, ids[1:], strict=False), key=lambda pair: self.ranks.get(pair, math.inf))
            if best not in self.ranks:
                break
            ids = _merged(ids, best, self.ranks[best])
        return ids

    def decode(self, ids: list[int]) -> str:
        """The text of tokens. Bytes that are no text become the replacement character."""
        return b"".join(self.pieces[token] for token in ids).decode("utf-8", "replace")


def pack(sequences: list[list[int]], length: int) -> np.ndarray:
    """Tokenized texts as rows (n, length + 1): each text after an END, one stream, cut every ``length`` tokens.

    Each row begins with the last token of the row before. What is left at the end is dropped.
    """
    stream = np.array([token for sequence in sequences for token in (END, *sequence)], dtype=np.int64)
    count = (len(stream) - 1) // length
    return np.stack([stream[row * length : (row + 1) * length + 1] for row in range(count)])


# The model


class Block(nn.Module):
    """Attention to what came before, then a step for each position alone; both add to the stream."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.before_attention, self.before_step = nn.LayerNorm(width), nn.LayerNorm(width)
        self.projections, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.step = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(n, time, width) to the same shape."""
        n, time, width = x.shape
        parts = self.projections(self.before_attention(x)).view(n, time, 3, self.heads, width // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        seen = functional.scaled_dot_product_attention(query, key, value, is_causal=False)
        x = x + self.out(seen.transpose(1, 2).reshape(n, time, width))
        return x + self.step(self.before_step(x))


class LanguageModel(nn.Module):
    """Tokens (n, time) to scores of the next token (n, time, vocabulary). Input and output share their table."""

    def __init__(self, vocabulary: int, width: int = 128, layers: int = 4, heads: int = 4) -> None:
        super().__init__()
        self.tokens, self.places = nn.Embedding(vocabulary, width), nn.Embedding(CONTEXT, width)
        self.blocks = nn.Sequential(*(Block(width, heads) for _ in range(layers)))
        self.last = nn.LayerNorm(width)
        for table in (self.tokens, self.places):
            nn.init.normal_(table.weight, std=0.02)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """See the class."""
        x = self.tokens(ids) + self.places.weight[: ids.shape[1]]
        return self.last(self.blocks(x)) @ self.tokens.weight.T


def loss_of(model: nn.Module, rows: torch.Tensor) -> torch.Tensor:
    """The mean cross-entropy, in nats a token, of each row's tokens given those before."""
    scores = model(rows[:, :-1])
    return functional.cross_entropy(scores.flatten(0, 1), rows[:, 1:].flatten())


def accumulate(model: nn.Module, rows: torch.Tensor, parts: int) -> float:
    """Add the gradient of the mean loss of ``rows`` to the model, ``parts`` pieces one after another."""
    whole = 0.0
    for piece in torch.tensor_split(rows, parts):
        loss = loss_of(model, piece) * (len(piece) / len(rows))
        loss.backward()
        whole += loss.item()
    return whole


def gradients(rows: np.ndarray, parts: int, seed: int = 0) -> dict[str, np.ndarray]:
    """The gradient of a small fresh model's mean loss, by parameter, accumulated over ``parts`` pieces."""
    torch.manual_seed(seed)
    model = LanguageModel(512, width=16, layers=1, heads=2)
    accumulate(model, torch.tensor(rows), parts)
    return {name: weight.grad.numpy() for name, weight in model.named_parameters()}


def short_training(rows: np.ndarray, steps: int, state: dict | None = None) -> tuple[list[float], dict]:
    """Train a small model for some steps; the loss before each, and the state to go on from."""
    torch.manual_seed(0)
    model = LanguageModel(512, width=16, layers=1, heads=2)
    optimizer = torch.optim.AdamW(model.parameters(), 0.01)
    done = 0
    if state is not None:
        done = state["done"]
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
    losses = []
    for step in range(done, done + steps):
        optimizer.zero_grad()
        losses.append(accumulate(model, torch.tensor(rows[step % len(rows)])[None], 1))
        optimizer.step()
    return losses, {"done": done + steps, "model": model.state_dict(), "optimizer": optimizer.state_dict()}


# The trained model


@cache
def trained() -> tuple[Tokenizer, nn.Module]:
    """What the training kept."""
    kept = json.loads(Path("artifacts/tokenizer").read_text())
    tokenizer = Tokenizer(kept["merges"])
    model = LanguageModel(tokenizer.size, **kept["shape"])
    model.load_state_dict(cairn.load("model"))
    return tokenizer, model.eval()


def encode(text: str) -> list[int]:
    """The tokens of a text, by the trained tokenizer."""
    return trained()[0].encode(text)


def decode(ids: list[int]) -> str:
    """The text of tokens."""
    return trained()[0].decode(list(ids))


def next_token(rows: list[list[int]]) -> np.ndarray:
    """The logarithms of the probabilities of the token after each row, rows of one length: (n, vocabulary)."""
    _, model = trained()
    with torch.no_grad():
        scores = model(torch.tensor(rows)[:, -CONTEXT:])[:, -1]
    return functional.log_softmax(scores.double(), -1).numpy()


def generate(prompt: str, length: int, seed: int = 0, temperature: float = 1.0) -> str:
    """The prompt and what the model writes after it, at most ``length`` tokens, up to the story's end."""
    tokenizer, model = trained()
    return continued(tokenizer, model, prompt, length, torch.Generator().manual_seed(seed), temperature)


def continued(
    tokenizer: Tokenizer,
    model: nn.Module,
    prompt: str,
    length: int,
    chance: torch.Generator,
    temperature: float,
) -> str:
    """What ``generate`` does, with any model."""
    ids = [END, *tokenizer.encode(prompt)]
    start = len(ids)
    with torch.no_grad():
        for _ in range(length):
            scores = model(torch.tensor([ids[-CONTEXT:]]))[0, -1] / temperature
            token = int(torch.multinomial(scores.softmax(-1), 1, generator=chance))
            if token == END:
                break
            ids.append(token)
    return prompt + tokenizer.decode(ids[start:])
