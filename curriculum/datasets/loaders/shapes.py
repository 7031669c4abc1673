"""Pictures of coloured shapes, and sentences that say what is on them."""

from typing import Any

import numpy as np

COLOURS = {
    "red": (214, 48, 49), "green": (46, 158, 80), "blue": (45, 98, 214), "yellow": (240, 200, 40),
    "purple": (140, 70, 190), "orange": (242, 130, 30), "white": (245, 245, 245), "pink": (245, 140, 190),
}  # fmt: skip
SHAPES = ("circle", "square", "triangle", "cross", "ring", "diamond")
SIZES = {"small": 0.26, "large": 0.46}  # half the shape's width; the picture runs from -1 to 1
PLACES = {
    "in the middle": (0.0, 0.0), "on the left": (-0.45, 0.0), "on the right": (0.45, 0.0),
    "at the top": (0.0, -0.45), "at the bottom": (0.0, 0.45),
}  # fmt: skip
GROUNDS = {"black": (22, 22, 26), "grey": (112, 116, 120), "brown": (92, 62, 40)}
FORMS = (
    "a {size} {colour} {shape} {place} on {ground}",
    "there is a {size} {colour} {shape} {place}, the background is {ground}",
    "on {ground}, {place}, a {size} {colour} {shape}",
    "a picture of a {colour} {shape}, {size} and {place}, with a {ground} background",
)
RELATIONS = {"left of": (-0.5, 0.0), "right of": (0.5, 0.0), "above": (0.0, -0.5), "below": (0.0, 0.5)}
COMBINATIONS = [(colour, shape) for colour in range(len(COLOURS)) for shape in range(len(SHAPES))]
# A quarter of the combinations is kept for the hidden split; each colour and each shape is seen in others.
NEW = [(colour, shape) for colour, shape in COMBINATIONS if (colour + shape) % 4 == 0]
FAMILIAR = [pair for pair in COMBINATIONS if pair not in NEW]

Split = dict[str, np.ndarray]


def load(seed: int, size: int, train: int, valid: int, hidden: int, objects: int = 1) -> dict[str, Split]:
    """Images (n, size, size, 3) of bytes, 0 to 255, and their captions (n,).

    With one object, ``labels`` index the split's ``names`` ("red circle"). The hidden split shows familiar
    combinations of colour and shape in ``images``, and in ``new_images`` those that no other split shows. With two
    objects, ``relations`` index the keys of RELATIONS. No fact occurs in two of the hidden split's captions.
    """
    rng = np.random.default_rng(seed)
    counts = {"train": train, "valid": valid, "hidden": hidden}
    if objects == 2:
        return {name: _pairs(rng, size, count) for name, count in counts.items()}
    splits = {name: _singles(rng, size, count, FAMILIAR, name == "hidden") for name, count in counts.items()}
    unseen = _singles(rng, size, hidden, NEW, distinct=True)
    splits["hidden"] |= {f"new_{name}": values for name, values in unseen.items()}
    return splits


def _singles(
    rng: np.random.Generator, size: int, count: int, among: list[tuple[int, int]], distinct: bool
) -> Split:
    """One shape a picture. ``distinct``: no two pictures share all their facts, where there are enough."""
    facts = [
        (pair, room, place, ground)
        for pair in range(len(among)) for room in SIZES for place in PLACES for ground in GROUNDS
    ]  # fmt: skip
    distinct = distinct and count <= len(facts)
    chosen = rng.permutation(len(facts))[:count] if distinct else rng.integers(len(facts), size=count)
    images, captions = np.empty((count, size, size, 3), np.uint8), []
    for row, (pair, room, place, ground) in enumerate(facts[fact] for fact in chosen):
        colour, shape = list(COLOURS)[among[pair][0]], SHAPES[among[pair][1]]
        picture = _ground(rng, size, ground)
        _paint(rng, picture, shape, colour, SIZES[room], PLACES[place])
        images[row] = _seen(rng, picture)
        words: dict[str, Any] = {"size": room, "colour": colour, "shape": shape, "place": place}
        captions.append(str(rng.choice(FORMS)).format(**words, ground=ground))
    labels = np.array([facts[fact][0] for fact in chosen], np.int64)
    known = np.array([f"{list(COLOURS)[colour]} {SHAPES[shape]}" for colour, shape in among])
    return {"images": images, "captions": np.array(captions), "labels": labels, "names": known}


def _pairs(rng: np.random.Generator, size: int, count: int) -> Split:
    """Two shapes a picture, one beside or above the other."""
    images, captions = np.empty((count, size, size, 3), np.uint8), []
    relations = rng.integers(len(RELATIONS), size=count)
    for row, relation in enumerate(relations):
        words, (dx, dy) = list(RELATIONS.items())[relation]
        first, second = (COMBINATIONS[i] for i in rng.choice(len(COMBINATIONS), 2, replace=False))
        picture = _ground(rng, size, str(rng.choice(list(GROUNDS))))
        for (colour, shape), sign in ((first, 1), (second, -1)):
            _paint(rng, picture, SHAPES[shape], list(COLOURS)[colour], 0.34, (sign * dx, sign * dy))
        images[row] = _seen(rng, picture)
        one, other = (f"a {list(COLOURS)[colour]} {SHAPES[shape]}" for colour, shape in (first, second))
        captions.append(f"{one} {words} {other}")
    return {"images": images, "captions": np.array(captions), "relations": relations.astype(np.int64)}


def _ground(rng: np.random.Generator, size: int, name: str) -> np.ndarray:
    return np.broadcast_to(np.array(GROUNDS[name], float), (size, size, 3)) + rng.normal(0, 6, 3)


def _paint(
    rng: np.random.Generator,
    picture: np.ndarray,
    shape: str,
    colour: str,
    half: float,
    place: tuple[float, float],
) -> None:
    """Paints a shape over the picture, moved, scaled, turned and tinted a little, with soft edges."""
    size = len(picture)
    half, tint = half * rng.uniform(0.9, 1.1), np.array(COLOURS[colour]) + rng.normal(0, 10, 3)
    x, y = np.array(place) + rng.uniform(-0.07, 0.07, 2)
    across, down = np.meshgrid(*[np.linspace(-1, 1, size)] * 2)
    angle = rng.uniform(-0.15, 0.15)
    u = ((across - x) * np.cos(angle) + (down - y) * np.sin(angle)) / half
    v = ((down - y) * np.cos(angle) - (across - x) * np.sin(angle)) / half
    cover = np.clip(0.5 - _distance(shape, u, v) * half * size / 2, 0, 1)[..., None]
    picture += cover * (tint - picture)


def _distance(shape: str, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """How far a point lies outside the shape, negative within, where the shape's half width is 1."""
    a, b = np.abs(u), np.abs(v)
    match shape:
        case "circle":
            return np.hypot(u, v) - 1
        case "square":
            return np.maximum(a, b) - 0.88
        case "diamond":
            return (a + b - 1.1) / np.sqrt(2)
        case "ring":
            return np.abs(np.hypot(u, v) - 0.75) - 0.25
        case "cross":
            return np.minimum(np.maximum(a - 0.32, b - 1), np.maximum(a - 1, b - 0.32))
        case _:  # a triangle that stands on its base
            return np.maximum(v - 0.8, (2 * a - v - 1.0) / np.sqrt(5))


def _seen(rng: np.random.Generator, picture: np.ndarray) -> np.ndarray:
    """The picture as a camera sees it: with some noise, as bytes."""
    return np.clip(picture + rng.normal(0, 8, picture.shape), 0, 255).astype(np.uint8)
