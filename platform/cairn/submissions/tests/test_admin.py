"""Exams in the admin: looked at by admins alone, and changed there by the same verbs as anywhere."""

import html
import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from cairn.accounts.models import Cohort
from cairn.submissions import exams
from cairn.submissions.models import ExamWindow, ExtraTime, Sitting
from cairn.submissions.tests.exam_sample import publish_exam

pytestmark = pytest.mark.django_db
EXAM = "midterm"
TABLES = ("quizattempt", "sitting", "extratime", "examwindow")


@pytest.fixture
def window(tmp_path, alice, mo):
    publish_exam(tmp_path)
    now, cohort = timezone.now(), Cohort.objects.get(slug="autumn")
    return exams.set_window(mo, cohort, EXAM, now - timedelta(hours=1), now + timedelta(hours=2))


@pytest.fixture
def admin(client, ada):
    client.force_login(ada)
    return client


def page(table, what="changelist", *args):
    return reverse(f"admin:submissions_{table}_{what}", args=args)


def text(response):
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", response.content.decode())))


def moment(name, at):
    local = timezone.localtime(at)
    return {f"{name}_0": f"{local:%Y-%m-%d}", f"{name}_1": f"{local:%H:%M:%S}"}


@pytest.mark.parametrize("table", TABLES)
def test_only_admins_open_the_tables(window, alice, mo, client, table):
    for somebody in (alice, mo):
        client.force_login(somebody)
        assert client.get(page(table)).status_code == 302
    client.logout()
    assert client.get(page(table)).status_code == 302


@pytest.fixture
def crowd(window, mo, person):
    """Six more who sit the exam, with extra time."""
    for number in range(6):
        sitter = person(f"sitter-{number}")
        window.cohort.memberships.create(user=sitter, role="learner")
        exams.begin(sitter, EXAM)
        exams.grant(mo, sitter, EXAM, 10, 0)


@pytest.mark.parametrize(
    ("table", "rows", "count"),
    [("quizattempt", 6, 6), ("sitting", 6, 9), ("extratime", 6, 5), ("examwindow", 1, 8)],
)
def test_a_table_costs_a_fixed_number_of_queries(crowd, admin, table, rows, count, django_assert_num_queries):
    with django_assert_num_queries(count):
        listed = admin.get(page(table))
    assert listed.context["cl"].result_count == rows


@pytest.mark.parametrize("table", TABLES[:3])
def test_a_person_is_found_by_name(crowd, admin, table):
    found = admin.get(page(table), {"q": "sitter-3"}).context["cl"].result_list
    assert [row.user.username for row in found] == ["sitter-3"]


@pytest.mark.parametrize("table", ["quizattempt", "sitting"])
def test_answers_marks_and_clocks_are_not_written_by_hand(window, alice, admin, table):
    sitting = exams.begin(alice, EXAM)
    row = sitting.attempt_id if table == "quizattempt" else sitting.pk
    assert admin.get(page(table, "add")).status_code == 403
    assert admin.post(page(table, "delete", row), {"post": "yes"}).status_code == 403
    shown = admin.get(page(table, "change", row))
    assert 'name="_save"' not in shown.content.decode()
    admin.post(page(table, "change", row), {"score": "1", "ends_at_0": "2030-01-01", "ends_at_1": "10:00"})
    sitting.refresh_from_db()
    assert (sitting.attempt.score, sitting.ends_at.year) == (None, timezone.now().year)


def test_extra_time_given_there_moves_the_clock(window, alice, ada, admin):
    sitting = exams.begin(alice, EXAM)
    given = {"user": alice.pk, "assessment": EXAM, "percent": 50, "minutes": 0}
    assert admin.post(page("extratime", "add"), given).status_code == 302
    sitting.refresh_from_db()
    assert sitting.ends_at == sitting.started_at + timedelta(minutes=90)
    granted = ExtraTime.objects.get()
    assert granted.granted_by == ada
    admin.post(page("extratime", "change", granted.pk), {"percent": 0, "minutes": 5})
    sitting.refresh_from_db()
    assert sitting.ends_at == sitting.started_at + timedelta(minutes=65)
    assert admin.post(page("extratime", "delete", granted.pk), {"post": "yes"}).status_code == 403


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"percent": 301}, "less than or equal to 300"),
        ({"minutes": -1}, "greater than or equal to 0"),
        ({"assessment": "phase-zero"}, "not one of the available choices"),
    ],
)
def test_extra_time_that_cannot_be_is_refused_with_its_reason(window, alice, admin, fields, said):
    given = {"user": alice.pk, "assessment": EXAM, "percent": 0, "minutes": 0, **fields}
    assert said in text(admin.post(page("extratime", "add"), given))
    assert not ExtraTime.objects.exists()


def test_an_admin_gives_no_time_to_themselves(window, ada, admin):
    given = {"user": ada.pk, "assessment": EXAM, "percent": 50, "minutes": 0}
    refused = admin.post(page("extratime", "add"), given, follow=True)
    assert "Nothing changed" in text(refused)
    assert not ExtraTime.objects.exists()


def test_a_window_that_is_moved_there_moves_who_started_late(window, alice, admin):
    soon = timezone.now().replace(microsecond=0) + timedelta(minutes=20)
    fields = moment("opens_at", window.opens_at) | moment("closes_at", soon)
    sitting = exams.begin(alice, EXAM)
    assert admin.post(page("examwindow", "change", window.pk), fields).status_code == 302
    sitting.refresh_from_db()
    assert sitting.ends_at == soon
    backwards = moment("opens_at", soon) | moment("closes_at", window.opens_at)
    assert "opens before it closes" in text(admin.post(page("examwindow", "change", window.pk), backwards))
    assert ExamWindow.objects.get().closes_at == soon


def test_results_are_released_there_once_nobody_writes(tmp_path, window, alice, admin):
    publish_exam(tmp_path, release="by-hand")
    sitting = exams.begin(alice, EXAM)
    action = {"action": "release", "_selected_action": window.pk}
    assert "1 person is still writing" in text(admin.post(page("examwindow"), action, follow=True))
    exams.hand_in(sitting)
    assert "1 more can be read" in text(admin.post(page("examwindow"), action, follow=True))
    assert Sitting.objects.get().released_at


def test_a_person_s_exams_go_with_the_person(window, alice, admin):
    exams.begin(alice, EXAM)
    address = reverse("admin:accounts_user_delete", args=[alice.pk])
    assert admin.post(address, {"post": "yes"}).status_code == 302
    assert not Sitting.objects.exists()
