"""Who may see whose work, and who is turned away at which door."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from cairn.accounts.models import Cohort, Membership, User
from cairn.accounts.queries import learners_of, may_read_work_of

pytestmark = pytest.mark.django_db


def person(name, **roles):
    return User.objects.create_user(name, f"{name}@example.org", "a long pass phrase", **roles)


@pytest.fixture
def cast():
    """Lea learns with Mo as mentor; Kim learns elsewhere; Ada runs the site."""
    people = {
        "lea": person("lea"),
        "kim": person("kim"),
        "mo": person("mo", is_mentor=True),
        "ada": person("ada", is_staff=True),
    }
    for title, members in {"ours": ["lea", "mo"], "theirs": ["kim"]}.items():
        cohort = Cohort.objects.create(
            slug=title, title=title, path="zero-to-llm", starts_on=timezone.localdate()
        )
        for name in members:
            role = Membership.Role.MENTOR if name == "mo" else Membership.Role.LEARNER
            Membership.objects.create(cohort=cohort, user=people[name], role=role)
    return people


@pytest.mark.parametrize(
    ("reader", "owner", "allowed"),
    [
        ("lea", "lea", True),
        ("mo", "lea", True),
        ("ada", "lea", True),
        ("ada", "kim", True),
        ("kim", "lea", False),
        ("lea", "mo", False),
        ("mo", "kim", False),
        ("mo", "ada", False),
    ],
)
def test_work_is_read_by_its_owner_their_mentor_and_admins(cast, reader, owner, allowed):
    assert may_read_work_of(cast[reader], cast[owner]) is allowed


def test_nobody_reads_without_signing_in(cast):
    assert not may_read_work_of(AnonymousUser(), cast["lea"])


def test_who_left_reads_nothing(cast):
    cast["mo"].is_active = False
    assert not may_read_work_of(cast["mo"], cast["lea"])


def test_being_a_mentor_somewhere_opens_no_other_cohort(cast):
    Membership.objects.create(
        cohort=Cohort.objects.get(slug="theirs"), user=cast["mo"], role=Membership.Role.LEARNER
    )
    assert not may_read_work_of(cast["mo"], cast["kim"])


def test_a_mentors_learners_are_each_there_once(cast):
    second = Cohort.objects.create(slug="b", title="b", path="zero-to-llm", starts_on=timezone.localdate())
    Membership.objects.create(cohort=second, user=cast["mo"], role=Membership.Role.MENTOR)
    Membership.objects.create(cohort=second, user=cast["lea"])
    assert list(learners_of(cast["mo"])) == [cast["lea"]]
    assert not learners_of(cast["lea"]).exists()


def test_it_costs_at_most_one_query(cast, django_assert_max_num_queries):
    with django_assert_max_num_queries(1):
        may_read_work_of(cast["mo"], cast["lea"])
    with django_assert_max_num_queries(0):
        may_read_work_of(cast["lea"], cast["lea"])


@pytest.mark.parametrize("address", ["/admin/", "/admin/accounts/user/", "/admin/accounts/cohort/"])
@pytest.mark.parametrize("name", ["lea", "mo", None])
def test_only_admins_enter_the_admin(client, cast, address, name):
    if name:
        client.force_login(cast[name])
    answer = client.get(address)
    assert answer.status_code == 302
    assert "/admin/login/" in answer["Location"]


@pytest.mark.parametrize(
    "address",
    [
        "/admin/",
        "/admin/accounts/user/",
        "/admin/accounts/user/add/",
        "/admin/accounts/user/{lea}/change/",
        "/admin/accounts/user/?is_mentor__exact=1",
        "/admin/accounts/cohort/",
        "/admin/accounts/cohort/add/",
        "/admin/accounts/cohort/{cohort}/change/",
    ],
)
def test_the_admin_works_under_the_content_security_policy(client, cast, address):
    cast["ada"].is_superuser = True
    cast["ada"].save()
    client.force_login(cast["ada"])
    cohort = Cohort.objects.get(slug="ours").pk
    answer = client.get(address.format(lea=cast["lea"].pk, cohort=cohort))
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "unsafe-inline" not in answer["Content-Security-Policy"]
    assert "<script>" not in page
    assert ' style="' not in page
    assert " onclick=" not in page


def test_an_admin_puts_a_learner_into_a_cohort(client, cast):
    cast["ada"].is_superuser = True
    cast["ada"].save()
    client.force_login(cast["ada"])
    answer = client.post(
        "/admin/accounts/cohort/add/",
        {
            "slug": "spring",
            "title": "Spring",
            "path": "zero-to-llm",
            "starts_on": "2027-03-01",
            "memberships-TOTAL_FORMS": 1,
            "memberships-INITIAL_FORMS": 0,
            "memberships-0-user": cast["kim"].pk,
            "memberships-0-role": "learner",
        },
    )
    assert answer.status_code == 302
    assert Cohort.objects.get(slug="spring").members.get() == cast["kim"]


@pytest.mark.parametrize("address", ["/account/profile", "/account/email/", "/account/password/change/"])
def test_account_pages_ask_who_is_there(client, address):
    answer = client.get(address)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/account/login/")
