"""What a note may be, what it is about, and how its pictures are told from other files. Pure."""

import re
from dataclasses import dataclass
from html import escape, unescape
from uuid import UUID

from django.urls import reverse

from cairn.catalog.library import Library
from cairn.catalog.render import Rendered, markdown
from cairn.ui.errors import NotFound, Refusal

MAX_CHARS = 50_000
MAX_TITLE = 120
MAX_IMAGE_BYTES = 2 * 2**20
MAX_IMAGES = 20  # in one note
MAX_NOTES = 2_000  # of one person
KEPT = "The last saved version is kept."

TEMPLATES = {
    "blank": ("Blank note", ""),
    "experiment": (
        "Experiment log",
        "# Experiment: \n\n## Question\n\nWhat do I want to know?\n\n## Set-up\n\n"
        "| What | Value |\n| --- | --- |\n| Data |  |\n| Model |  |\n| Seed |  |\n\n"
        "## Expected\n\n## Observed\n\n## What I make of it\n\n## Next\n",
    ),
    "report": (
        "Technical report",
        "# Report: \n\n## Summary\n\n## Problem\n\n## Method\n\n## Results\n\n## Discussion\n\n"
        "What would change the result?\n\n## How to repeat it\n\n## References\n",
    ),
}

_SIGNATURES = {
    "image/png": re.compile(rb"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", re.DOTALL),
    "image/jpeg": re.compile(rb"\xff\xd8\xff[\xc0-\xfe]", re.DOTALL),
    "image/webp": re.compile(rb"RIFF....WEBPVP8[ LX]", re.DOTALL),
}
_TITLE = re.compile(r"\A\s*# .*\n?")  # a line is left in its place, so that mistakes keep their lines
_HEADING = re.compile(r"</?h([1-6])\b")
_IMAGE = re.compile(r'!<a href="(/journal/[0-9a-f-]{36}/images/[0-9a-f-]{36})">([^<]*)</a>')


class BadNote(Refusal):
    """A text that cannot be kept as it is."""

    status, code = 422, "bad-note"


class NoteTooLarge(Refusal):
    """More than a note can hold."""

    status, code = 413, "too-large"


class BadImage(Refusal):
    """A file that is not one of the pictures that a note takes."""

    status, code = 422, "bad-image"


def clean(text: str) -> str:
    """The text with Unix line ends. Raises BadNote, NoteTooLarge."""
    if "\x00" in text:
        raise BadNote(f"This note holds binary data, and it was not saved. {KEPT} Paste text instead.")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if len(text) > MAX_CHARS:
        raise NoteTooLarge(
            f"A note has at most {MAX_CHARS:,} characters, this one has {len(text):,}. "
            f"It was not saved. {KEPT} Begin a second note."
        )
    return text


def title_of(text: str) -> str:
    """The first line with words, without Markdown's signs; ``Untitled note`` if there is none."""
    for line in text.split("\n"):
        if words := " ".join(re.sub(r"^[\s#>*\-+]+", "", line).split()).strip(" *_`:"):
            return words if len(words) <= MAX_TITLE else f"{words[: MAX_TITLE - 1]}…"
    return "Untitled note"


def media_type(data: bytes) -> str:
    """What a picture's first bytes say it is; a file's name and its sender are not asked. Raises BadImage."""
    if len(data) > MAX_IMAGE_BYTES:
        size = f"{len(data) / 2**20:.1f} MB"
        raise BadImage(f"The picture has {size}; at most 2 MB are taken. {KEPT} Make it smaller.")
    for name, signature in _SIGNATURES.items():
        if signature.match(data):
            return name
    raise BadImage(f"That file is not a PNG, JPEG or WebP picture, so it was not added. {KEPT}")


def rendered(text: str) -> Rendered:
    """A note as safe HTML; pictures of journals stand where their Markdown stood, all others stay links.

    A heading that is the first line is left out, for it is the page's title; the others begin at ``h2``.
    """
    page = markdown(_TITLE.sub("\n", text, count=1), strict=True)
    html = _IMAGE.sub(_picture, _headings_from_two(page.html))
    return Rendered(html, rules=page.rules, mistakes=page.mistakes)


def _headings_from_two(html: str) -> str:
    """Headings lifted together, so that none is skipped below the page's own. The HTML is clean already."""
    above = min((int(level) for level in _HEADING.findall(html)), default=2) - 2
    return _HEADING.sub(lambda found: found[0].replace(found[1], str(int(found[1]) - above), 1), html)


def _picture(found: re.Match[str]) -> str:
    alt = escape(unescape(found[2]), quote=True)
    return f'<img src="{found[1]}" alt="{alt}" loading="lazy">'


# --- what a note is about


@dataclass(frozen=True)
class About:
    """What a note is about: where it is, and what it is called."""

    kind: str
    title: str
    url: str


def about(value: str, books: Library) -> About | None:
    """What ``topic:slug``, ``topic:slug#section``, ``milestone:path/slug`` or ``run:id`` names now.

    None where it names nothing, or what it named is gone.
    """
    kind, _, name = value.partition(":")
    readers = {"topic": _topic, "milestone": _milestone}
    try:
        return _run(name) if kind == "run" else readers[kind](name, books)
    except (KeyError, NotFound, ValueError):
        return None


def _topic(name: str, books: Library) -> About:
    slug, _, section = name.partition("#")
    entry, url = books.topic(slug), reverse("learning:lesson", args=[slug])
    if not section:
        return About("topic", entry.content.title, url)
    return About("section", f"{entry.content.title}: {dict(entry.outline)[section]}", f"{url}#{section}")


def _milestone(name: str, books: Library) -> About:
    path, _, slug = name.partition("/")
    found = books.path(path).milestone(slug)
    return About("milestone", found.title, reverse("learning:milestone", args=[path, slug]))


def _run(name: str) -> About:
    return About("run", f"Run {UUID(name).hex[:8]}", reverse("runs:page", args=[UUID(name)]))
