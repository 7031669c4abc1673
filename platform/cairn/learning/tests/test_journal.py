"""The journal over HTTP: what is kept, who may read it, and what it does not take."""

import re
from io import BytesIO
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from cairn.accounts.models import User
from cairn.conftest import mentor_of
from cairn.learning.journal_actions import NoteConflict, add_image, begin_note, save_text, share
from cairn.learning.journal_queries import notes_of
from cairn.learning.journal_rules import (
    MAX_CHARS,
    MAX_IMAGE_BYTES,
    MAX_IMAGES,
    MAX_TITLE,
    BadImage,
    about,
    media_type,
    rendered,
    title_of,
)
from cairn.learning.models import Note, NoteImage
from cairn.submissions.actions import try_out
from cairn.ui.errors import NotFound


def picture(kind="PNG", size=(6, 4), **more):
    """A real picture whose left half is dark."""
    made = Image.new("RGB", size, "white")
    made.paste("black", (0, 0, size[0] // 2, size[1]))
    into = BytesIO()
    made.save(into, kind, **more)
    return into.getvalue()


PNG, JPEG, WEBP = (picture(kind) for kind in ("PNG", "JPEG", "WEBP"))
CODE = {"dot.py": "def dot(a, b):\n    return 1\n"}


def text(answer):
    return answer.content.decode()


def file(data=PNG, name="plot.png", kind="image/png"):
    return SimpleUploadedFile(name, data, kind)


@pytest.fixture
def note(noor):
    return begin_note(noor, "blank")


@pytest.fixture
def bob(books):
    return User.objects.create_user("bob", "bob@example.org", "granite-cairn-9")


@pytest.fixture
def mo(noor):
    return mentor_of(
        User.objects.create_user("mo", "mo@example.org", "granite-cairn-9", is_mentor=True), noor, "autumn"
    )


def save(browser, note, words, version=None, **more):
    version = note.version if version is None else version
    return browser.post(f"/journal/{note.pk}/edit", {"text": words, "version": version, **more})


# --- writing


def test_a_guest_signs_in_first(client, books):
    assert client.get("/journal").headers["Location"].startswith("/account/login/")


def test_a_note_begins_from_a_template_about_something(page, noor):
    answer = page.post(
        "/journal", {"template": "experiment", "about": "topic:vectors-and-matrices#a-walk-in-two-numbers"}
    )
    note = Note.objects.get(user=noor)
    assert answer.headers["Location"] == f"/journal/{note.pk}/edit"
    shown = text(page.get(f"/journal/{note.pk}"))
    assert "Set-up" in shown
    assert "/topics/vectors-and-matrices#a-walk-in-two-numbers" in shown


def test_an_experiment_links_to_its_run(page, noor):
    run = try_out(noor, "dot-product", CODE)
    page.post("/journal", {"template": "experiment", "about": f"run:{run.pk}"})
    assert f"/runs/{run.pk}" in text(page.get(f"/journal/{Note.objects.get().pk}"))


def test_nobody_writes_about_a_run_of_somebody_else(page, bob):
    run = try_out(bob, "dot-product", CODE)
    assert page.post("/journal", {"template": "blank", "about": f"run:{run.pk}"}).status_code == 404
    assert not Note.objects.exists()


@pytest.mark.parametrize(
    "form",
    [
        {"template": "no"},
        {"template": "blank", "about": "topic:no"},
        {"template": "blank", "about": "run:x"},
        {"template": "blank", "about": "__class__:x"},
        {"template": "blank", "about": "milestone:zero-to-llm"},
    ],
)
def test_a_template_or_subject_that_there_is_not_makes_nothing(page, form):
    assert page.post("/journal", form).status_code == 422
    assert not Note.objects.exists()


def test_saving_keeps_text_title_and_whether_it_is_shared(page, note):
    save(page, note, "## A *first* thought\r\nand more", shared="on")
    note.refresh_from_db()
    assert (note.title, note.text, note.shared) == (
        "A *first* thought", "## A *first* thought\nand more", True,
    )  # fmt: skip
    save(page, note, note.text)
    note.refresh_from_db()
    assert not note.shared


def test_what_was_saved_elsewhere_is_not_overwritten_and_nothing_written_is_lost(page, noor, note):
    save_text(noor, note.pk, "from the phone", note.version)
    answer = save(page, note, "from the desk")
    assert answer.status_code == 409
    assert "from the phone" in text(answer)
    assert "from the desk" in text(answer)
    note.refresh_from_db()
    assert note.text == "from the phone"
    assert save(page, note, "from the desk").status_code == 302  # with the version that was shown


def put(page, note, words, version, open_page="p1"):
    return page.put(
        f"/journal/{note.pk}/text/{open_page}",
        {"files": {"text": words}, "version": version},
        content_type="application/json",
    )


def test_writing_is_saved_by_itself(page, note):
    first = put(page, note, "a", 1).json()["version"]
    assert put(page, note, "ab", first).json()["version"] == first + 1


def test_a_save_by_itself_meets_a_newer_text(page, noor, note):
    save_text(noor, note.pk, "newer", 1)
    answer = put(page, note, "older", 1)
    assert (answer.status_code, answer.json()["files"]) == (409, {"text": "newer"})


def test_the_form_of_a_page_that_saved_by_itself_is_no_conflict(page, note):
    put(page, note, "ab", 1)
    assert save(page, note, "abc", 1, page="p1").status_code == 302
    assert save(page, note, "other", 1, page="p2").status_code == 409


def test_saving_the_same_twice_changes_nothing(noor, note):
    first = save_text(noor, note.pk, "same", 1)
    assert save_text(noor, note.pk, "same", 1).version == first.version
    with pytest.raises(NoteConflict):
        save_text(noor, note.pk, "other", 1)


# --- bad input


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"[]", 422),
        (b'{"files": {"other": "x"}, "version": 1}', 422),
        (b'{"files": {"text": "\\ud800"}, "version": 1}', 422),
        (b'{"files": {"text": "\\u0000"}, "version": 1}', 422),
        (b'{"files": {"text": "x"}, "version": 99999999999999999999}', 422),
        (b'{"files": {"text": "' + b"x" * (MAX_CHARS + 1) + b'"}, "version": 1}', 413),
        (b'{"files": {"text": "' + b"x" * (5 * 2**20) + b'"}, "version": 1}', 413),
    ],
)
def test_what_cannot_be_a_note_is_not_saved(page, note, body, status):
    answer = page.put(f"/journal/{note.pk}/text/p1", body, content_type="application/json")
    assert answer.status_code == status
    note.refresh_from_db()
    assert note.text == ""


def test_endless_text_stays_in_the_form_that_refuses_it(page, note):
    answer = save(page, note, "x" * (MAX_CHARS + 1))
    assert answer.status_code == 413
    assert "x" * 1000 in text(answer)


def test_a_search_for_anything_finds_or_does_not(page, noor, note):
    save_text(noor, note.pk, "Gradient descent\n100% sure of $x_1$", 1)
    assert "Gradient descent" in text(page.get("/journal", {"q": "DESCENT sure"}))
    assert "No note holds these words" in text(page.get("/journal", {"q": "descent unsure"}))
    assert "Gradient descent" in text(page.get("/journal", {"q": "100%"}))
    assert "No note holds these words" in text(page.get("/journal", {"q": "1%0"}))
    assert page.get("/journal", {"q": "\x00" + "a b " * 400, "about": "topic:\x00"}).status_code == 200


@given(st.text(max_size=400))
def test_any_text_has_a_title_that_fits(words):
    assert 1 <= len(title_of(words)) <= MAX_TITLE


@pytest.mark.parametrize(
    "attack",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "![x](javascript:alert(1))",
        "![x](https://elsewhere.example/pixel.png)",
        f'![" onerror="alert(1)](/journal/{uuid4()}/images/{uuid4()})',
        f"![<img src=x onerror=alert(1)>](/journal/{uuid4()}/images/{uuid4()})",
        f"![x](/journal/{uuid4()}/images/{uuid4()}/../../../account/logout)",
    ],
)
def test_no_text_becomes_a_script_or_a_foreign_picture(attack):
    html = rendered(attack).html
    assert "<script" not in html
    assert 'href="javascript' not in html
    for tag in re.findall(r"<img [^>]*>", html):
        assert re.fullmatch(
            r'<img src="/journal/[0-9a-f-]{36}/images/[0-9a-f-]{36}" alt="[^"<>]*" loading="lazy">', tag
        )


def test_the_first_heading_is_the_pages_title_and_the_others_follow_it():
    html = rendered("# Title\n\n## Part\n\n### Detail\n\n`<h4>`").html
    assert "Title" not in html
    assert "<h2>Part</h2>" in html
    assert "<h3>Detail</h3>" in html
    assert "&lt;h4&gt;" in html
    assert "Title" in rendered("Title\n\nmore").html


# --- pictures


def test_a_picture_stands_where_it_was_put_and_is_served_as_a_picture_only(page, note):
    answer = save(page, note, "Loss", picture=file())
    assert answer.status_code == 302
    image = NoteImage.objects.get()
    address = f"/journal/{note.pk}/images/{image.pk}"
    assert f'<img src="{address}" alt="Describe this picture"' in text(page.get(f"/journal/{note.pk}"))
    served = page.get(address)
    assert served.headers["Content-Type"] == "image/png"
    assert Image.open(BytesIO(served.content)).getpixel((0, 0)) == (0, 0, 0)
    assert served.headers["X-Content-Type-Options"] == "nosniff"
    assert served.headers["Content-Disposition"].startswith("attachment")
    assert served.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "private" in served.headers["Cache-Control"]


@pytest.mark.parametrize(("data", "kind"), [(PNG, "image/png"), (JPEG, "image/jpeg"), (WEBP, "image/webp")])
def test_a_picture_is_told_by_its_bytes(data, kind):
    assert media_type(data) == kind


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"<html><script>alert(1)</script>",
        b"MZ" + bytes(100),
        b"GIF89a" + bytes(20),
        b"\x89PNG",
        PNG[:40],
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(40),
        b" " + PNG,
        PNG + bytes(MAX_IMAGE_BYTES),
    ],
)
def test_what_is_no_picture_or_too_large_is_not_kept_whatever_it_says_of_itself(page, note, data):
    answer = save(page, note, "Loss", picture=file(data))
    assert answer.status_code in (200, 302, 422)
    assert not NoteImage.objects.exists()
    if data:
        assert answer.status_code == 422
    note.refresh_from_db()
    assert note.text == "Loss"  # the text was good, and is kept


def test_where_and_with_what_a_picture_was_taken_is_not_kept(note):
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "A maker of cameras", 6  # and it was held sideways
    image = add_image(note, file(picture("JPEG", exif=exif) + b"<script>alert(1)</script>"))
    kept = Image.open(BytesIO(image.data))
    assert b"cameras" not in image.data
    assert b"script" not in image.data
    assert not kept.getexif()
    assert kept.size == (4, 6)


def test_a_picture_that_unpacks_to_too_much_is_refused(note):
    bomb = BytesIO()
    Image.new("1", (20_000, 20_000)).save(bomb, "PNG", optimize=True)
    assert len(bomb.getvalue()) < MAX_IMAGE_BYTES
    with pytest.raises(BadImage):
        add_image(note, file(bomb.getvalue()))
    assert not NoteImage.objects.exists()


def test_a_note_holds_so_many_pictures(note):
    for _ in range(MAX_IMAGES):
        add_image(note, file())
    with pytest.raises(BadImage):
        add_image(note, file())


# --- who may read


def test_a_private_note_is_nobody_elses(client, note, bob, mo, ada_of_cairn):
    image = add_image(note, file())
    for other in (bob, mo, ada_of_cairn):
        client.force_login(other)
        assert client.get(f"/journal/{note.pk}").status_code == 404
        assert client.get(f"/journal/{note.pk}/images/{image.pk}").status_code == 404


@pytest.fixture
def ada_of_cairn(books):
    return User.objects.create_superuser("ada", "ada@example.org", "granite-cairn-9")


def test_a_shared_note_is_read_by_the_mentor_and_by_no_stranger(client, noor, note, bob, mo):
    image = add_image(note, file())
    save_text(noor, note.pk, "For you, Mo", note.version + 1)
    share(note, True)
    client.force_login(mo)
    assert "For you, Mo" in text(client.get(f"/journal/{note.pk}"))
    assert "For you, Mo" in text(client.get("/journal/shared"))
    assert client.get(f"/journal/{note.pk}/images/{image.pk}").status_code == 200
    client.force_login(bob)
    assert client.get(f"/journal/{note.pk}").status_code == 404
    assert client.get(f"/journal/{note.pk}/images/{image.pk}").status_code == 404
    assert "For you, Mo" not in text(client.get("/journal/shared"))


def test_who_may_read_may_not_write(client, note, mo):
    share(note, True)
    client.force_login(mo)
    for address in ("edit", "deletion"):
        assert client.get(f"/journal/{note.pk}/{address}").status_code == 404
        assert client.post(f"/journal/{note.pk}/{address}", {"text": "x", "version": 1}).status_code == 404
    assert put(client, note, "x", 1).status_code == 404
    assert Note.objects.get().text == ""


def test_a_picture_leads_to_no_other_note(page, noor, bob, note):
    theirs = begin_note(bob, "blank")
    image = add_image(theirs, file())
    assert page.get(f"/journal/{note.pk}/images/{image.pk}").status_code == 404


def test_a_script_that_lost_its_session_is_told(client, note):
    assert put(client, note, "x", 1).status_code == 401


def test_search_stays_in_ones_own_notes(noor, bob, note):
    theirs = begin_note(bob, "report")
    assert theirs not in notes_of(noor)
    assert note in notes_of(noor)


# --- deleting


def test_deleting_asks_first_and_takes_the_pictures_along(page, note):
    add_image(note, file())
    asked = text(page.get(f"/journal/{note.pk}/deletion"))
    assert "gone for good" in asked
    assert "1 picture" in asked
    assert Note.objects.exists()
    assert "is deleted" in text(page.post(f"/journal/{note.pk}/deletion", follow=True))
    assert not Note.objects.exists()
    assert not NoteImage.objects.exists()


# --- what it is about, and what it costs


def test_what_is_gone_is_about_nothing(books):
    assert about("topic:vectors-and-matrices", books).title == "Vectors and matrices"
    assert about("milestone:zero-to-llm/linear-algebra", books).url.endswith("/milestones/linear-algebra")
    for gone in ("", "topic:", "topic:no", "topic:vectors-and-matrices#no", "milestone:a/b", "run:1", "x:y"):
        assert about(gone, books) is None


def test_the_list_costs_the_same_for_any_number_of_notes(page, noor, django_assert_num_queries):
    begin_note(noor, "blank", "topic:vectors-and-matrices")
    with django_assert_num_queries(4):  # person, notes, enrolments, runs
        page.get("/journal")
    for _ in range(5):
        begin_note(noor, "report", "topic:vectors-and-matrices")
    with django_assert_num_queries(4):
        page.get("/journal")


def test_nobody_reads_a_note_that_there_is_not(page):
    assert page.get(f"/journal/{uuid4()}").status_code == 404
    with pytest.raises(NotFound):
        save_text(User(pk=1), uuid4(), "x", 1)
