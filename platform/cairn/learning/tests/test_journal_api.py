"""The journal and certificates in the API: one's own, and nobody else's."""

import pytest
from django.utils import timezone

from cairn.accounts.models import User
from cairn.learning.journal_actions import begin_note, save_text, share
from cairn.learning.models import Certificate

PLACES = ("/api/v1/me/journal", "/api/v1/me/certificates")


@pytest.fixture
def note(noor):
    made = begin_note(noor, "blank")
    return save_text(noor, made.pk, "# Momentum\n\nIt rolls on.", made.version, "")


def test_notes_are_listed_without_their_text_and_found_by_words(page, note):
    (listed,) = page.get("/api/v1/me/journal").json()
    assert (listed["title"], "text" in listed) == ("Momentum", False)
    assert page.get("/api/v1/me/journal?q=rolls").json()
    assert page.get("/api/v1/me/journal?q=falls%00").json() == []


def test_a_note_is_read_whole(page, note):
    assert page.get(f"/api/v1/me/journal/{note.pk}").json()["text"].endswith("It rolls on.")


def test_certificates_come_with_their_credential(page, noor):
    now = timezone.now()
    same = {"completed_at": now, "issued_at": now, "parts": [], "credential": "a.b.c"}
    Certificate.objects.create(
        user=noor, kind="path", path="p", slug="p", name="N", title="P", path_title="P", **same
    )
    (listed,) = page.get("/api/v1/me/certificates").json()
    assert (listed["credential"], listed["url"].startswith("/certificates/")) == ("a.b.c", True)


def test_somebody_else_finds_nothing_of_it_even_where_it_is_shared(client, note, noor):
    share(note, True)
    client.force_login(User.objects.create_user("bob", "bob@example.org", "granite-cairn-9", is_staff=True))
    assert client.get(f"/api/v1/me/journal/{note.pk}").status_code == 404
    assert [client.get(place).json() for place in PLACES] == [[], []]


@pytest.mark.parametrize("place", PLACES)
def test_a_guest_is_refused(client, db, place):
    assert client.get(place).status_code == 401
