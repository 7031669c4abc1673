"""What a word is, to the index and to a question alike. The databases get words that are split already."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

WORD = r"[^\W_]+"
WHOLE_FROM = 3  # letters from which on a word also finds those that it begins


def fold(text: str) -> str:
    """The text in small letters without accents, character by character: places stay the same."""
    return text.lower() if text.isascii() else "".join(map(_base, text))


@lru_cache(maxsize=4096)
def _base(character: str) -> str:
    return (unicodedata.normalize("NFKD", character)[0].lower() or character)[0]


def words(text: str) -> list[str]:
    """The words of a text as they are indexed."""
    return re.findall(WORD, fold(unicodedata.normalize("NFC", text)))


def term(word: str, last: bool = False) -> tuple[str, bool]:
    """What to look for: the word without a plural's s, and whether longer words count too.

    They do for all but the shortest words, because a person who types "train" also means "training".
    """
    plural = len(word) > WHOLE_FROM and word.endswith("s") and not word.endswith("ss")
    return (word[:-1] if plural else word), last or len(word) >= WHOLE_FROM


def pattern(terms: Iterable[tuple[str, bool]]) -> re.Pattern[str]:
    """Finds the whole words that the terms find, in a folded text."""
    ends = [re.escape(word) + ("" if longer else r"(?![^\W_])") for word, longer in terms]
    return re.compile(rf"(?<![^\W_])(?:{'|'.join(ends)})[^\W_]*")
