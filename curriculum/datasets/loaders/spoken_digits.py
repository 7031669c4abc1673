"""The ten digits, spoken by espeak-ng in several voices, speeds and pitches."""

import io
import shutil
import subprocess
import wave

import numpy as np

WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
VOICES = ("en-us", "en-gb", "en-gb-scotland", "en-us+f2", "en-gb+f4", "en-us+m3", "en-gb+m5", "en-us+croak")
RATE, COUNT = 8000, 8000  # a second of sound


def load(seed: int, train: int, valid: int, hidden: int) -> dict[str, dict[str, np.ndarray]]:
    """``sounds`` (n, 8000) of 16-bit samples at 8 kHz, ``labels`` (n,), and ``speakers`` (n,), which index VOICES.

    The hidden split is spoken by two voices that no other split has. Raises FileNotFoundError without espeak-ng.
    """
    program = shutil.which("espeak-ng")
    if program is None:
        raise FileNotFoundError("espeak-ng is not installed; on Debian: apt-get install espeak-ng")
    rng = np.random.default_rng(seed)
    voices = {"train": range(6), "valid": range(6), "hidden": range(6, 8)}
    counts = {"train": train, "valid": valid, "hidden": hidden}
    return {name: _split(rng, program, count, list(voices[name])) for name, count in counts.items()}


def _split(rng: np.random.Generator, program: str, count: int, voices: list[int]) -> dict[str, np.ndarray]:
    labels, speakers = rng.integers(10, size=count), rng.choice(voices, count)
    sounds = [
        _spoken(rng, program, WORDS[label], VOICES[who]) for label, who in zip(labels, speakers, strict=True)
    ]
    return {"sounds": np.stack(sounds), "labels": labels, "speakers": speakers}


def _spoken(rng: np.random.Generator, program: str, word: str, voice: str) -> np.ndarray:
    """A word at some speed and pitch, somewhere in a second of faint noise."""
    speed, pitch = str(rng.integers(120, 220)), str(rng.integers(30, 70))
    command = [program, "--stdout", "-v", voice, "-s", speed, "-p", pitch, word]
    done = subprocess.run(command, capture_output=True, check=True, timeout=30)
    with wave.open(io.BytesIO(done.stdout)) as file:
        rate = file.getframerate()
        samples = np.frombuffer(file.readframes(2**24), "<i2").astype(float)
    loud = np.flatnonzero(np.abs(samples) > 200)
    samples = samples[loud[0] : loud[-1] + 1]
    width = rate // RATE + 1  # a plain average before thinning out, against aliasing
    smooth = np.convolve(samples, np.ones(width) / width, "same")
    thinned = np.interp(np.arange(0, len(smooth), rate / RATE), np.arange(len(smooth)), smooth)[:COUNT]
    sound = rng.normal(0, 30, COUNT)
    start = int(rng.integers(COUNT - len(thinned) + 1))
    sound[start : start + len(thinned)] += thinned * rng.uniform(0.5, 0.9)
    return np.clip(sound, -32768, 32767).astype(np.int16)
