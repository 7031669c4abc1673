"""The plan by e-mail: only for who asked, once a day or week on their own clock, with a way out."""

import smtplib
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from hypothesis import given
from hypothesis import strategies as st

from cairn.learning import digest
from cairn.learning.actions import enrol
from cairn.learning.models import Digest

ZONES = (
    "UTC",
    "Europe/Paris",
    "America/New_York",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
    "Asia/Kathmandu",
)
MORNING = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)  # a Monday


@pytest.fixture
def walker(noor):
    """Noor walks the path and her address is confirmed."""
    EmailAddress.objects.create(user=noor, email=noor.email, verified=True, primary=True)
    enrol(noor, "zero-to-llm", date(2026, 11, 16), 7)
    return noor


def asked(user, often="daily", sent_on=None):
    digest.choose(user, often)
    Digest.objects.filter(user=user).update(sent_on=sent_on)
    return Digest.objects.get(user=user)


def test_nobody_gets_a_mail_they_did_not_ask_for(walker):
    assert digest.digest_of(walker).often == "off"
    assert digest.send_due(MORNING) == 0


def test_a_day_comes_once_with_what_is_planned(walker, monkeypatch, settings):
    settings.SITE = "https://cairn.example.org"
    asked(walker)
    assert digest.send_due(MORNING) == 1
    assert digest.send_due(MORNING + timedelta(hours=9)) == 0
    (sent,) = mail.outbox
    assert sent.to == [walker.email]
    assert "https://cairn.example.org/" in sent.body
    assert sent.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    (page, kind) = sent.alternatives[0]
    assert kind == "text/html"
    assert "<ul>" in page


def test_a_week_comes_on_its_first_day_or_the_next_that_the_site_is_up(walker):
    asked(walker, "weekly", sent_on=date(2026, 11, 16))
    assert digest.send_due(MORNING - timedelta(days=1)) == 0
    assert digest.send_due(MORNING + timedelta(days=2)) == 1
    assert mail.outbox[0].subject.startswith("This week: ")


def test_choosing_does_not_send_for_the_day_that_has_begun(walker):
    digest.choose(walker, "daily")
    assert digest.send_due() == 0


@pytest.mark.parametrize("change", ["unconfirmed", "gone", "off"])
def test_nothing_goes_to_who_cannot_or_does_not_want_it(walker, change):
    said = asked(walker)
    if change == "unconfirmed":
        EmailAddress.objects.update(verified=False)
    elif change == "gone":
        walker.is_active = False
        walker.save()
    else:
        digest.end(said.token)
    assert digest.send_due(MORNING) == 0


def test_a_mail_server_that_refuses_costs_no_digest(walker, monkeypatch):
    asked(walker)

    def refuse(self, *more):
        raise smtplib.SMTPServerDisconnected

    with monkeypatch.context() as broken:
        broken.setattr("django.core.mail.EmailMultiAlternatives.send", refuse)
        with pytest.raises(smtplib.SMTPException):
            digest.send_due(MORNING)
    assert digest.send_due(MORNING) == 1


def test_two_processes_at_once_send_one(walker):
    said = asked(walker)
    assert digest._send(said, MORNING.date())
    assert not digest._send(said, MORNING.date())
    assert len(mail.outbox) == 1


def test_a_name_cannot_break_the_subject_or_the_page(walker):
    walker.first_name = "<b>\nBcc: all@example.org"
    walker.save()
    asked(walker)
    assert digest.send_due(MORNING) == 1
    page = mail.outbox[0].alternatives[0][0]
    assert "<b>\nBcc" not in page
    assert mail.outbox[0].recipients() == [walker.email]


class TestItsPages:
    def test_the_learner_chooses(self, page, walker):
        assert page.post("/plan/digest", {"often": "weekly"}).status_code == 302
        assert digest.digest_of(walker).often == "weekly"
        assert "from the next one on" in page.get("/plan/digest").content.decode()

    @pytest.mark.parametrize("often", ["", "hourly", "x" * 500])
    def test_anything_else_changes_nothing(self, page, walker, often):
        assert page.post("/plan/digest", {"often": often}).status_code == 400
        assert digest.digest_of(walker).often == "off"

    def test_an_address_must_be_confirmed(self, page, noor):
        assert (
            "Confirm your e-mail address first"
            in page.post("/plan/digest", {"often": "daily"}).content.decode()
        )
        assert digest.digest_of(noor).often == "off"

    def test_a_guest_is_sent_to_sign_in(self, client, db):
        assert client.get("/plan/digest").status_code == 302

    def test_the_link_in_a_mail_asks_and_one_press_ends_it(self, client, walker):
        said = asked(walker)
        assert client.get(f"/digest/{said.token}").status_code == 200
        assert digest.digest_of(walker).often == "daily"
        assert client.post(f"/digest/{said.token}").status_code == 200
        assert digest.digest_of(walker).often == "off"

    @pytest.mark.parametrize("guess", ["x", "%00", "..", "é"])
    def test_a_guessed_link_ends_nothing(self, client, walker, guess):
        asked(walker)
        assert client.post(f"/digest/{guess}").status_code == 404
        assert digest.digest_of(walker).often == "daily"


# A minute more or less, whatever the zone does with its clocks: once a day, never twice


@given(
    zone=st.sampled_from(ZONES),
    start=st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 1)),
    often=st.sampled_from(["daily", "weekly"]),
)
def test_each_day_or_week_has_exactly_one(zone, start, often):
    clock, sent_on, sent = ZoneInfo(zone), None, []
    for hour in range(24 * 21):
        now = (start.replace(tzinfo=UTC) + timedelta(hours=hour)).astimezone(clock)
        if digest.is_due(often, sent_on, now):
            sent_on = now.date()
            sent.append(sent_on)
            assert now.hour >= digest.HOUR
    keys = sent if often == "daily" else [digest.week_of(day) for day in sent]
    assert len(keys) == len(set(keys))
    assert len(keys) >= (20 if often == "daily" else 3)
