"""Trains the network on shifted, turned and stretched digits, with a rate that rises and falls."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional

import cairn
from solution import confusion_matrix, network, prepare, scores

BATCH = 64


def bent(images: torch.Tensor) -> torch.Tensor:
    """Each image moved, turned, sheared and stretched a little, each in its own way."""

    def between(most: float) -> torch.Tensor:
        return (torch.rand(len(images)) * 2 - 1) * most

    angle, across, down, shear = between(0.25), 1 + between(0.12), 1 + between(0.12), between(0.2)
    cos, sin = angle.cos(), angle.sin()
    rows = [
        torch.stack([cos * across, shear - sin * down, between(0.14)], 1),
        torch.stack([sin * across, cos * down, between(0.14)], 1),
    ]
    grid = functional.affine_grid(torch.stack(rows, 1), list(images.shape), align_corners=False)
    return functional.grid_sample(images, grid, padding_mode="border", align_corners=False)


def accuracy(model: nn.Module, images: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """The share that is right, and the loss, in evaluation mode."""
    found = scores(model, images)
    loss = functional.cross_entropy(torch.tensor(found), torch.tensor(labels))
    return float((found.argmax(1) == labels).mean()), loss.item()


def main() -> None:
    """Train, tell how it goes, keep the network."""
    torch.set_num_threads(1)  # at this size a second thread costs more than it brings
    asked, digits = cairn.parameters, cairn.data("digits")
    images, labels = prepare(digits["train_images"]), torch.tensor(digits["train_labels"])
    model = network()
    optimizer = torch.optim.AdamW(model.parameters(), asked.rate, weight_decay=0.01)
    per_epoch = len(images) // BATCH
    steps = int(asked.epochs) * per_epoch
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, asked.rate, total_steps=steps)
    cairn.total_steps(steps)
    step = 0
    if kept := cairn.resume():
        kept.load(model=model, optimizer=optimizer, schedule=schedule)
        step = kept.step
    while step < steps:
        for rows in torch.randperm(len(images))[: per_epoch * BATCH].split(BATCH):
            batch = bent(images[rows]) if asked.augment else images[rows]
            found = model(batch)
            loss = functional.cross_entropy(found, labels[rows], label_smoothing=0.05)
            loss.backward()
            length = nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimizer.step()
            schedule.step()
            right = (found.argmax(1) == labels[rows]).float().mean()
            rate = schedule.get_last_lr()[0]
            cairn.log({"loss": loss.item(), "accuracy": right, "gradient": length, "rate": rate}, step)
            step += 1
        share, valid_loss = accuracy(model, digits["valid_images"], digits["valid_labels"])
        cairn.log({"valid/accuracy": share, "valid/loss": valid_loss}, step - 1)
        cairn.checkpoint(step, model=model, optimizer=optimizer, schedule=schedule)
        print(f"step {step} of {steps}: {share:.1%} of the validation digits are right")
    found = scores(model, digits["valid_images"]).argmax(1)
    print(confusion_matrix(digits["valid_labels"], found, 10))
    for row in np.flatnonzero(found != digits["valid_labels"])[:8]:
        cairn.image(f"taken for a {found[row]}", digits["valid_images"][row], step)
    cairn.save("model", model)


if __name__ == "__main__":
    main()
