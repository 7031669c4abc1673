"""Makes text that learner code produced safe to show, and cuts it at a limit with a clear mark."""

import codecs
import re

CUT = "\n… cut here: the output limit was reached.\n"

_ANSI = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[PX^_][^\x1b]*\x1b\\|[ -/]*[0-Z\\^-~])"
)
# Everything a terminal or a page could be steered with: C0 and C1 controls but tab and newline, the
# bidirectional overrides and isolates, and lone surrogates, which no encoder accepts.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_LONGEST_SEQUENCE = 256


def clean(text: str, limit: int | None = None) -> str:
    """``text`` without escape sequences and other controls made visible; at most ``limit`` characters."""
    if limit is not None and len(text) > 4 * limit:
        text = text[: 4 * limit]
    text = _UNSAFE.sub("\ufffd", _ANSI.sub("", text).replace("\r\n", "\n").replace("\r", "\n"))
    return text if limit is None or len(text) <= limit else text[: limit - 1] + "…"


def readable_size(count: int) -> str:
    """A number of bytes as a person reads it."""
    if count >= 2**20:
        megabytes = count / 2**20
        return f"{megabytes:,.0f} MB" if megabytes >= 100 else f"{megabytes:.3g} MB"
    return f"{count / 2**10:.0f} KB" if count >= 2**10 else f"{max(count / 2**10, 0.1):.1f} KB"


class Stream:
    """Cleans a stream that arrives in chunks, holding back what might be half of something."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._held = ""

    def feed(self, data: bytes, *, final: bool = False) -> str:
        """The text that is safe to show so far. ``final`` releases what was held back."""
        text = self._held + self._decoder.decode(data, final)
        cut = len(text) if final else _unfinished(text)
        self._held = text[cut:]
        return clean(text[:cut])


def _unfinished(text: str) -> int:
    """Where an escape sequence or line end begins that the next chunk may complete; else the length."""
    start = text.rfind("\x1b", max(0, len(text) - _LONGEST_SEQUENCE))
    if start >= 0 and not _ANSI.match(text, start):
        return start
    return len(text) - 1 if text.endswith("\r") else len(text)
