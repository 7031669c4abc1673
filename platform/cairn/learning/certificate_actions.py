"""The verbs of certificates: issue one for what is complete, withdraw it."""

import unicodedata
import uuid
from collections.abc import Callable
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from cairn.accounts.models import User
from cairn.learning import credentials
from cairn.learning.certificate_queries import Earned, access_certificate, earned_one
from cairn.learning.models import Certificate
from cairn.ui.errors import Refusal

MAX_NAME = 120
Address = Callable[[str], str]


class BadName(Refusal):
    """A name that a certificate cannot carry."""

    code = "bad-name"


def issue(user: User, kind: str, path: str, slug: str, name: str, address: Address) -> Certificate:
    """A certificate for something the learner completed; the valid one again where there is one already.

    ``address`` makes a path on the site absolute. Raises NotFound where it is not complete, BadName.
    """
    found = earned_one(user, kind, path, slug)
    name = _clean(name)
    try:
        with transaction.atomic():
            return _issue(user, found, name, address)
    except IntegrityError:  # it has one: asked twice, or issued on another page meanwhile
        return Certificate.objects.get(user=user, kind=kind, path=path, slug=slug, withdrawn_at=None)


def _issue(user: User, found: Earned, name: str, address: Address) -> Certificate:
    certificate = Certificate(
        id=uuid.uuid4(),
        user=user,
        kind=found.kind,
        path=found.path,
        slug=found.slug,
        name=name,
        title=found.title,
        path_title=found.path_title,
        parts=[list(part) for part in found.parts],
        completed_at=found.completed_at,
        issued_at=timezone.now().replace(microsecond=0),
    )
    certificate.credential = _credential(certificate, found, user, address)
    certificate.save(force_insert=True)
    return certificate


def _credential(certificate: Certificate, found: Earned, user: User, address: Address) -> str:
    milestone = f"/milestones/{found.slug}" if found.kind == "milestone" else ""
    achieved = credentials.Achievement(
        certificate=address(f"/certificates/{certificate.pk}"),
        page=address(f"/paths/{found.path}{milestone}"),
        title=found.title,
        description=found.summary,
        kind=found.kind,
        parts=[title for title, _ in found.parts],
        name=certificate.name,
        email=user.email,
        completed_at=found.completed_at,
        issued_at=certificate.issued_at,
    )
    content = credentials.credential(
        achieved, address("/certificates/issuer"), address("/certificates/revocations")
    )
    return credentials.sign(content, settings.CREDENTIAL_KEYS, address("/certificates/keys"))


def _clean(name: str) -> str:
    """The name, normalised. Raises BadName, which says what to change."""
    name = " ".join(unicodedata.normalize("NFC", name).split())
    if not name:
        raise BadName("Write the name that the certificate should carry.")
    if len(name) > MAX_NAME:
        raise BadName(f"The name has {len(name)} characters. A certificate has room for {MAX_NAME}.")
    from cairn.learning.certificate_pdf import unwritable  # 20 MB that a process without certificates saves

    if missing := unwritable(name):
        raise BadName(
            f"The certificate's typeface does not have {' '.join(missing)}. Write your name with letters of "
            "the Latin, Greek or Cyrillic alphabets. Nothing was issued."
        )
    return name


def withdraw(user: User, certificate_id: UUID) -> Certificate:
    """Says to everybody who looks that the certificate no longer counts. A new one can be issued."""
    certificate = access_certificate(user, certificate_id)
    if certificate.withdrawn_at is None:
        certificate.withdrawn_at = timezone.now()
        certificate.save(update_fields=["withdrawn_at"])
    return certificate
