"""The sentences of COCO 2017, and which image each belongs to."""

import json
import zipfile

import numpy as np

from kept import file


def load(seed: int, valid: int) -> dict[str, dict[str, np.ndarray]]:
    """``captions`` (n,) and ``image`` (n,), the image's number. No image is in two splits."""
    with zipfile.ZipFile(file("coco-captions/annotations_trainval2017.zip")) as archive:
        known = _pairs(archive, "annotations/captions_train2017.json")
        hidden = _pairs(archive, "annotations/captions_val2017.json")
    images = np.random.default_rng(seed).permutation(sorted({image for image, _ in known}))
    taken: set[int] = set()
    count = {image: 0 for image in images}
    for image, _ in known:
        count[image] += 1
    total = 0
    for image in images:
        if total >= valid:
            break
        taken.add(int(image))
        total += count[image]
    return {
        "train": _split([pair for pair in known if pair[0] not in taken]),
        "valid": _split([pair for pair in known if pair[0] in taken]),
        "hidden": _split(hidden),
    }


def _pairs(archive: zipfile.ZipFile, name: str) -> list[tuple[int, str]]:
    rows = json.loads(archive.read(name))["annotations"]
    return [
        (row["image_id"], " ".join(row["caption"].split())) for row in sorted(rows, key=lambda row: row["id"])
    ]


def _split(pairs: list[tuple[int, str]]) -> dict[str, np.ndarray]:
    # Some captions are a hundred times as long as most; what is beyond 250 characters is cut.
    return {
        "captions": np.array([text[:250] for _, text in pairs]),
        "image": np.array([image for image, _ in pairs]),
    }
