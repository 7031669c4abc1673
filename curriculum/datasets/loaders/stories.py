"""Tiny stories written by a grammar, each with the number of bits that it took to choose it.

Who the story is about stays who it is about: names, pronouns, things and their troubles agree over sentences. The
bits of a story are minus the logarithm of its probability, so their sum over the bytes is the entropy that no model
of these stories can go below.
"""

import math
import re

import numpy as np

HE = tuple(
    "Adam Ben Carlo David Emil Felix Gus Hugo Ivan Jonas Karim Leo Milo Noah Omar Pablo Rafi Sam Tom Yusuf".split()
)
SHE = tuple(
    "Ada Bella Clara Dina Eva Fatima Greta Hana Ines Julia Kira Lena Mila Nora Olga Petra Rosa Sofia Tara Zoe".split()
)
ANIMALS = tuple(
    "badger bear beaver cat crow deer dog duck fox frog goat goose hare hedgehog horse lamb mole mouse otter owl rabbit "
    "sheep squirrel wolf".split()
)
TRAITS = tuple(
    "brave busy careful cheerful clever curious friendly gentle happy honest kind lazy little lonely lucky merry old "
    "patient proud quiet shy silly tall young".split()
)
HOMES = tuple(
    "a hollow tree,a small cave,a house of straw,a hut with a red roof,a garden shed,an empty barrel,a wooden boat,"
    "a tower of stone,a tent of leaves,a cellar full of books,an old windmill,a warm stable".split(",")
)
LANDMARKS = tuple(
    "bridge,castle,church,forest,harbour,hill,lake,market,meadow,mountain,river,station".split(",")
)
WEATHER = tuple("cold cloudy foggy rainy snowy sunny warm windy".split())
TIMES = tuple("afternoon day evening morning".split())
QUALITIES = tuple(
    "beautiful big black blue golden green heavy new red round shiny silver strange tiny white yellow".split()
)
THINGS = tuple(
    "apple ball basket bell blanket book bottle box cake candle chair clock coin crown cup drum feather flower flute hat "
    "kite lamp lantern map mirror pearl pumpkin ring scarf shell star violin".split()
)
TROUBLES = {
    "too high to reach": "stood on each other's shoulders",
    "too heavy to carry": "carried it on a long pole",
    "stuck in the mud": "pulled it out with a rope",
    "behind a locked gate": "searched until they found the key",
    "on the other side of the water": "built a raft out of branches",
    "broken in two": "mended it with glue and string",
    "covered with snow": "dug it out with their bare hands",
    "deep in a dark hole": "lit a torch and climbed down",
    "guarded by angry bees": "waited until the bees were asleep",
    "tied to a tall post": "cut the knot with a sharp stone",
}  # fmt: skip
SORROWS = tuple("angry helpless sad sorry tired worried".split())
JOYS = tuple("calm content delighted glad grateful hopeful joyful pleased relieved thankful".split())
SENTENCES = (
    ("Once there was {a} {trait} {animal} called {name}.",
     "{name} was {a} {trait} {animal}.",
     "This is the story of {name}, {a} {trait} {animal}."),
    ("{Pron} lived in {home} by the {landmark}.",
     "{Poss} home was {home} near the {landmark}.",
     "Not far from the {landmark}, in {home}, {name} had made {poss} home."),
    ("One {weather} {time} {pron} saw {b} {quality} {thing}.",
     "On a {weather} {time} {name} found {b} {quality} {thing}.",
     "It was a {weather} {time} when {name} noticed {b} {quality} {thing}."),
    ("{Pron} wanted to have the {thing}, but it was {trouble}.",
     "{name} liked the {thing} very much, but it was {trouble}.",
     "But the {thing} was {trouble}, and {name} felt {sorrow}."),
    ("{Pron} asked {friend} the {other} for help.",
     "Then {friend} the {other} came along and wanted to help.",
     "{friend} the {other} heard of it and came to {name} at once."),
    ("Together they {remedy}.",
     "{name} and {friend} {remedy}.",
     "The {animal} and the {other} {remedy}."),
    ("In the end {name} had the {thing}, and {friend} was {joy}.",
     "{name} gave the {thing} a place in {poss} home and was {joy}.",
     "From that day on {name} and {friend} were friends.",
     "Now the {quality} {thing} belongs to both of them, and they are {joy}."),
)  # fmt: skip
# Which values go with which: the second of each pair follows from the first.
FOLLOWS = (
    [("name", name, "pron", "he") for name in HE] + [("name", name, "pron", "she") for name in SHE]
    + [("name", name, "poss", "his") for name in HE] + [("name", name, "poss", "her") for name in SHE]
    + [("trouble", trouble, "remedy", remedy) for trouble, remedy in TROUBLES.items()]
)  # fmt: skip
FIELDS = {
    "name": HE + SHE, "friend": HE + SHE, "animal": ANIMALS, "other": ANIMALS, "trait": TRAITS, "home": HOMES,
    "landmark": LANDMARKS, "weather": WEATHER, "time": TIMES, "quality": QUALITIES, "thing": THINGS,
    "trouble": tuple(TROUBLES), "remedy": tuple(TROUBLES.values()), "sorrow": SORROWS, "joy": JOYS,
    "pron": ("he", "she"), "poss": ("his", "her"), "a": ("a", "an"), "b": ("a", "an"),
}  # fmt: skip
DRAWN = (
    "name", "animal", "other", "trait", "home", "landmark", "weather", "time", "quality", "thing", "trouble", "sorrow",
    "joy",
)  # fmt: skip


def load(seed: int, train: int, valid: int, hidden: int) -> dict[str, dict[str, np.ndarray]]:
    """Stories (n,), one a line of text, no story in two splits.

    ``valid`` and ``hidden`` have ``bits`` (n,) as well. The hidden split knows the grammar, to judge what a model
    writes: ``patterns`` are regular expressions of the sentences, in order, "2 …" for the second, whose groups name
    what they hold; ``follows`` are rows (field, value, other field, its value).
    """
    rng = np.random.default_rng(seed)
    seen: dict[str, float] = {}
    while len(seen) < train + valid + hidden:
        text, bits = _story(rng)
        seen.setdefault(text, bits)
    texts, bits_of = np.array(list(seen)), np.array(list(seen.values()))
    ends = {
        "train": slice(0, train),
        "valid": slice(train, train + valid),
        "hidden": slice(train + valid, None),
    }
    splits = {name: {"stories": texts[rows], "bits": bits_of[rows]} for name, rows in ends.items()}
    del splits["train"]["bits"]
    splits["hidden"] |= {"patterns": np.array(patterns()), "follows": np.array(FOLLOWS)}
    return splits


def _story(rng: np.random.Generator) -> tuple[str, float]:
    """A story, and minus the base-2 logarithm of its probability."""
    forms = [str(rng.choice(forms)) for forms in SENTENCES]
    facts = {name: str(rng.choice(FIELDS[name])) for name in DRAWN}
    friends = [name for name in HE + SHE if name != facts["name"]]
    facts["friend"] = str(rng.choice(friends))
    male = facts["name"] in HE
    facts |= {"pron": "he" if male else "she", "poss": "his" if male else "her"}
    facts |= {
        "Pron": facts["pron"].title(),
        "Poss": facts["poss"].title(),
        "remedy": TROUBLES[facts["trouble"]],
    }
    facts |= {"a": _article(facts["trait"]), "b": _article(facts["quality"])}
    story = " ".join(forms)
    used = [name for name in DRAWN if f"{{{name}}}" in story or (name == "trouble" and "{remedy}" in story)]
    bits = sum(math.log2(len(forms)) for forms in SENTENCES) + sum(
        math.log2(len(FIELDS[name])) for name in used
    )
    return story.format(**facts), bits + math.log2(len(friends))


def _article(word: str) -> str:
    return "an" if word[0] in "aeiou" or word == "honest" else "a"


def patterns() -> list[str]:
    """The sentences as regular expressions, each after its place in the story and a space."""
    return [f"{place} {_pattern(form)}" for place, forms in enumerate(SENTENCES, 1) for form in forms]


def _pattern(form: str) -> str:
    parts = re.split(r"\{(\w+)\}", form)
    return "".join(re.escape(part) if i % 2 == 0 else _group(part) for i, part in enumerate(parts))


def _group(field: str) -> str:
    words = (
        FIELDS[field.lower()] if field[0].islower() else tuple(word.title() for word in FIELDS[field.lower()])
    )
    return f"(?P<{field.lower()}>{'|'.join(map(re.escape, words))})"
