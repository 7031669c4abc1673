"""The program that trains. It runs on a node, and its curves are drawn as it goes."""

import torch

import cairn
from solution import ImageEncoder, TextEncoder, contrastive

shapes = cairn.data("shapes")  # train_images, train_captions; valid_images, valid_captions, valid_labels, valid_names

# Your training loop. On the way:
#   cairn.parameters.steps, .batch, .rate       what was chosen on the page
#   cairn.total_steps(steps)                    how many steps there will be
#   cairn.log({"loss": loss.item(), "scale": scale.item()}, step)
#   cairn.log({"valid/recall@5": share, "valid/accuracy": share}, step)     now and then
#   cairn.checkpoint(step, every=100, model=model, optimizer=optimizer)     and cairn.resume() at the start
# At the end, keep the encoders and the words: cairn.save("model", model), cairn.save("vocabulary", words)
