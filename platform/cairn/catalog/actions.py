"""Publishing: the one verb of this room."""

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from django.db import transaction

from cairn.catalog import documents, figures, loader, mathematics, queries, render, search_index
from cairn.catalog.documents import Draft
from cairn.catalog.errors import ContentErrors
from cairn.catalog.models import Document, Release

Key = tuple[str, str, str]


def publish(root: Path) -> Release:
    """Make what is under ``root`` the current release, and return it.

    All or nothing: whatever goes wrong, the release before stays current. The same content gives the same
    release, and only documents that are new are rendered. Raises ContentErrors, FrontEndMissing.
    """
    loaded = loader.load(root)
    stored = _stored_documents()
    made = [(draft, draft.make()) for draft in loaded.drafts if draft.key not in stored]
    if loaded.errors:
        raise ContentErrors(loaded.errors)
    with transaction.atomic():
        _store(made)
        release = _release(loaded.library.structure, loaded.drafts)
        search_index.refresh(loaded.library, renderer())
    queries.forget_library()
    return release


def _stored_documents() -> set[Key]:
    """The documents that are there and were made by this very renderer."""
    return set(Document.objects.filter(renderer=renderer()).values_list("kind", "slug", "content_hash"))


def _store(made: list[tuple[Draft, documents.Made]]) -> None:
    Document.objects.bulk_create(
        [
            Document(
                kind=draft.kind,
                slug=draft.slug,
                content_hash=draft.content_hash,
                body=body,
                private=private,
                renderer=renderer(),
            )
            for draft, (body, private) in made
        ],
        batch_size=100,
        update_conflicts=True,
        update_fields=["body", "private", "renderer"],
        unique_fields=["kind", "slug", "content_hash"],
    )


def _release(structure: dict[str, Any], drafts: list[Draft]) -> Release:
    digest = hashlib.sha256(json.dumps(structure, sort_keys=True).encode()).hexdigest()
    current = Release.objects.select_for_update().filter(is_current=True).first()
    if current and current.digest == digest:
        return current
    if current:
        current.is_current = False
        current.save(update_fields=["is_current"])
    release = Release.objects.create(digest=digest, structure=structure)
    wanted = {draft.key for draft in drafts}
    rows = Document.objects.values_list("pk", "kind", "slug", "content_hash")
    release.documents.set([pk for pk, *key in rows if tuple(key) in wanted])
    return release


@cache
def renderer() -> str:
    """Names the code that makes documents, by its hash: a better renderer makes them again."""
    files = [Path(str(module.__file__)) for module in (documents, figures, mathematics, render)]
    files.append(mathematics.katex_file())
    whole = hashlib.sha256()
    for file in files:
        whole.update(file.read_bytes() if file.exists() else b"")
    return whole.hexdigest()[:16]
