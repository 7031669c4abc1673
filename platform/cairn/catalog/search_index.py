"""What a search can find: filled in the transaction that publishes, and never from anything private.

The words of an entry are kept where the database looks them up fast: in the FTS5 table of SQLite, or in
the ``vector`` column of PostgreSQL (migration 0002 makes either).
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from django.db import connection

from cairn.catalog.library import Library
from cairn.catalog.models import Document, SearchEntry
from cairn.catalog.search_items import Item, items_of
from cairn.catalog.search_words import words
from cairn.catalog.source import digest

Kind = SearchEntry.Kind
SHOWN = ("kind", "slug", "path", "title", "context", "summary", "written")
VOID = {"br", "col", "hr", "img", "input", "wbr"}
SKIPPED = {"katex", "katex-display"}  # a formula is letters that nobody would look for
HIDDEN = {"style", "script"}


def refresh(library: Library, renderer: str) -> None:
    """Make the index hold this library and nothing else. Call it in the transaction that publishes."""
    wanted = {_made_from(item, renderer): item for item in items_of(library)}
    there = set(SearchEntry.objects.values_list("made_from", flat=True))
    SearchEntry.objects.exclude(made_from__in=wanted.keys() & there).delete()
    new = {made_from: item for made_from, item in wanted.items() if made_from not in there}
    bodies = _bodies(new.values())
    rows = [_row(item, made_from, bodies) for made_from, item in new.items()]
    _index_words(SearchEntry.objects.bulk_create(rows, batch_size=100))


def _made_from(item: Item, renderer: str) -> str:
    return digest(json.dumps(asdict(item)), renderer, _own_version())


def _row(item: Item, made_from: str, bodies: dict[tuple[str, str], dict[str, Any]]) -> SearchEntry:
    body = bodies.get((item.kind, item.slug), {})
    text = " · ".join(part for part in (*map(plain_text, _pages(item.kind, body)), *item.said) if part)
    fields = {name: getattr(item, name) for name in SHOWN} | {"summary": item.summary.replace("`", "")}
    return SearchEntry(**fields, text=text, made_from=made_from)


def _bodies(items: Iterable[Item]) -> dict[tuple[str, str], dict[str, Any]]:
    hashes = {item.body for item in items if item.body}
    found = Document.objects.filter(content_hash__in=hashes).values_list("kind", "slug", "body")
    return {(kind, slug): body for kind, slug, body in found}


def _pages(kind: str, body: dict[str, Any]) -> Iterator[str]:
    """The HTML of a document that may be found. Hints stay out: they are opened on demand."""
    match kind:
        case Kind.TOPIC:
            yield body.get("html", "")
        case Kind.EXERCISE:
            yield body.get("prompt", "")
        case Kind.PROJECT:
            yield body.get("brief", "")
        case Kind.DATASET:
            yield body.get("about", "")
        case Kind.QUIZ:
            yield from (question["prompt"] for question in body.get("questions", ()))


def _index_words(rows: list[SearchEntry]) -> None:
    said = [
        (_words(row.title), _words(row.summary), _words(f"{row.context} {row.text}"), row.pk) for row in rows
    ]
    with connection.cursor() as cursor:
        cursor.executemany(_STORE_WORDS[connection.vendor], said)


def _words(text: str) -> str:
    return " ".join(words(text))


_STORE_WORDS = {
    "sqlite": "INSERT INTO catalog_searchwords (title, summary, text, rowid) VALUES (%s, %s, %s, %s)",
    "postgresql": """
        UPDATE catalog_searchentry SET vector = setweight(to_tsvector('simple', %s), 'A')
            || setweight(to_tsvector('simple', %s), 'B') || setweight(to_tsvector('simple', %s), 'D')
        WHERE id = %s""",
}


# --- HTML


class _Text(HTMLParser):
    """Gathers what a page says, and nothing of its formulas."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.skipping = 0  # how deep in something left out

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in VOID:
            self.parts.append(" ")
        elif self.skipping or tag in HIDDEN or _classes(attrs) & SKIPPED:
            if not self.skipping:
                self.parts.append(" … ")
            self.skipping += 1
        elif tag not in INLINE:
            self.parts.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if self.skipping:
            self.skipping -= 1
        elif tag not in INLINE:
            self.parts.append(" ")

    def handle_data(self, data: str) -> None:
        if not self.skipping:
            self.parts.append(data)


INLINE = {"a", "abbr", "b", "code", "em", "i", "kbd", "mark", "s", "small", "span", "strong", "sub", "sup"}


def _classes(attrs: list[tuple[str, str | None]]) -> set[str]:
    return {name for key, value in attrs if key == "class" and value for name in value.split()}


def plain_text(html: str) -> str:
    """What a rendered page says, on one line. A formula leaves an ellipsis."""
    reader = _Text()
    reader.feed(html)
    reader.close()
    return " ".join("".join(reader.parts).split())


@cache
def _own_version() -> str:
    """A better index makes all entries again."""
    here = Path(__file__)
    files = (here, here.with_name("search_items.py"), here.with_name("search_words.py"))
    return digest(*(file.read_text() for file in files))
