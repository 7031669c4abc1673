"""Trains the perceptron for a few epochs, on the digits as they are."""

import torch
from torch.nn import functional

import cairn
from solution import network, prepare, scores

digits = cairn.data("digits")
images, labels = prepare(digits["train_images"]), torch.tensor(digits["train_labels"])
model = network()
optimizer = torch.optim.SGD(model.parameters(), 0.1)
steps = int(cairn.parameters.epochs) * (len(images) // 64)
cairn.total_steps(steps)
step = 0
while step < steps:
    for rows in torch.randperm(len(images))[: len(images) // 64 * 64].split(64):
        found = model(images[rows])
        loss = functional.cross_entropy(found, labels[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        share = (found.argmax(1) == labels[rows]).float().mean()
        cairn.log({"loss": loss.item(), "accuracy": share}, step)
        step += 1
    valid = scores(model, digits["valid_images"])
    loss = functional.cross_entropy(torch.tensor(valid), torch.tensor(digits["valid_labels"]))
    share = (valid.argmax(1) == digits["valid_labels"]).mean()
    cairn.log({"valid/accuracy": share, "valid/loss": loss.item()}, step - 1)
cairn.save("model", model)
