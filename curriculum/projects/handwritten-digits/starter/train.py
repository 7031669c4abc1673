"""The program that trains. It runs on a node, and its curves are drawn as it goes."""

import torch

import cairn
from solution import network, prepare

digits = cairn.data("digits")  # train_images, train_labels, valid_images, valid_labels
images, labels = prepare(digits["train_images"]), torch.tensor(digits["train_labels"])
model = network()

# Your training loop. On the way:
#   cairn.parameters.epochs, .rate, .augment    what was chosen on the page
#   cairn.total_steps(steps)                    how many steps there will be
#   cairn.log({"loss": loss.item(), "accuracy": share}, step)
#   cairn.log({"valid/accuracy": share, "valid/loss": loss}, step)      after each epoch
#   cairn.checkpoint(step, model=model, optimizer=optimizer)            and cairn.resume() at the start

cairn.save("model", model)
