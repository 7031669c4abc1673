"""Signing up and in, on pages and by API: what is refused, and how it is told."""

import re

import pytest
from django.core import mail
from django.core.cache import cache
from knox.models import AuthToken
from rest_framework.settings import api_settings

from cairn.accounts.models import User

pytestmark = pytest.mark.django_db
PASSWORD = "a long pass phrase"


@pytest.fixture(autouse=True)
def no_memory_of_earlier_tries():
    cache.clear()


@pytest.fixture
def lea():
    return User.objects.create_user("lea", "lea@example.org", PASSWORD)


def sign_up(client, **changes):
    fields = {"username": "kim", "email": "kim@example.org", "password1": PASSWORD, **changes}
    return client.post("/account/signup/", fields)


def test_a_learner_signs_up(client):
    assert sign_up(client).status_code == 302
    kim = User.objects.get(username="kim")
    assert (kim.is_staff, kim.is_mentor, kim.is_author) == (False, False, False)


def test_roles_cannot_be_signed_up_for(client):
    sign_up(client, is_staff="on", is_mentor="on", is_superuser="on")
    kim = User.objects.get(username="kim")
    assert (kim.is_staff, kim.is_mentor, kim.is_superuser) == (False, False, False)


@pytest.mark.parametrize("name", ["lea", "LEA"])
def test_a_taken_user_name_is_told(client, lea, name):
    answer = sign_up(client, username=name)
    assert answer.status_code == 200
    assert "already exists" in answer.content.decode()
    assert User.objects.count() == 1


def test_a_short_password_is_told(client):
    answer = sign_up(client, password1="abc")
    assert "too short" in answer.content.decode()
    assert not User.objects.exists()


@pytest.mark.parametrize("login", ["lea", "LEA", "lea@example.org"])
def test_signing_in_by_name_or_address(client, lea, login):
    answer = client.post("/account/login/", {"login": login, "password": PASSWORD})
    assert answer.status_code == 302
    assert answer["Location"] == "/home"


def test_a_wrong_password_is_told_without_saying_which_is_wrong(client, lea):
    known = client.post("/account/login/", {"login": "lea", "password": "wrong"}).content.decode()
    unknown = client.post("/account/login/", {"login": "nobody", "password": "wrong"}).content.decode()

    def told(page):
        return re.findall(r"No account has this[^<]*", page)

    assert told(known) == told(unknown) != []


def test_guessing_is_slowed_down(client, lea):
    for _ in range(5):
        client.post("/account/login/", {"login": "lea", "password": "wrong"})
    answer = client.post("/account/login/", {"login": "lea", "password": PASSWORD})
    assert answer.status_code in (200, 429)
    assert "_auth_user_id" not in client.session


def test_signing_out_needs_a_form(client, lea):
    client.force_login(lea)
    client.get("/account/logout/")
    assert "_auth_user_id" in client.session
    client.post("/account/logout/")
    assert "_auth_user_id" not in client.session


def test_a_forgotten_password_is_reset_by_mail(client, lea):
    client.post("/account/password/reset/", {"email": "lea@example.org"})
    (message,) = mail.outbox
    link = re.search(r"http://[^/]+(/\S+)", message.body)[1]
    page = client.get(link, follow=True)
    address = page.redirect_chain[-1][0]
    client.post(address, {"password1": "another long phrase", "password2": "another long phrase"})
    lea.refresh_from_db()
    assert lea.check_password("another long phrase")


class TestProfile:
    def test_name_and_zone_are_saved(self, client, lea):
        client.force_login(lea)
        answer = client.post(
            "/account/profile", {"first_name": "Lea", "last_name": "Roth", "timezone": "Europe/Zurich"}
        )
        assert answer.status_code == 302
        lea.refresh_from_db()
        assert (lea.display_name, lea.timezone) == ("Lea Roth", "Europe/Zurich")

    def test_a_zone_that_is_none(self, client, lea):
        client.force_login(lea)
        answer = client.post("/account/profile", {"first_name": "Lea", "timezone": "Mars/Olympus"})
        assert answer.status_code == 200
        lea.refresh_from_db()
        assert lea.timezone == "UTC"

    def test_roles_cannot_be_given_to_oneself(self, client, lea):
        client.force_login(lea)
        client.post("/account/profile", {"timezone": "UTC", "is_staff": "on", "is_mentor": "on"})
        lea.refresh_from_db()
        assert (lea.is_staff, lea.is_mentor) == (False, False)

    def test_tokens_are_listed_and_taken_back(self, client, lea):
        token, secret = AuthToken.objects.create(user=lea)
        client.force_login(lea)
        page = client.get("/account/profile").content.decode()
        assert token.token_key in page
        assert secret not in page
        client.post(f"/account/tokens/{token.digest}/revocation")
        assert not AuthToken.objects.exists()

    def test_another_persons_token_cannot_be_taken_back(self, client, lea):
        token, _ = AuthToken.objects.create(user=lea)
        client.force_login(User.objects.create_user("kim", "kim@example.org", PASSWORD))
        assert client.post(f"/account/tokens/{token.digest}/revocation").status_code == 404
        assert AuthToken.objects.exists()


class TestTokens:
    def ask(self, client, **changes):
        credentials = {"username": "lea", "password": PASSWORD, **changes}
        return client.post("/api/v1/auth/token", credentials, content_type="application/json")

    def headers(self, client):
        return {"Authorization": f"Token {self.ask(client).json()['token']}"}

    @pytest.mark.parametrize("name", ["lea", "lea@example.org"])
    def test_a_token_opens_the_api(self, client, lea, name):
        answer = self.ask(client, username=name)
        assert set(answer.json()) == {"token", "expiry"}
        me = client.get("/api/v1/me", headers={"Authorization": f"Token {answer.json()['token']}"})
        assert me.json()["username"] == "lea"
        assert "password" not in me.json()

    def test_a_token_is_given_back(self, client, lea):
        headers = self.headers(client)
        assert client.delete("/api/v1/auth/token", headers=headers).status_code == 204
        assert client.get("/api/v1/me", headers=headers).status_code == 401

    @pytest.mark.parametrize("changes", [{"password": "wrong"}, {"username": "nobody"}])
    def test_wrong_credentials_are_a_problem_document(self, client, lea, changes):
        answer = self.ask(client, **changes)
        assert answer.status_code == 400
        assert answer.headers["Content-Type"].startswith("application/problem+json")
        assert answer.json()["type"] == "urn:cairn:wrong-credentials"

    def test_missing_fields_are_named(self, client):
        answer = client.post("/api/v1/auth/token", {}, content_type="application/json")
        assert answer.status_code == 400
        assert set(answer.json()["errors"]) == {"username", "password"}

    def test_what_is_no_json(self, client):
        answer = client.post("/api/v1/auth/token", "{", content_type="application/json")
        assert answer.status_code == 400
        assert answer.headers["Content-Type"].startswith("application/problem+json")

    def test_who_left_gets_none(self, client, lea):
        lea.is_active = False
        lea.save()
        assert self.ask(client).status_code == 400
        assert not AuthToken.objects.exists()

    def test_an_address_that_must_be_verified_is(self, client, lea, settings):
        settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
        assert self.ask(client).status_code == 400
        lea.emailaddress_set.create(email=lea.email, verified=True, primary=True)
        assert self.ask(client).status_code == 200

    def test_guessing_is_slowed_down(self, client, lea):
        for _ in range(5):
            self.ask(client, password="wrong")
        answer = self.ask(client)
        assert answer.status_code == 429
        assert answer.json()["type"] == "urn:cairn:too-many-tries"

    def test_asking_too_often_is_refused(self, client, lea):
        limit = int(api_settings.DEFAULT_THROTTLE_RATES["token"].split("/")[0])
        statuses = [self.ask(client).status_code for _ in range(limit + 1)]
        assert statuses[-1] == 429
        assert statuses[0] == 200

    @pytest.mark.parametrize("header", ["Token nonsense", "Token ", "Bearer x", "Token a b"])
    def test_a_token_that_is_none(self, client, header):
        answer = client.get("/api/v1/me", headers={"Authorization": header})
        assert answer.status_code == 401
        assert answer.headers["Content-Type"].startswith("application/problem+json")


def test_a_wrong_password_says_what_to_do_and_not_whether_the_account_exists(client):
    User.objects.create_user("noor", "noor@example.org", "granite-and-lichen-7")
    said = []
    for name in ("noor", "nobody", "noor@example.org"):
        answer = client.post("/account/login/", {"login": name, "password": "wrong"})
        said += answer.context["form"].non_field_errors()
    assert said == ["No account has this name and this password. Check both, or ask for a new password."] * 3


def test_too_many_wrong_passwords_say_how_long_to_wait(client):
    for _ in range(6):
        answer = client.post("/account/login/", {"login": "noor", "password": "wrong"})
    assert "Wait five minutes" in answer.content.decode()
