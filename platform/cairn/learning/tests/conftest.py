"""A published sample, a learner, and a site that knows its release as a running process does."""

import pytest

from cairn.accounts.models import User
from cairn.catalog import queries as catalog
from cairn.catalog.tests.sample import publish_sample


@pytest.fixture
def books(db, tmp_path, monkeypatch):
    """The sample, published. As in a running process, the library is asked for once in two seconds."""
    library = publish_sample(tmp_path)
    monkeypatch.setattr(catalog, "FRESH_SECONDS", 2.0)
    yield library
    catalog.forget_library()


@pytest.fixture
def noor(books):
    return User.objects.create_user("noor", "noor@example.org", "granite-cairn-9", first_name="Noor")


@pytest.fixture
def page(client, noor):
    """A browser in which Noor is signed in."""
    client.force_login(noor)
    return client
