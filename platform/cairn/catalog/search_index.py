"""What a search can find: filled in the transaction that publishes, and never from anything private.

The words of an entry are kept where the database looks them up fast: in the FTS5 table of SQLite, or in
the ``vector`` column of PostgreSQL (migration 0002 makes either).
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from django.db import connection

from cairn.catalog import content
from cairn.catalog.library import ExerciseEntry, Library, PathEntry, ProjectEntry, TopicEntry
from cairn.catalog.models import Document, SearchEntry
from cairn.catalog.search_words import words
from cairn.catalog.source import digest

Kind = SearchEntry.Kind
SHOWN = ("kind", "slug", "path", "title", "context", "summary", "written")
VOID = {"br", "col", "hr", "img", "input", "wbr"}
SKIPPED = {"katex", "katex-display"}  # a formula is letters that nobody would look for
HIDDEN = {"style", "script"}


@dataclass(frozen=True)
class _Item:
    """An entry before its document is read. ``said`` are texts of the structure, the rest is in ``body``."""

    kind: str
    slug: str
    title: str
    path: str = ""
    context: str = ""
    summary: str = ""
    said: tuple[str, ...] = ()
    body: str = ""  # content hash of the document of that kind and slug
    written: bool = True

    def made_from(self, renderer: str) -> str:
        return digest(json.dumps(asdict(self)), renderer, _own_version())


def refresh(library: Library, renderer: str) -> None:
    """Make the index hold this library and nothing else. Call it in the transaction that publishes."""
    wanted = {item.made_from(renderer): item for item in _items(library)}
    there = set(SearchEntry.objects.values_list("made_from", flat=True))
    SearchEntry.objects.exclude(made_from__in=wanted.keys() & there).delete()
    new = {made_from: item for made_from, item in wanted.items() if made_from not in there}
    bodies = _bodies(new.values())
    rows = [_row(item, made_from, bodies) for made_from, item in new.items()]
    _index_words(SearchEntry.objects.bulk_create(rows, batch_size=100))


def _row(item: _Item, made_from: str, bodies: dict[tuple[str, str], dict[str, Any]]) -> SearchEntry:
    body = bodies.get((item.kind, item.slug), {})
    text = " · ".join(part for part in (*map(plain_text, _pages(item.kind, body)), *item.said) if part)
    fields = {name: getattr(item, name) for name in SHOWN} | {"summary": item.summary.replace("`", "")}
    return SearchEntry(**fields, text=text, made_from=made_from)


def _bodies(items: Iterable[_Item]) -> dict[tuple[str, str], dict[str, Any]]:
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


# --- what there is


def _items(library: Library) -> Iterator[_Item]:
    for path in library.paths.values():
        yield _path(path)
        yield from (_milestone(path, one, library) for one in path.content.milestones)
    for topic in library.topics.values():
        yield _topic(topic)
        if topic.quiz_hash:
            yield _quiz(topic)
    yield from (_exercise(one, library) for one in library.exercises.values())
    yield from map(_project, library.projects.values())


def _path(entry: PathEntry) -> _Item:
    path = entry.content
    stages = [text for stage in path.stages for text in (stage.label, stage.title, stage.summary)]
    said = (*path.needs, path.pattern, *stages, *_resources(path.resources))
    return _Item(Kind.PATH, entry.slug, path.title, context=path.duration, summary=path.summary, said=said)


def _milestone(path: PathEntry, one: content.Milestone, library: Library) -> _Item:
    asked = [
        text
        for placed in library.criteria(one)
        for text in (placed.criterion.title, placed.criterion.quote)
        if text
    ]
    return _Item(
        Kind.MILESTONE,
        one.slug,
        one.title,
        path=path.slug,
        context=" · ".join(filter(None, (path.content.title, one.number))),
        summary=one.summary,
        said=tuple(asked),
        written=library.is_open(one),
    )


def _topic(entry: TopicEntry) -> _Item:
    topic = entry.content
    return _Item(
        Kind.TOPIC,
        entry.slug,
        topic.title,
        context=entry.area_name,
        summary=topic.summary,
        said=_resources(topic.resources),
        body=entry.lesson_hash,
        written=entry.written,
    )


def _quiz(entry: TopicEntry) -> _Item:
    return _Item(Kind.QUIZ, entry.slug, entry.content.title, context="Quiz", body=entry.quiz_hash)


def _exercise(entry: ExerciseEntry, library: Library) -> _Item:
    topic = library.topics.get(entry.topic)
    context = topic.content.title if topic else ""
    return _Item(Kind.EXERCISE, entry.slug, entry.content.title, context=context, body=entry.content_hash)


def _project(entry: ProjectEntry) -> _Item:
    project = entry.content
    asked = [text for one in project.criteria for text in (one.title, one.quote) if text]
    return _Item(
        Kind.PROJECT,
        entry.slug,
        project.title,
        context=f"{project.hours:g}\N{NO-BREAK SPACE}h",
        summary=project.summary,
        said=(*project.skills, project.data, *asked, *_resources(project.resources)),
        body=entry.content_hash,
        written=entry.written,
    )


def _resources(resources: tuple[content.Resource, ...]) -> tuple[str, ...]:
    return tuple(" ".join(filter(None, (one.title, one.by))) for one in resources)


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
    return digest(here.read_text(), here.with_name("search_words.py").read_text())
