"""What changes people."""

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from cairn.accounts.models import Cohort, Membership, User
from cairn.ui.errors import Refusal

DEMO_ROLES: dict[str, dict[str, Any]] = {
    "learner": {"first_name": "Lena", "last_name": "Learner"},
    "mentor": {"first_name": "Mio", "last_name": "Mentor", "is_mentor": True},
    "admin": {
        "first_name": "Ada",
        "last_name": "Admin",
        "is_mentor": True,
        "is_author": True,
        "is_staff": True,
        "is_superuser": True,
    },
}
DEMO_DOMAIN = "demo.invalid"  # no address there can ever be somebody's


class NoDemoHere(Refusal):
    """Demo accounts have readable passwords, so a real site has none."""

    status = 403
    code = "no-demo-here"


@dataclass(frozen=True)
class SignIn:
    """A user name and the password that was made for it."""

    username: str
    password: str


def create_demo() -> dict[str, SignIn]:
    """The demo cohort, with a learner, a mentor and an admin; their sign-ins by role.

    Called again, it gives the same sign-ins from the file that it wrote, ``demo-accounts.json`` in
    CAIRN_HOME, readable by its owner alone. A password is made only where none is on file. Raises NoDemoHere
    in production, or where a demo name is somebody's.
    """
    if settings.PRODUCTION:
        raise NoDemoHere(
            "Demo accounts are for a machine of your own. This is a production site; none were made."
        )
    known = read_sign_ins()
    with transaction.atomic():
        cohort = _demo_cohort()
        sign_ins = {role: _demo_person(cohort, role, known.get(role)) for role in DEMO_ROLES}
    _write_sign_ins(sign_ins)
    return sign_ins


def demo_file() -> Path:
    """Where the demo sign-ins can be read."""
    return Path(settings.HOME) / "demo-accounts.json"


def _demo_cohort() -> Cohort:
    wanted = {"title": "Demo cohort", "path": "zero-to-llm", "starts_on": timezone.localdate()}
    return Cohort.objects.get_or_create(slug="demo", defaults=wanted)[0]


def _demo_person(cohort: Cohort, role: str, known: SignIn | None) -> SignIn:
    email = f"{role}@{DEMO_DOMAIN}"
    person = User.objects.filter(username=role).first() or User(username=role, email=email)
    if person.email != email:
        raise NoDemoHere(f"The user name {role} is taken by a real account. Nothing was changed.")
    if known is None or person.pk is None or not person.check_password(known.password):
        known = SignIn(role, secrets.token_urlsafe(9))
        person.set_password(known.password)
        for name, value in DEMO_ROLES[role].items():
            setattr(person, name, value)
        person.save()
    EmailAddress.objects.get_or_create(user=person, email=email, defaults={"verified": True, "primary": True})
    if role != "admin":
        Membership.objects.get_or_create(cohort=cohort, user=person, defaults={"role": role})
    return known


def read_sign_ins() -> dict[str, SignIn]:
    """The sign-ins on file, by role; none where there is no file or it can't be read."""
    try:
        stored = json.loads(demo_file().read_text())
        return {role: SignIn(one["username"], one["password"]) for role, one in stored.items()}
    except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
        return {}  # unreadable is as good as absent: new passwords are made and written


def _write_sign_ins(sign_ins: dict[str, SignIn]) -> None:
    text = json.dumps({role: vars(sign_in) for role, sign_in in sign_ins.items()}, indent=2) + "\n"
    fresh = demo_file().with_suffix(".new")
    fresh.unlink(missing_ok=True)
    # Made readable by its owner alone before a password is in it, and moved into place whole.
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    fresh.replace(demo_file())
