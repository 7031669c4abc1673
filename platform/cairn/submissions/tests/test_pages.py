"""Drafts, tries and submissions as the exercise page uses them."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from cairn.accounts.models import User
from cairn.runs.models import Run
from cairn.submissions import queries
from cairn.submissions.models import Draft, Submission
from cairn.submissions.tests.conftest import CODE, SIGN_IN, signed_in

pytestmark = pytest.mark.django_db
DRAFT = "/drafts/exercise/dot-product"
SUBMIT = "/exercises/dot-product/submissions"
FORM = {"file:dot.py": CODE["dot.py"]}
HTMX = {"HX-Request": "true"}


def save(client: Client, version: int, text: str = "x = 1\n", **more: Any) -> Any:
    body = {"files": {"dot.py": text}, "version": version} | more
    return client.put(DRAFT, body, content_type="application/json")


# --- drafts


def test_a_draft_is_kept_and_read_on_another_device(alice: User) -> None:
    assert save(signed_in(alice), 0).json()["version"] == 1
    assert save(signed_in(alice), 1, "x = 2\n").json()["version"] == 2
    assert signed_in(alice).get(DRAFT).json()["files"] == {"dot.py": "x = 2\n"}


def test_there_is_no_draft_yet(alice: User) -> None:
    assert signed_in(alice).get(DRAFT).json() == {"files": {}, "version": 0, "updated_at": None}


def test_an_older_page_does_not_overwrite_and_gets_the_newer_draft(alice: User) -> None:
    client = signed_in(alice)
    save(client, 0)
    save(client, 1, "newer\n")
    answer = save(client, 1, "older\n")
    assert answer.status_code == 409
    assert answer.headers["Content-Type"] == "application/problem+json"
    told = answer.json()
    assert (told["version"], told["files"]) == (2, {"dot.py": "newer\n"})
    assert "Nothing was overwritten" in told["detail"]
    assert Draft.objects.get().files == {"dot.py": "newer\n"}


@pytest.mark.parametrize("version", [0, 7])
def test_a_page_that_knows_of_another_past_does_not_overwrite(alice: User, version: int) -> None:
    client = signed_in(alice)
    save(client, 0)
    assert save(client, version, "other\n").status_code == 409


def test_the_same_text_again_is_no_conflict(alice: User) -> None:
    client = signed_in(alice)
    save(client, 0)
    answer = save(client, 0)
    assert (answer.status_code, answer.json()["version"]) == (200, 1)


def test_an_unfinished_draft_may_be_empty(alice: User) -> None:
    assert save(signed_in(alice), 0, "").status_code == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("not json", 422),
        ({"files": {"dot.py": 7}, "version": 0}, 422),
        ({"files": {"dot.py": "x"}}, 422),
        ({"files": {"dot.py": "x"}, "version": -1}, 422),
        ({"files": {"other.py": "x"}, "version": 0}, 422),
        ({"files": {"dot.py": "a\x00b"}, "version": 0}, 422),
        ({"files": {"dot.py": "#" * 200_001}, "version": 0}, 413),
        ({"files": {"dot.py": "#" * 5_000_000}, "version": 0}, 413),
    ],
)
def test_a_draft_that_cannot_be_kept_is_refused_with_a_reason(alice: User, body: Any, status: int) -> None:
    answer = signed_in(alice).put(DRAFT, body, content_type="application/json")
    assert answer.status_code == status
    assert len(answer.json()["detail"]) > 20
    assert not Draft.objects.exists()


def test_an_expired_session_is_told_and_the_draft_is_kept(alice: User) -> None:
    save(signed_in(alice), 0, "precious\n")
    answer = save(Client(), 1, "more\n")
    assert answer.status_code == 401
    assert "Sign in again" in answer.json()["detail"]
    assert Draft.objects.get().files == {"dot.py": "precious\n"}


@pytest.mark.parametrize("address", ["/drafts/exercise/no-such-thing", "/drafts/poem/dot-product"])
def test_a_draft_of_what_is_not_there(alice: User, address: str) -> None:
    assert signed_in(alice).get(address).status_code == 404


# --- trying and submitting


def test_submitting_leads_back_to_the_exercise(alice: User) -> None:
    answer = signed_in(alice).post(SUBMIT, FORM)
    submission = Submission.objects.get()
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"/exercises/dot-product?run={submission.run_id}"


def test_a_script_gets_the_live_results(alice: User) -> None:
    for address in (SUBMIT, "/exercises/dot-product/runs"):
        text = signed_in(alice).post(address, FORM, headers=HTMX).content.decode()
        assert "<run-live" in text
        assert 'data-terminal="false"' in text


def test_a_file_is_uploaded(alice: User) -> None:
    file = SimpleUploadedFile("dot.py", b"\xef\xbb\xbfdef dot(a, b):\r\n    return 1\r\n")
    assert signed_in(alice).post(SUBMIT, {"files": file}).status_code == 302
    assert Submission.objects.get().files_digest


@pytest.mark.parametrize(
    ("name", "content", "status", "says"),
    [
        ("dot.py", b"\x80\x81\xff", 422, "dot.py holds binary data"),
        ("dot.py", b"a\x00b", 422, "dot.py holds binary data"),
        ("dot.py", b"#" * 900_000, 413, "dot.py has 0.9 MB"),
        ("dot.py", b"#" * 200_001, 413, "dot.py has 200,001 characters"),
        ("model.bin", b"x", 422, "model.bin is not a file of Dot product. It takes dot.py."),
        ("dot.py", b"", 422, "dot.py is missing or empty"),
    ],
)
def test_an_upload_that_cannot_be_taken(
    alice: User, name: str, content: bytes, status: int, says: str
) -> None:
    answer = signed_in(alice).post(SUBMIT, {"files": SimpleUploadedFile(name, content)})
    assert answer.status_code == status
    assert says in answer.content.decode()
    assert not Submission.objects.exists()


def test_a_form_without_files(alice: User) -> None:
    assert signed_in(alice).post(SUBMIT, {}).status_code == 422


def test_a_guest_is_sent_to_sign_in_and_a_script_is_told(alice: User) -> None:
    assert "/account/login" in Client().post(SUBMIT, FORM).headers["Location"]
    assert Client().post(SUBMIT, FORM, headers=HTMX).status_code == 401
    assert not Submission.objects.exists()


def test_a_form_of_another_site_is_refused(alice: User) -> None:
    assert signed_in(alice, enforce_csrf_checks=True).post(SUBMIT, FORM).status_code == 403


@pytest.mark.parametrize(("address", "limit"), [(SUBMIT, 30), ("/exercises/dot-product/runs", 60)])
def test_too_often_within_a_minute(alice: User, bob: User, address: str, limit: int) -> None:
    client = signed_in(alice)
    codes = [client.post(address, FORM).status_code for _ in range(limit + 1)]
    assert codes == [302] * limit + [429]
    assert "Try again in" in client.post(address, FORM).content.decode()
    assert signed_in(bob).post(address, FORM).status_code == 302


def test_an_unknown_exercise(alice: User) -> None:
    assert signed_in(alice).post("/exercises/no-such-thing/submissions", FORM).status_code == 404
    assert signed_in(alice).post("/exercises/no-such-thing/runs", FORM).status_code == 404


# --- too much at once


@pytest.mark.parametrize("field", ["file:dot.py", "something"])
@pytest.mark.parametrize("multipart", [False, True])
def test_a_form_over_the_limit_says_so_and_loses_nothing(alice: User, field: str, multipart: bool) -> None:
    client = signed_in(alice)
    save(client, 0, "kept\n")
    whole = "&".join((f"{field}={'x' * 5 * 2**20}", "more=1"))
    answer = (
        client.post(SUBMIT, {field: "x" * 5 * 2**20})
        if multipart
        else client.post(SUBMIT, whole, content_type="application/x-www-form-urlencoded")
    )
    assert answer.status_code == 413
    assert "larger than the 4 MB that are taken at once. Nothing was handed in" in answer.content.decode()
    assert not Submission.objects.exists()
    assert Draft.objects.get().files == {"dot.py": "kept\n"}


def test_a_form_over_the_limit_sent_by_script_gets_a_note(alice: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice, backend=SIGN_IN)
    client.cookies["csrftoken"] = "a" * 32
    told = HTMX | {"X-CSRFToken": "a" * 32}
    answer = client.post(SUBMIT, {"file:dot.py": "x" * 5 * 2**20}, headers=told)
    assert answer.status_code == 413
    assert answer.content.decode().startswith('<div class="note fail"')


# --- the admin


def test_an_admin_can_delete_a_person_with_all_they_handed_in(alice: User, bob: User, person: Any) -> None:
    admin = signed_in(person("ada", is_staff=True, is_superuser=True))
    for learner in (alice, bob):
        signed_in(learner).post(SUBMIT, FORM)
    page = admin.get(f"/admin/accounts/user/{alice.pk}/delete/").content.decode()
    assert "Are you sure" in page
    assert admin.post(f"/admin/accounts/user/{alice.pk}/delete/", {"post": "yes"}).status_code == 302
    action = {"action": "delete_selected", "_selected_action": [bob.pk], "post": "yes"}
    assert admin.post("/admin/accounts/user/", action).status_code == 302
    assert list(User.objects.values_list("username", flat=True)) == ["ada"]
    assert not Submission.objects.exists()
    assert not Run.objects.exists()


def test_work_itself_cannot_be_deleted_in_the_admin(alice: User, person: Any) -> None:
    admin = signed_in(person("ada", is_staff=True, is_superuser=True))
    signed_in(alice).post(SUBMIT, FORM)
    submission = Submission.objects.get()
    for place in (f"submissions/submission/{submission.pk}", f"runs/run/{submission.run_id}"):
        assert admin.post(f"/admin/{place}/delete/", {"post": "yes"}).status_code == 403
        assert admin.get(f"/admin/{place}/change/").status_code == 200
    action = {"action": "delete_selected", "_selected_action": [str(submission.run_id)], "post": "yes"}
    admin.post("/admin/runs/run/", action)
    assert Submission.objects.exists()


def test_a_list_of_attempts_reads_no_report(alice: User, django_assert_num_queries: Any) -> None:
    signed_in(alice).post(SUBMIT, FORM)
    with django_assert_num_queries(1) as seen:
        (attempt,) = queries.attempts(alice, "exercise", "dot-product")
        assert (attempt.run.state, attempt.run.tests_total) == ("queued", 0)
    assert '"report"' not in seen.captured_queries[0]["sql"]
