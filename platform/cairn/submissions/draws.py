"""Which questions an assessment asks: drawn by a seed, spread over its sources. Pure."""

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from itertools import zip_longest

Drawn = tuple[str, str]  # the quiz's slug and the question's id


def draw(sources: Mapping[str, Sequence[str]], count: int, seed: int) -> list[Drawn]:
    """``count`` of the questions, or all if there are fewer; none twice.

    Sources take turns, so no two differ by more than one question unless one of them has no more. The same
    seed draws the same, whatever order the sources come in.
    """
    by_chance = {slug: shuffled(questions, seed, slug) for slug, questions in sources.items() if questions}
    turns = shuffled(list(by_chance), seed, "turns")
    rounds = zip_longest(*([(slug, one) for one in by_chance[slug]] for slug in turns))
    return [one for taken in rounds for one in taken if one is not None][:count]


def shuffled(items: Sequence[str], seed: int, salt: str) -> list[str]:
    """An order of different texts that depends on the seed and the texts alone."""
    return sorted(items, key=lambda item: (number(f"{seed}/{salt}/{item}"), item))


def number(text: str) -> int:
    """A large number that a text always gives."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest())
