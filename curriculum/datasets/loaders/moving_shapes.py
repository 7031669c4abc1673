"""Short clips of a moving shape, with the sound that it makes."""

import numpy as np

SHAPES = ("circle", "square", "triangle")
MOTIONS = ("left", "right", "up", "down", "still")
FRAMES, SIZE, RATE, SECONDS = 16, 24, 8000, 1.0
HARMONICS = {"circle": (1.0,), "square": (1.0, 0.0, 0.6, 0.0, 0.4), "triangle": (1.0, 0.7, 0.0, 0.5)}


def load(seed: int, train: int, valid: int, hidden: int) -> dict[str, dict[str, np.ndarray]]:
    """``frames`` (n, 16, 24, 24) of bytes, ``sounds`` (n, 8000) of 16-bit samples at 8 kHz.

    ``shapes`` and ``motions`` index SHAPES and MOTIONS. The tone's pitch follows the height of the shape.
    """
    rng = np.random.default_rng(seed)
    return {
        name: _split(rng, count) for name, count in (("train", train), ("valid", valid), ("hidden", hidden))
    }


def _split(rng: np.random.Generator, count: int) -> dict[str, np.ndarray]:
    shapes, motions = rng.integers(len(SHAPES), size=count), rng.integers(len(MOTIONS), size=count)
    clips = [
        _clip(rng, SHAPES[shape], MOTIONS[motion]) for shape, motion in zip(shapes, motions, strict=True)
    ]
    frames, sounds = zip(*clips, strict=True)
    return {"frames": np.stack(frames), "sounds": np.stack(sounds), "shapes": shapes, "motions": motions}


def _clip(rng: np.random.Generator, shape: str, motion: str) -> tuple[np.ndarray, np.ndarray]:
    """The frames and the sound of one clip."""
    way = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1), "still": (0, 0)}[motion]
    time = np.linspace(-0.5, 0.5, FRAMES)
    speed, start = rng.uniform(0.7, 1.1), rng.uniform(-0.25, 0.25, 2)
    x, y = start[0] + way[0] * speed * time, start[1] + way[1] * speed * time
    across, down = np.meshgrid(*[np.linspace(-1, 1, SIZE)] * 2)
    half = rng.uniform(0.22, 0.34)
    u, v = (across - x[:, None, None]) / half, (down - y[:, None, None]) / half
    cover = np.clip(0.5 - _distance(shape, u, v) * half * SIZE / 2, 0, 1)
    picture = 30 + cover * rng.uniform(150, 220) + rng.normal(0, 8, cover.shape)
    return np.clip(picture, 0, 255).astype(np.uint8), _sound(rng, shape, y)


def _distance(shape: str, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    if shape == "circle":
        return np.hypot(u, v) - 1
    if shape == "square":
        return np.maximum(np.abs(u), np.abs(v)) - 0.88
    return np.maximum(v - 0.8, (2 * np.abs(u) - v - 1.0) / np.sqrt(5))


def _sound(rng: np.random.Generator, shape: str, heights: np.ndarray) -> np.ndarray:
    """A tone between 150 and 600 Hz, the higher the further up, coloured by the shape."""
    count = int(RATE * SECONDS)
    height = np.interp(np.linspace(0, 1, count), np.linspace(0, 1, FRAMES), -heights)
    phase = 2 * np.pi * np.cumsum(300 * 2.0**height) / RATE + rng.uniform(0, 2 * np.pi)
    tone = sum(part * np.sin(number * phase) for number, part in enumerate(HARMONICS[shape], 1))
    fade = np.minimum(1, np.minimum(np.arange(count), np.arange(count)[::-1]) / 200)
    return (fade * (6000 * tone / sum(HARMONICS[shape]) + rng.normal(0, 120, count))).astype(np.int16)
