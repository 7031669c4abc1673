"""IMDB's film reviews, read straight from the archive."""

import tarfile

import numpy as np

from kept import file


def load(seed: int, valid: int) -> dict[str, dict[str, np.ndarray]]:
    """``texts`` (n, bytes) of UTF-8 in one long array, ``ends`` (n,) where each text ends, ``labels`` (n,): 1 is good.

    Texts are of very different lengths; text i is ``texts[ends[i - 1] : ends[i]]``.
    """
    train, test = [], []
    with tarfile.open(file("imdb/aclImdb_v1.tar.gz")) as archive:
        for member in archive:
            parts = member.name.split("/")
            if len(parts) == 4 and parts[1] in ("train", "test") and parts[2] in ("pos", "neg"):
                source = archive.extractfile(member)
                text = source.read() if source else b""
                (train if parts[1] == "train" else test).append((member.name, text, int(parts[2] == "pos")))
    train.sort()
    order = np.random.default_rng(seed).permutation(len(train))
    shuffled = [train[row] for row in order]
    return {
        "train": _split(shuffled[valid:]),
        "valid": _split(shuffled[:valid]),
        "hidden": _split(sorted(test)),
    }


def _split(reviews: list[tuple[str, bytes, int]]) -> dict[str, np.ndarray]:
    texts = [text for _, text, _ in reviews]
    ends = np.cumsum([len(text) for text in texts])
    labels = np.array([label for _, _, label in reviews], np.int64)
    return {"texts": np.frombuffer(b"".join(texts), np.uint8), "ends": ends, "labels": labels}
