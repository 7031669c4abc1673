"""Reading what is published. Pages ask here; nothing else knows how a release is stored."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from django.conf import settings

from cairn.catalog.library import (
    AssessmentEntry,
    ExerciseEntry,
    Library,
    PathEntry,
    PlacedCriterion,
    ProjectEntry,
    TopicEntry,
)
from cairn.catalog.models import Document, Release
from cairn.ui.errors import NotFound, Refusal

__all__ = [
    "AssessmentEntry",
    "ExerciseEntry",
    "Library",
    "NothingPublished",
    "PathEntry",
    "PlacedCriterion",
    "ProjectEntry",
    "TopicEntry",
    "document",
    "document_at",
    "documents_at",
    "library",
]

# How long a process may go on with the release it knows. Tests change the database under its feet.
FRESH_SECONDS = 0.0 if settings.TESTING else 2.0


class NothingPublished(Refusal):
    """There is no release yet."""

    status = 503
    code = "nothing-published"

    def __init__(self) -> None:
        super().__init__(
            "The curriculum has not been published yet. "
            "Whoever runs this site does it with: python manage.py curriculum sync."
        )


@dataclass(frozen=True)
class _Known:
    """The release that this process holds in memory, and when it last saw that it is current."""

    digest: str
    library: Library
    seen: float


_known: _Known | None = None


def library() -> Library:
    """The current release's structure. One cheap query, and none within two seconds of the last.

    Raises NothingPublished.
    """
    global _known
    now, known = time.monotonic(), _known
    if known and now - known.seen < FRESH_SECONDS:
        return known.library
    current = Release.objects.filter(is_current=True).values_list("pk", "digest").first()
    if current is None:
        raise NothingPublished
    release_id, digest = current
    if known is None or (known.library.release_id, known.digest) != (release_id, digest):
        structure = Release.objects.values_list("structure", flat=True).get(pk=release_id)
        known = _Known(digest, Library.from_structure(structure, release_id), now)
    _known = _Known(known.digest, known.library, now)
    return known.library


@dataclass(frozen=True)
class Published:
    """A release that was current from ``published_at`` on, until the next one."""

    pk: int
    digest: str
    published_at: datetime


def releases() -> list[Published]:
    """Every release, oldest first. One query. Raises NothingPublished."""
    rows = Release.objects.order_by("published_at", "pk").values_list("pk", "digest", "published_at")
    if not rows:
        raise NothingPublished
    return [Published(*row) for row in rows]


@lru_cache(maxsize=64)
def release_library(release_id: int, digest: str) -> Library:
    """The structure of any release, known by its id and digest. One query for each that is not in memory."""
    if _known and (_known.library.release_id, _known.digest) == (release_id, digest):
        return _known.library
    structure = Release.objects.values_list("structure", flat=True).get(pk=release_id)
    return Library.from_structure(structure, release_id)


def forget_library() -> None:
    """Look at the database again at the next call: something was published."""
    global _known
    _known = None


def document(kind: str, slug: str) -> Document:
    """The current release's document. Raises NotFound, also for what is being written."""
    return document_at(kind, slug, _current_hash(kind, slug))


def document_at(kind: str, slug: str, content_hash: str) -> Document:
    """The document with that content, published now or earlier. Raises NotFound."""
    found = Document.objects.filter(kind=kind, slug=slug, content_hash=content_hash).first()
    if found is None:
        raise NotFound
    return found


def documents_at(kind: str, hashes: Mapping[str, str]) -> dict[str, Document]:
    """Documents of one kind by slug, each with the content named for it. Raises NotFound. One query."""
    rows = Document.objects.filter(kind=kind, slug__in=hashes, content_hash__in=set(hashes.values()))
    found = {row.slug: row for row in rows if row.content_hash == hashes[row.slug]}
    if len(found) < len(hashes):
        raise NotFound
    return found


def _current_hash(kind: str, slug: str) -> str:
    current = library()
    match kind:
        case Document.Kind.TOPIC:
            return current.topic(slug).lesson_hash
        case Document.Kind.QUIZ:
            known = current.assessments.get(slug)
            return known.bank_hash if known else current.topic(slug).quiz_hash
        case Document.Kind.EXERCISE:
            return current.exercise(slug).content_hash
        case Document.Kind.PROJECT:
            return current.project(slug).content_hash
        case Document.Kind.DATASET:
            return current.dataset(slug).content_hash
    raise ValueError(f"There are no documents of kind {kind!r}.")
