"""Trains both encoders on pairs, so that a picture finds its sentence among those of its batch."""

import math

import numpy as np
import torch
from torch import nn

import cairn
from solution import Clip, Vocabulary, contrastive, image_vectors, prepare, text_vectors

EVERY = 50


def recall(images: np.ndarray, texts: np.ndarray, k: int) -> float:
    """How often a picture's own sentence is among the k nearest."""
    similarity = images @ texts.T
    better = (similarity > np.diag(similarity)[:, None]).sum(1)
    return float((better < k).mean())


def main() -> None:
    """Train, tell how it goes, keep the encoders and the words."""
    torch.set_num_threads(1)  # at this size a second thread costs more than it brings
    asked, shapes = cairn.parameters, cairn.data("shapes")
    captions = [str(caption) for caption in shapes["train_captions"]]
    vocabulary = Vocabulary.of(captions)
    images, rows = prepare(shapes["train_images"]), vocabulary.rows(captions)
    cairn.save("vocabulary", vocabulary.words)
    model = Clip(len(vocabulary.words))
    optimizer = torch.optim.AdamW(model.parameters(), asked.rate, weight_decay=0.01)
    steps, first = int(asked.steps), 0
    cairn.total_steps(steps)
    if kept := cairn.resume():
        kept.load(model=model, optimizer=optimizer)
        first = kept.step
    for step in range(first, steps):
        rate = (
            asked.rate
            * min(1.0, (step + 1) / 50)
            * (0.05 + 0.95 * (1 + math.cos(math.pi * step / steps)) / 2)
        )
        optimizer.param_groups[0]["lr"] = rate
        # Each step's pairs follow from its number, so that a training that goes on draws what it would have drawn.
        chosen = np.random.default_rng([cairn.seed, step]).choice(
            len(images), int(asked.batch), replace=False
        )
        loss = contrastive(model.image(images[chosen]), model.text(rows[np.sort(chosen)]), model.scale)
        optimizer.zero_grad()
        loss.backward()
        length = nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        cairn.log({"loss": loss.item(), "scale": model.scale.item(), "gradient": length, "rate": rate}, step)
        if (step + 1) % EVERY == 0 or step + 1 == steps:
            watch(model, vocabulary, shapes, step)
        cairn.checkpoint(step + 1, every=2 * EVERY, model=model, optimizer=optimizer)
    cairn.save("model", model)


def watch(model: Clip, vocabulary: Vocabulary, shapes: dict[str, np.ndarray], step: int) -> None:
    """Measure what the validation split says."""
    model.eval()
    images = image_vectors(model, shapes["valid_images"])
    captions = text_vectors(model, vocabulary, list(shapes["valid_captions"]))
    named = text_vectors(model, vocabulary, [f"a picture of a {name}" for name in shapes["valid_names"]])
    right = (images @ named.T).argmax(1) == shapes["valid_labels"]
    cairn.log({"valid/recall@5": recall(images, captions, 5), "valid/accuracy": right.mean()}, step)
    model.train()


if __name__ == "__main__":
    main()
