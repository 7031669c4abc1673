"""The demo cohort: made once, readable by its owner alone, and never on a real site."""

import json
import stat
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from cairn.accounts.actions import NoDemoHere, create_demo, demo_file
from cairn.accounts.models import Cohort, User
from cairn.accounts.queries import may_read_work_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def home(tmp_path, settings):
    settings.HOME = tmp_path


def test_three_people_can_sign_in(client):
    for role, sign_in in create_demo().items():
        answer = client.post("/account/login/", {"login": sign_in.username, "password": sign_in.password})
        assert answer.status_code == 302, role
        client.logout()


def test_the_file_has_the_contracts_shape_and_mode():
    sign_ins = create_demo()
    stored = json.loads(demo_file().read_text())
    assert stored == {role: vars(sign_in) for role, sign_in in sign_ins.items()}
    assert set(stored) == {"learner", "mentor", "admin"}
    assert stat.S_IMODE(demo_file().stat().st_mode) == 0o600


def test_they_are_a_cohort():
    create_demo()
    learner, mentor, admin = (User.objects.get(username=name) for name in ("learner", "mentor", "admin"))
    assert Cohort.objects.get().path == "zero-to-llm"
    assert may_read_work_of(mentor, learner)
    assert not may_read_work_of(learner, mentor)
    assert admin.is_staff
    assert not learner.is_staff


def test_again_gives_the_same_sign_ins():
    assert create_demo() == create_demo()
    assert User.objects.count() == 3


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"learner": 1}'])
def test_a_lost_file_gets_new_passwords_that_work(text):
    create_demo()
    demo_file().write_text(text)
    fresh = create_demo()
    assert User.objects.get(username="learner").check_password(fresh["learner"].password)
    assert json.loads(demo_file().read_text())["learner"]["password"] == fresh["learner"].password


def test_a_new_database_gets_passwords_that_work():
    create_demo()
    User.objects.all().delete()
    fresh = create_demo()
    assert User.objects.get(username="mentor").check_password(fresh["mentor"].password)


def test_passwords_differ():
    assert len({sign_in.password for sign_in in create_demo().values()}) == 3


def test_a_real_persons_name_is_not_taken_over():
    real = User.objects.create_user("mentor", "mo@example.org", "a long pass phrase")
    with pytest.raises(NoDemoHere, match="taken by a real account"):
        create_demo()
    real.refresh_from_db()
    assert real.check_password("a long pass phrase")
    assert User.objects.count() == 1


def test_production_refuses(settings):
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="production"):
        call_command("demo")
    assert not User.objects.exists()
    assert not demo_file().exists()


def test_the_command_prints_what_it_made():
    out = StringIO()
    call_command("demo", stdout=out)
    for sign_in in create_demo().values():
        assert sign_in.password in out.getvalue()
