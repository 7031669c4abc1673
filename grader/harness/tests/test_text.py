"""What a learner prints is shown as text and steers nothing."""

import pytest

from grader.harness.text import Stream, clean, readable_size


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain\ttext\n", "plain\ttext\n"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]8;;http://x\x1b\\link", "link"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("nul\x00", "nul\ufffd"),
        ("user\u202etxt.exe", "user\ufffdtxt.exe"),
        ("\u2066hidden\u2069", "\ufffdhidden\ufffd"),
        ("\ud800", "\ufffd"),
        ("\x9b31m", "\ufffd31m"),
        ("déjà 🗻 vu", "déjà 🗻 vu"),
    ],
)
def test_clean(raw, shown) -> None:
    assert clean(raw) == shown


def test_clean_cuts_with_a_mark() -> None:
    assert clean("x" * 100, 10) == "x" * 9 + "…"


def test_a_stream_puts_together_what_arrives_in_pieces() -> None:
    stream = Stream()
    raw = "é \x1b[1;31mred\x1b[0m\r\nend".encode()
    shown = "".join(stream.feed(raw[i : i + 1]) for i in range(len(raw))) + stream.feed(b"", final=True)
    assert shown == "é red\nend"


def test_an_escape_that_never_ends_is_let_go() -> None:
    stream = Stream()
    shown = stream.feed(b"\x1b[" + b"1;" * 1000) + stream.feed(b"after", final=True)
    assert shown.endswith("after")
    assert "\x1b" not in shown


def test_invalid_utf8_is_marked() -> None:
    assert Stream().feed(b"a\xff\xfeb", final=True) == "a\ufffd\ufffdb"


@pytest.mark.parametrize(
    ("count", "read"),
    [(0, "0.1 KB"), (300, "0.3 KB"), (4096, "4 KB"), (5 * 2**19, "2.5 MB"), (3072 * 2**20, "3,072 MB")],
)
def test_a_size_is_read_without_counting_digits(count: int, read: str) -> None:
    assert readable_size(count) == read
