"""Counts which token follows which, and learns the same table by steps for the sake of a curve."""

import numpy as np
import torch

import cairn
from solution import encode_with, pack, table_loss, train_tokenizer

stories = cairn.data("stories")
texts = [str(story) for story in stories["train_stories"]]
merges = train_tokenizer(texts[:1000], int(cairn.parameters.vocabulary))
cairn.save("tokenizer", {"merges": merges})
known = {}
rows = []
for text in texts[:3000]:
    words = [word if index == 0 else f" {word}" for index, word in enumerate(text.split(" "))]
    rows.append([token for word in words for token in known.setdefault(word, encode_with(merges, word))])
rows = torch.tensor(pack(rows, 128))
size = 257 + len(merges)
table = torch.zeros(size, size, requires_grad=True)
optimizer = torch.optim.Adam([table], 0.1)
steps = min(200, int(cairn.parameters.steps))
cairn.total_steps(steps)
for step in range(steps):
    chosen = np.random.default_rng([cairn.seed, step]).integers(len(rows), size=32)
    loss = table_loss(table, rows[chosen])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    cairn.log({"loss": loss.item()}, step)
cairn.save("model", {"table": table.detach()})
