"""The landing page and the curriculum in the API: what anybody sees, and what nobody does."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from cairn.catalog.actions import publish
from cairn.catalog.tests.sample import EXERCISE, FILES, PATH, publish_sample, replace_in

pytestmark = pytest.mark.django_db
SECRETS = [
    "Refuses vectors of different length",  # a hidden test's title
    "test_lengths",
    "strict=True",  # the solution
    "Products are added up",  # why an answer is right
    "sum(a) + sum(b)",  # a wrong solution
]


@pytest.fixture
def library(tmp_path):
    return publish_sample(tmp_path)


def test_the_landing_page_shows_the_paths(client, library):
    page = client.get("/").content.decode()
    assert "Learn to build AI models by building them" in page
    assert reverse("learning:path", args=["zero-to-llm"]) in page
    assert reverse("learning:lesson", args=["vectors-and-matrices"]) in page
    assert "1 of 2 milestones is open, the rest is being written" in page


def test_signed_in_people_see_it_too(client, library, django_user_model):
    client.force_login(django_user_model.objects.create_user("mira", "mira@example.org", "x"))
    assert client.get("/").status_code == 200


def test_it_is_the_same_for_all_who_have_no_session(client, library, tmp_path):
    first = client.get("/").content
    assert client.get("/").content == first
    assert b'data-theme="dark"' not in first
    client.cookies["theme"] = "dark"
    assert b'data-theme="dark"' in client.get("/").content
    client.cookies["theme"] = '"><script>'
    assert client.get("/").content == first


def test_a_release_shows_on_it_at_once(client, library, tmp_path):
    assert "From zero to a small language model" in client.get("/").content.decode()
    replace_in(tmp_path, PATH, "From zero to a small language model", "From nothing to something")
    publish(tmp_path)
    page = client.get("/").content.decode()
    assert "From nothing to something" in page
    assert "From zero to a small language model" not in page


def test_what_one_person_sees_is_never_another_s(client, library, django_user_model):
    mira = django_user_model.objects.create_user("mira", "mira@example.org", "x")
    stranger = client.get("/").content.decode()
    client.force_login(mira)
    assert "mira@example.org" in client.get("/").content.decode()
    client.logout()
    assert "mira@example.org" not in client.get("/").content.decode()
    assert "Sign in" in stranger


def test_a_new_name_and_a_new_role_show_on_it_at_once(client, library, django_user_model):
    mira = django_user_model.objects.create_user("mira", "mira@example.org", "x", first_name="Mira")
    client.force_login(mira)
    assert "<b>Mira</b>" in client.get("/").content.decode()
    mira.first_name, mira.is_mentor = "Mirabel", True
    mira.save()
    page = client.get("/").content.decode()
    assert "<b>Mirabel</b>" in page
    assert 'href="/review"' in page


def test_its_form_is_signed_anew_at_each_visit(client, library, django_user_model):
    mira = django_user_model.objects.create_user("mira", "mira@example.org", "x")
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(mira)
    tokens = {
        re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', browser.get("/").content.decode())[1]
        for _ in range(2)
    }
    assert len(tokens) == 2
    answer = browser.post("/account/logout/", {"csrfmiddlewaretoken": tokens.pop()})
    assert answer.status_code == 302


def test_a_message_that_waits_is_shown_on_it(client, library, django_user_model):
    client.get("/")
    client.force_login(django_user_model.objects.create_user("mira", "mira@example.org", "x"))
    answer = client.post("/account/logout/", follow=True)
    assert answer.redirect_chain[-1][0] == "/"
    assert "You have signed out" in answer.content.decode()
    assert "You have signed out" not in client.get("/").content.decode()


def test_it_pays_one_query(client, library, django_assert_max_num_queries):
    client.get("/")
    with django_assert_max_num_queries(1):
        client.get("/")


def test_without_a_release_it_says_so(client):
    answer = client.get("/")
    assert answer.status_code == 503
    assert "has not been published yet" in answer.content.decode()


def test_no_page_has_inline_styles_or_scripts_without_a_nonce(client, library):
    page = client.get("/").content.decode()
    assert ' style="' not in page
    assert "<script>" not in page
    assert "'unsafe-inline'" not in client.get("/").headers["Content-Security-Policy"]


def test_the_api_lists_paths(client, library):
    (path,) = client.get("/api/v1/paths").json()
    assert path["slug"] == "zero-to-llm"
    assert (path["milestones"], path["open_milestones"]) == (2, 1)


def test_the_api_shows_a_path(client, library):
    path = client.get("/api/v1/paths/zero-to-llm").json()
    milestone = path["stages"][0]["milestones"][0]
    assert milestone["open"] is True
    assert {"id": "quiz", "kind": "quiz", "title": "Quiz passed", "project": None} in milestone["criteria"]


def test_the_api_shows_a_topic(client, library):
    topic = client.get("/api/v1/topics/vectors-and-matrices").json()
    assert topic["written"] is True
    assert "A walk in two numbers" in topic["lesson"]
    assert client.get("/api/v1/topics/eigenvectors").json()["lesson"] is None


def test_the_api_shows_an_exercise(client, library):
    exercise = client.get("/api/v1/exercises/dot-product").json()
    assert exercise["starter"] == FILES[f"{EXERCISE}/starter.py"]
    assert exercise["tests"] == 4
    assert [example["name"] for example in exercise["examples"]] == ["test_worked_example"]


@pytest.mark.parametrize(
    "address",
    [
        "/",
        "/api/v1/paths",
        "/api/v1/paths/zero-to-llm",
        "/api/v1/topics/vectors-and-matrices",
        "/api/v1/exercises/dot-product",
        "/topics/vectors-and-matrices",
        "/exercises/dot-product",
    ],
)
def test_nothing_private_is_ever_shown(client, library, django_user_model, address):
    client.force_login(django_user_model.objects.create_user("mira", "mira@example.org", "x"))
    answer = client.get(address)
    assert answer.status_code == 200
    for secret in SECRETS:
        assert secret not in answer.content.decode()


@pytest.mark.parametrize("address", ["paths/none", "topics/none", "exercises/none"])
def test_what_is_not_there_is_a_problem_document(client, library, address):
    answer = client.get(f"/api/v1/{address}")
    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert answer.json()["type"] == "urn:cairn:not-found"


def test_the_api_says_when_nothing_is_published(client):
    answer = client.get("/api/v1/paths")
    assert answer.status_code == 503
    assert answer.json()["type"] == "urn:cairn:nothing-published"


def test_the_schema_is_complete(client):
    from drf_spectacular.drainage import GENERATOR_STATS
    from drf_spectacular.generators import SchemaGenerator

    GENERATOR_STATS.reset()
    schema = SchemaGenerator().get_schema(request=None, public=True)
    assert not GENERATOR_STATS._warn_cache, GENERATOR_STATS._warn_cache
    assert not GENERATOR_STATS._error_cache, GENERATOR_STATS._error_cache
    for address in ("paths", "paths/{slug}", "topics/{slug}", "exercises/{slug}", "auth/token", "me"):
        assert f"/api/v1/{address}" in schema["paths"]
