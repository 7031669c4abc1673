"""Food-101, reduced to small squares."""

import io
import json
import tarfile

import numpy as np

from kept import file


def load(seed: int, size: int, valid: int) -> dict[str, dict[str, np.ndarray]]:
    """``images`` (n, size, size, 3) of bytes, ``labels`` (n,); ``classes`` (101,) in train. Needs Pillow."""
    from PIL import Image

    pictures: dict[str, np.ndarray] = {}
    lists: dict[str, dict[str, list[str]]] = {}
    with tarfile.open(file("food-101/food-101.tar.gz")) as archive:
        for member in archive:
            source = archive.extractfile(member) if member.isfile() else None
            if source and member.name in ("food-101/meta/train.json", "food-101/meta/test.json"):
                lists[member.name.split("/")[-1]] = json.load(source)
            elif source and member.name.endswith(".jpg"):
                name = member.name.removeprefix("food-101/images/").removesuffix(".jpg")
                picture = Image.open(io.BytesIO(source.read())).convert("RGB")
                side = min(picture.size)
                left, top = (picture.width - side) // 2, (picture.height - side) // 2
                square = picture.crop((left, top, left + side, top + side)).resize((size, size))
                pictures[name] = np.asarray(square, np.uint8)
    classes = sorted(lists["train.json"])
    train = [name for label in classes for name in sorted(lists["train.json"][label])]
    test = [name for label in classes for name in sorted(lists["test.json"][label])]
    shuffled = [train[row] for row in np.random.default_rng(seed).permutation(len(train))]
    parts = {"train": shuffled[valid:], "valid": shuffled[:valid], "hidden": test}
    splits = {name: _split(names, pictures, classes) for name, names in parts.items()}
    splits["train"]["classes"] = np.array(classes)
    return splits


def _split(names: list[str], pictures: dict[str, np.ndarray], classes: list[str]) -> dict[str, np.ndarray]:
    labels = np.array([classes.index(name.split("/")[0]) for name in names], np.int64)
    return {"images": np.stack([pictures[name] for name in names]), "labels": labels}
