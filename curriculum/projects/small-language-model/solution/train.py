"""From raw stories to a tokenizer and a language model, with a checkpoint now and then."""

import math

import numpy as np
import torch
from torch import nn

import cairn
from solution import (
    CONTEXT,
    END,
    LanguageModel,
    Tokenizer,
    accumulate,
    continued,
    loss_of,
    pack,
    train_tokenizer,
)

SHAPE = {"width": 128, "layers": 4, "heads": 4}
BATCH = 16
EVERY = 100


def rate_at(step: int, steps: int, highest: float) -> float:
    """The learning rate: up in a straight line for a twentieth of the steps, then down along a cosine."""
    rising = max(1, steps // 20)
    if step < rising:
        return highest * (step + 1) / rising
    return highest * (0.05 + 0.95 * (1 + math.cos(math.pi * (step - rising) / (steps - rising))) / 2)


def bits_a_byte(model: nn.Module, tokenizer: Tokenizer, stories: list[str]) -> float:
    """The mean cost of stories the model has not seen, each by itself."""
    bits = 0.0
    with torch.no_grad():
        for story in stories:
            ids = [0, *tokenizer.encode(story), 0][: CONTEXT + 1]
            bits += loss_of(model, torch.tensor([ids])).item() * (len(ids) - 1) / math.log(2)
    return bits / sum(len(story.encode()) for story in stories)


def main() -> None:
    """Train the tokenizer, then the model; keep both."""
    torch.set_num_threads(1)  # at this size a second thread costs more than it brings
    asked, stories = cairn.parameters, cairn.data("stories")
    texts = [str(story) for story in stories["train_stories"]]
    tokenizer = Tokenizer(train_tokenizer(texts[:2000], int(asked.vocabulary)))
    cairn.save("tokenizer", {"merges": tokenizer.merges, "shape": SHAPE})
    stream = torch.tensor(pack([tokenizer.encode(text) for text in texts], CONTEXT)[:, :-1].ravel())
    # Each row begins where a story does: what is to be looked up is then always at about the same place.
    starts = (stream[:-CONTEXT] == END).nonzero()
    rows = stream.unfold(0, CONTEXT + 1, 1)
    valid = [str(story) for story in stories["valid_stories"][:100]]
    print(f"{tokenizer.size} tokens; {len(stream):,} of them in {len(texts):,} stories")

    model = LanguageModel(tokenizer.size, **SHAPE)
    print(f"{sum(weight.numel() for weight in model.parameters()):,} parameters")
    optimizer = torch.optim.AdamW(model.parameters(), asked.rate, betas=(0.9, 0.98), weight_decay=0.01)
    steps, first = int(asked.steps), 0
    cairn.total_steps(steps)
    if kept := cairn.resume():
        kept.load(model=model, optimizer=optimizer)
        first = kept.step
    for step in range(first, steps):
        rate = rate_at(step, steps, asked.rate)
        optimizer.param_groups[0]["lr"] = rate
        # Each step's rows follow from its number, so that a training that goes on draws what it would have drawn.
        chosen = starts[np.random.default_rng([cairn.seed, step]).integers(len(starts), size=BATCH), 0]
        optimizer.zero_grad()
        loss = accumulate(model, rows[chosen], int(asked.parts))
        length = nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        cairn.log({"loss": loss, "gradient": length, "rate": rate}, step)
        if (step + 1) % EVERY == 0 or step + 1 == steps:
            cairn.log({"valid/bits": bits_a_byte(model, tokenizer, valid)}, step)
            chance = torch.Generator().manual_seed(step)
            cairn.text("story", continued(tokenizer, model, "Once there was", 110, chance, 0.8), step)
        cairn.checkpoint(step + 1, every=EVERY, model=model, optimizer=optimizer)
    cairn.save("model", model)


if __name__ == "__main__":
    main()
