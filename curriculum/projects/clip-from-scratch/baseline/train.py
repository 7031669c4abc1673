"""Trains two linear layers to agree."""

import re

import numpy as np
import torch

import cairn
from solution import bag, colours, contrastive, model_of

shapes = cairn.data("shapes")
captions = [str(caption) for caption in shapes["train_captions"]]
words = sorted({word for caption in captions for word in re.findall(r"[a-z]+", caption)})
images, texts = colours(shapes["train_images"]), bag(words, captions)
seen, said = colours(shapes["valid_images"]), bag(words, list(shapes["valid_captions"]))
named = bag(words, list(shapes["valid_names"]))
model = model_of(words)
optimizer = torch.optim.Adam(model.parameters(), 0.01)
steps = int(cairn.parameters.steps)
cairn.total_steps(steps)
for step in range(steps):
    rows = torch.randperm(len(images))[: int(cairn.parameters.batch)]
    loss = contrastive(model["image"](images[rows]), model["text"](texts[rows]), 10.0)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    cairn.log({"loss": loss.item(), "scale": 10.0}, step)
    if (step + 1) % 50 == 0 or step + 1 == steps:
        with torch.no_grad():
            near = torch.nn.functional.normalize(model["image"](seen), dim=-1)
            captioned = torch.nn.functional.normalize(model["text"](said), dim=-1).numpy()
            names = torch.nn.functional.normalize(model["text"](named), dim=-1).numpy()
        similarity = near.numpy() @ captioned.T
        recall = ((similarity > np.diag(similarity)[:, None]).sum(1) < 5).mean()
        right = ((near.numpy() @ names.T).argmax(1) == shapes["valid_labels"]).mean()
        cairn.log({"valid/recall@5": recall, "valid/accuracy": right}, step)
cairn.save("vocabulary", words)
cairn.save("model", model)
