"""Certificates: issued for what is complete, verified by anybody, withdrawn by their owner alone."""

import base64
import hashlib
import json
from datetime import UTC, datetime
from io import BytesIO
from uuid import uuid4

import jwt
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from pypdf import PdfReader

from cairn.accounts.models import User
from cairn.learning import credentials
from cairn.learning.certificate_pdf import unwritable
from cairn.learning.models import Certificate, Completion

MILESTONE = {"kind": "milestone", "path": "zero-to-llm", "slug": "linear-algebra"}
DONE = datetime(2026, 11, 3, 9, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def keys(settings, tmp_path):
    settings.CREDENTIAL_KEYS = tmp_path / "keys"
    return settings.CREDENTIAL_KEYS


@pytest.fixture
def done(noor):
    return Completion.objects.create(user=noor, at=DONE, content_hash="h", **MILESTONE)


@pytest.fixture
def issued(page, done):
    page.post("/certificates", MILESTONE | {"name": "Noor Haddad"})
    return Certificate.objects.get()


def test_what_is_complete_waits_to_be_issued_and_nobody_sees_it_before(page, done):
    body = page.get("/certificates").content.decode()
    assert "complete since" in body
    assert not Certificate.objects.exists()


@pytest.mark.parametrize(
    "asked",
    [
        MILESTONE,
        MILESTONE | {"slug": "decompositions"},
        {"kind": "path", "path": "zero-to-llm", "slug": "zero-to-llm"},
    ],
)
def test_what_is_not_complete_cannot_be_issued(page, asked):
    assert page.post("/certificates", asked | {"name": "Noor"}).status_code == 404
    assert not Certificate.objects.exists()


def test_issued_twice_is_one_certificate(page, issued):
    page.post("/certificates", MILESTONE | {"name": "Somebody Else"})
    assert Certificate.objects.get().name == "Noor Haddad"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("", "Write the name"),
        ("   ", "Write the name"),
        ("n" * 121, "has room for 120"),
        ("李小龙", "does not have 李 小 龙"),
        ("Noor\x00", "does not have"),
    ],
)
def test_a_name_that_the_paper_cannot_carry_is_refused_with_the_reason(page, done, name, says):
    answer = page.post("/certificates", MILESTONE | {"name": name})
    assert answer.status_code == 400
    assert says in answer.content.decode()
    assert not Certificate.objects.exists()


@pytest.mark.parametrize("name", ["Zoë Łukasiewicz", "Дмитрий", "Ελένη", "Nguyễn Văn Ánh"])
def test_names_of_many_alphabets_can_be_written(name):
    assert unwritable(name) == []


def test_anybody_with_the_address_reads_the_page_and_search_engines_do_not_list_it(client, issued):
    client.logout()
    answer = client.get(f"/certificates/{issued.pk}")
    body = answer.content.decode()
    assert answer.status_code == 200
    assert "Noor Haddad" in body
    assert "3 November 2026" in body
    assert "and valid" in body
    assert "noor@example.org" not in body
    assert answer["X-Robots-Tag"] == "noindex"


@pytest.mark.parametrize("ending", ["", ".pdf", ".jwt", ".svg"])
def test_an_address_that_is_guessed_leads_nowhere(client, db, ending):
    assert client.get(f"/certificates/{uuid4()}{ending}").status_code == 404


def test_the_paper_says_the_same(client, issued):
    answer = client.get(f"/certificates/{issued.pk}.pdf")
    assert answer["Content-Type"] == "application/pdf"
    (sheet,) = PdfReader(BytesIO(answer.content)).pages
    text = " ".join(sheet.extract_text().split())
    for words in ("Noor Haddad", issued.title, "3 November 2026", f"/certificates/{issued.pk}"):
        assert words in text


def test_the_credential_is_verified_by_another_library_with_the_published_key_alone(client, issued):
    token = client.get(f"/certificates/{issued.pk}.jwt").content.decode()
    header = jwt.get_unverified_header(token)
    assert header["alg"] == "RS256"
    key = client.get(header["kid"].removeprefix("http://testserver")).json()
    said = jwt.decode(token, jwt.PyJWK(key), algorithms=["RS256"], options={"verify_sub": False})
    assert said["type"] == ["VerifiableCredential", "OpenBadgeCredential"]
    assert said["@context"][0] == "https://www.w3.org/ns/credentials/v2"
    assert said["issuer"]["id"] == said["iss"] == "http://testserver/certificates/issuer"
    assert said["credentialSubject"]["achievement"]["criteria"]["narrative"]
    assert client.get("/certificates/issuer").json() == said["issuer"]
    assert key in client.get("/certificates/keys").json()["keys"]


def test_the_credential_knows_the_address_only_as_a_hash(issued):
    payload = issued.credential.split(".")[1]
    said = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert "noor@example.org" not in json.dumps(said)
    (hashed, _) = said["credentialSubject"]["identifier"]
    expected = hashlib.sha256(f"noor@example.org{hashed['salt']}".encode()).hexdigest()
    assert hashed["identityHash"] == f"sha256${expected}"


def test_the_badge_holds_the_credential(client, issued):
    answer = client.get(f"/certificates/{issued.pk}.svg")
    assert answer["Content-Disposition"].startswith("attachment")
    assert f'verify="{issued.credential}"' in answer.content.decode()


class TestVerifying:
    def said(self, client, **form):
        return client.post("/certificates/verify", form).content.decode()

    def test_a_genuine_one_pasted(self, client, issued):
        client.logout()
        said = self.said(client, credential=f"  {issued.credential}\n")
        assert "Genuine and valid" in said
        assert f"Issued on {issued.issued_at:%-d %B %Y}." in said

    def test_a_badge_as_a_file(self, client, issued):
        picture = SimpleUploadedFile("badge.svg", client.get(f"/certificates/{issued.pk}.svg").content)
        assert "Genuine and valid" in self.said(client, file=picture)

    def test_a_changed_one(self, client, issued):
        header, payload, signature = issued.credential.split(".")
        said = json.loads(base64.urlsafe_b64decode(payload + "=="))
        said["credentialSubject"]["achievement"]["name"] = "Everything"
        forged = base64.urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("=")
        assert "changed after it was issued" in self.said(client, credential=f"{header}.{forged}.{signature}")

    def test_one_that_claims_to_need_no_signature(self, client, issued):
        claims = jwt.decode(issued.credential, options={"verify_signature": False})
        kid = jwt.get_unverified_header(issued.credential)["kid"]
        unsigned = jwt.encode(claims, None, algorithm="none", headers={"kid": kid})
        assert "Not genuine" in self.said(client, credential=unsigned + "x")

    def test_one_signed_by_somebody_else(self, client, issued, tmp_path):
        content = jwt.decode(issued.credential, options={"verify_signature": False})
        foreign = credentials.sign(content, tmp_path / "foreign", "http://testserver/certificates/keys")
        assert "not signed with a key of this site" in self.said(client, credential=foreign)

    def test_an_empty_form_is_no_forgery(self, client, db):
        said = self.said(client, credential=" ")
        assert "Nothing to verify" in said
        assert "Not genuine" not in said

    @pytest.mark.parametrize("text", ["hello", "a.b", "a.b.c", "ü.ü.ü", "x" * 200_000, "\x00"])
    def test_anything_else(self, client, db, text):
        assert "Not genuine" in self.said(client, credential=text)

    def test_a_withdrawn_one_says_so(self, client, issued):
        client.post(f"/certificates/{issued.pk}/withdrawal")
        assert "withdrawn" in self.said(client, credential=issued.credential)

    def test_one_whose_owner_left(self, client, issued, noor):
        noor.delete()
        assert "its owner has left" in self.said(client, credential=issued.credential)

    def test_an_older_key_goes_on_verifying(self, client, issued, keys, done):
        (old,) = keys.glob("*.pem")
        credentials._made(keys)
        client.post(f"/certificates/{issued.pk}/withdrawal")
        client.post("/certificates", MILESTONE | {"name": "Noor Haddad"})
        newer = Certificate.objects.get(withdrawn_at=None)
        kids = {jwt.get_unverified_header(one.credential)["kid"] for one in (issued, newer)}
        assert len(kids) == 2
        assert "Genuine" in self.said(client, credential=issued.credential)
        assert old.stat().st_mode & 0o777 == 0o600


def test_its_owner_can_withdraw_it_and_issue_another(client, issued):
    assert client.post(f"/certificates/{issued.pk}/withdrawal").status_code == 302
    assert "no longer counts" in client.get(f"/certificates/{issued.pk}").content.decode()
    assert client.get(f"/certificates/{issued.pk}.pdf").status_code == 404
    listed = client.get("/certificates/revocations").json()["revokedCredentials"]
    assert listed == [{"id": f"http://testserver/certificates/{issued.pk}"}]
    client.post("/certificates", MILESTONE | {"name": "N. Haddad"})
    assert Certificate.objects.get(withdrawn_at=None).name == "N. Haddad"


def test_nobody_else_can_withdraw_it(client, issued):
    bob = User.objects.create_user("bob", "bob@example.org", "granite-cairn-9", is_staff=True)
    client.force_login(bob)
    assert client.post(f"/certificates/{issued.pk}/withdrawal").status_code == 404
    client.logout()
    assert client.post(f"/certificates/{issued.pk}/withdrawal").status_code == 302  # to the sign-in page
    issued.refresh_from_db()
    assert issued.withdrawn_at is None


def test_a_guest_is_asked_to_sign_in_before_the_list(client, db):
    assert client.get("/certificates").status_code == 302


def test_the_public_page_costs_one_query_for_a_guest(client, issued, django_assert_num_queries):
    client.logout()
    client.get(f"/certificates/{issued.pk}")
    with django_assert_num_queries(1):
        client.get(f"/certificates/{issued.pk}")
