"""Calculations drawn from a grammar: questions such as "(3 + 4) * 2", and their answers."""

import numpy as np


def load(seed: int, train: int, valid: int, hidden: int) -> dict[str, dict[str, np.ndarray]]:
    """``questions`` (n,), ``answers`` (n,) whole numbers, ``depth`` (n,) of brackets; no question in two splits.

    Train and valid have up to three numbers, half of the hidden split has four.
    """
    rng = np.random.default_rng(seed)
    seen: set[str] = set()
    wanted = {
        "train": [3] * train,
        "valid": [3] * valid,
        "hidden": [3] * (hidden // 2) + [4] * (hidden - hidden // 2),
    }
    return {name: _split(rng, numbers, seen) for name, numbers in wanted.items()}


def _split(rng: np.random.Generator, numbers: list[int], seen: set[str]) -> dict[str, np.ndarray]:
    found: list[tuple[str, int, int]] = []
    for most in numbers:
        while True:
            # Four numbers are always four; fewer are rarely fewer, since there are few short ones.
            text, value, depth = _sum(rng, most if most == 4 or rng.random() < 0.95 else 2)
            if text not in seen and abs(value) < 1000:
                break
        seen.add(text)
        found.append((text, value, depth))
    texts, values, depths = zip(*found, strict=True)
    return {"questions": np.array(texts), "answers": np.array(values), "depth": np.array(depths)}


def _sum(rng: np.random.Generator, numbers: int) -> tuple[str, int, int]:
    """A calculation with so many numbers: its text, its value, how deep its brackets go."""
    if numbers == 1:
        value = int(rng.integers(20))
        return str(value), value, 0
    left = int(rng.integers(1, numbers))
    parts = [_sum(rng, left), _sum(rng, numbers - left)]
    sign = str(rng.choice(["+", "-", "*"]))
    texts = [f"({text})" if " " in text else text for text, _, _ in parts]
    one, other = parts[0][1], parts[1][1]
    value = {"+": one + other, "-": one - other, "*": one * other}[sign]
    depth = max(depth + (" " in text) for text, _, depth in parts)
    return f"{texts[0]} {sign} {texts[1]}", value, depth
