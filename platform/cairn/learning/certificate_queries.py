"""Certificates: what a learner may have issued, what is issued, what a public address shows."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cairn.accounts.models import User
from cairn.catalog.library import Library
from cairn.catalog.queries import library
from cairn.learning.models import Certificate, Completion
from cairn.ui.errors import NotFound

CERTIFIED = (Completion.Kind.PATH, Completion.Kind.MILESTONE)


@dataclass(frozen=True)
class Earned:
    """A completed path or milestone, in the words that a certificate would carry."""

    kind: str
    path: str
    slug: str
    title: str
    path_title: str
    summary: str
    parts: tuple[tuple[str, str], ...]  # what was asked, and how its stone is drawn
    completed_at: datetime


def earned(user: User) -> list[Earned]:
    """What the learner has completed and the library still holds, the newest first. One query."""
    rows = Completion.objects.filter(user=user, kind__in=CERTIFIED).order_by("-at", "-kind")
    books = library()
    return [found for row in rows if (found := _earned(books, row)) is not None]


def earned_one(user: User, kind: str, path: str, slug: str) -> Earned:
    """One of ``earned``. Raises NotFound for what is not complete."""
    for one in earned(user):
        if (one.kind, one.path, one.slug) == (kind, path, slug):
            return one
    raise NotFound("This is not complete yet, so there is nothing to certify.")


def _earned(books: Library, row: Completion) -> Earned | None:
    path = books.paths.get(row.path or row.slug)
    if path is None:
        return None
    content = path.content
    if row.kind == Completion.Kind.PATH:
        parts = tuple(
            (_numbered(one.number, one.title), "metric") for one in content.milestones if not one.optional
        )
        return Earned(
            "path", path.slug, path.slug, content.title, content.title, content.summary, parts, row.at
        )
    milestone = next((one for one in content.milestones if one.slug == row.slug), None)
    if milestone is None:
        return None
    criteria = (placed.criterion for placed in books.criteria(milestone))
    parts = tuple((one.title, str(one.kind)) for one in criteria)
    title = _numbered(milestone.number, milestone.title)
    summary = milestone.summary or title
    return Earned("milestone", path.slug, milestone.slug, title, content.title, summary, parts, row.at)


def _numbered(number: str, title: str) -> str:
    return f"{number} {title}" if number[:1].isdigit() else title


def certificates_of(user: User) -> list[Certificate]:
    """All that were issued to the learner, withdrawn ones too. One query."""
    return list(Certificate.objects.filter(user=user))


def access_certificate(user: User, certificate_id: UUID) -> Certificate:
    """A certificate for its owner. Raises NotFound for everybody else."""
    found = Certificate.objects.filter(pk=certificate_id, user=user).first()
    if found is None:
        raise NotFound
    return found


def public_certificate(certificate_id: UUID) -> Certificate:
    """A certificate by its address, which is all that anybody needs to read it. Raises NotFound."""
    found = Certificate.objects.filter(pk=certificate_id).first()
    if found is None:
        raise NotFound("There is no such certificate. Its owner may have left, or the address is mistyped.")
    return found


def withdrawn() -> list[UUID]:
    """The ids of all withdrawn certificates, for the list that verifiers read."""
    rows = Certificate.objects.filter(withdrawn_at__isnull=False).order_by("withdrawn_at")
    return list(rows.values_list("pk", flat=True))
