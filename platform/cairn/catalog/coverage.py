"""Which of the roadmaps' rows the curriculum covers, and by what."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cairn.catalog.library import Library


@dataclass(frozen=True)
class Row:
    """One thing that a roadmap names."""

    id: str
    section: str
    text: str


@dataclass(frozen=True)
class Coverage:
    """The rows that nothing covers, and the ids that entries name and no row has."""

    rows: int
    uncovered: list[Row]
    unknown: dict[str, list[str]]
    covered_by: dict[str, list[str]] = field(default_factory=dict)


def read_rows(file: Path) -> list[Row]:
    """The rows of a tab-separated file with the columns id, section and text. Raises OSError, ValueError."""
    with file.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)
        if missing := {"id", "section", "text"} - set(reader.fieldnames or ()):
            raise ValueError(f"{file} has no column {', '.join(sorted(missing))}")
        return [Row(row["id"], row["section"], row["text"]) for row in reader]


def coverage(library: Library, rows: list[Row]) -> Coverage:
    """Compare what the library's entries say they cover with ``rows``."""
    by: dict[str, list[str]] = {}
    for row, entry in _covered(library):
        by.setdefault(row, []).append(entry)
    known = {row.id for row in rows}
    unknown = {row: entries for row, entries in sorted(by.items()) if row not in known}
    return Coverage(len(rows), [row for row in rows if row.id not in by], unknown, dict(sorted(by.items())))


def _covered(library: Library) -> Iterator[tuple[str, str]]:
    """Each (row id, "kind slug") that an entry, or anything inside it, names."""
    for kind, entries in library.structure.items():
        for slug, entry in entries.items():
            for row in sorted(set(_ids(entry["content"]))):
                yield row, f"{kind.removesuffix('s')} {slug}"


def _ids(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value.get("covers", ())
        for inner in value.values():
            yield from _ids(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _ids(inner)
