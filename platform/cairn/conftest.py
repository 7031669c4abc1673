"""The cast that every room's tests share.

Alice learns. Mo mentors Alice's cohort. Bob is a stranger who learns elsewhere, Mia mentors elsewhere, Ada
administers. ``sample`` publishes a small curriculum. Noor is the learner of pages: ``books`` is the sample on
a site that knows its release as a running process does, ``page`` a browser in which she is signed in.
"""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from hypothesis import settings

from cairn.accounts.models import Cohort, Membership, User
from cairn.catalog import queries as catalog
from cairn.catalog.queries import Library

PASSWORD = "granite-and-lichen-7"
# How long an example takes says how busy the machine is, and nothing of the rule.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


@pytest.fixture(autouse=True)
def _fresh_cache() -> None:
    """Rate limits and cached pages of one test never reach the next."""
    from cairn.learning.versions import forget_shared

    cache.clear()
    forget_shared()


@pytest.fixture
def person(db: None) -> Callable[..., User]:
    def make(name: str, **more: Any) -> User:
        return User.objects.create_user(name, f"{name}@example.org", PASSWORD, **more)

    return make


@pytest.fixture
def alice(person: Callable[..., User]) -> User:
    return person("alice", first_name="Alice")


@pytest.fixture
def bob(person: Callable[..., User]) -> User:
    return person("bob")


@pytest.fixture
def ada(person: Callable[..., User]) -> User:
    return person("ada", is_staff=True, is_superuser=True)


@pytest.fixture
def mo(person: Callable[..., User], alice: User) -> User:
    return mentor_of(person("mo", first_name="Mo", is_mentor=True), alice, "autumn")


@pytest.fixture
def mia(person: Callable[..., User], bob: User) -> User:
    return mentor_of(person("mia", is_mentor=True), bob, "winter")


def mentor_of(mentor: User, learner: User, slug: str) -> User:
    """Put both in a cohort of their own."""
    cohort = Cohort.objects.create(
        slug=slug, title=slug.title(), path="zero-to-llm", starts_on=date(2026, 11, 2)
    )
    Membership.objects.create(cohort=cohort, user=learner, role=Membership.Role.LEARNER)
    Membership.objects.create(cohort=cohort, user=mentor, role=Membership.Role.MENTOR)
    return mentor


@pytest.fixture
def sample(db: None, tmp_path: Path) -> Library:
    """A small published curriculum: see cairn.catalog.tests.sample."""
    from cairn.catalog.tests.sample import publish_sample

    return publish_sample(tmp_path)


@pytest.fixture
def books(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Library]:
    """The sample, published. As in a running process, the library is asked for once in two seconds."""
    from cairn.catalog.tests.sample import publish_sample

    library = publish_sample(tmp_path)
    monkeypatch.setattr(catalog, "FRESH_SECONDS", 2.0)
    yield library
    catalog.forget_library()


@pytest.fixture
def noor(person: Callable[..., User], books: Library) -> User:
    return person("noor", first_name="Noor")


@pytest.fixture
def page(client: Client, noor: User) -> Client:
    """A browser in which Noor is signed in."""
    client.force_login(noor)
    return client
