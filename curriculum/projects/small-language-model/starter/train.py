"""The program that trains. It runs on a node, and its curves are drawn as it goes."""

import torch

import cairn
from solution import LanguageModel, pack, train_tokenizer

stories = cairn.data("stories")  # train_stories, valid_stories: texts

# From raw stories to a model. On the way:
#   cairn.parameters.steps, .rate, .vocabulary, .parts      what was chosen on the page
#   cairn.total_steps(steps)                                how many steps there will be
#   cairn.log({"loss": loss.item()}, step)
#   cairn.log({"valid/bits": bits}, step)                   bits a byte of stories not trained on, now and then
#   cairn.text("story", text, step)                         what the model writes by now
#   cairn.checkpoint(step, every=100, model=model, optimizer=optimizer)     and cairn.resume() at the start
# At the end: cairn.save("tokenizer", {"merges": merges}) and cairn.save("model", model)
