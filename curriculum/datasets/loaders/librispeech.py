"""LibriSpeech's sentences, read straight from the archive."""

import io
import tarfile

import numpy as np

from kept import file

RATE, SECONDS = 16_000, 8


def load(valid: int, hidden: int) -> dict[str, dict[str, np.ndarray]]:
    """``sounds`` (n, 128000) of 16-bit samples at 16 kHz, ``texts`` (n,), ``speakers`` (n,).

    The last speakers, ``valid`` and ``hidden`` of them, are in no other split. Needs soundfile.
    """
    import soundfile

    texts: dict[str, str] = {}
    sounds: dict[str, np.ndarray] = {}
    with tarfile.open(file("librispeech/dev-clean.tar.gz")) as archive:
        for member in archive:
            source = archive.extractfile(member) if member.isfile() else None
            if source and member.name.endswith(".trans.txt"):
                lines = source.read().decode().splitlines()
                texts |= {name: text for name, _, text in (line.partition(" ") for line in lines)}
            elif source and member.name.endswith(".flac"):
                samples, _ = soundfile.read(io.BytesIO(source.read()), dtype="int16")
                name = member.name.split("/")[-1].removesuffix(".flac")
                sounds[name] = np.zeros(RATE * SECONDS, np.int16)
                sounds[name][: len(samples)] = samples[: RATE * SECONDS]
    speakers = sorted({_speaker(name) for name in sounds})
    ends = {
        "train": speakers[: -valid - hidden],
        "valid": speakers[-valid - hidden : -hidden],
        "hidden": speakers[-hidden:],
    }
    return {split: _split(sounds, texts, set(chosen)) for split, chosen in ends.items()}


def _speaker(name: str) -> int:
    return int(name.split("-")[0])


def _split(sounds: dict[str, np.ndarray], texts: dict[str, str], speakers: set[int]) -> dict[str, np.ndarray]:
    names = sorted(name for name in sounds if _speaker(name) in speakers)
    return {
        "sounds": np.stack([sounds[name] for name in names]),
        "texts": np.array([texts[name] for name in names]),
        "speakers": np.array([_speaker(name) for name in names]),
    }
