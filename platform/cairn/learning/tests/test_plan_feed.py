"""The calendar's feed, read by another library than the one that writes it."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
import vobject
from dateutil.tz import tzical
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from cairn.learning import plan_actions, plan_queries
from cairn.learning.models import Enrolment, Plan
from cairn.learning.plan_feed import begin_of, calendar_of, later, zone_from
from cairn.learning.versions import changed

PATH = "zero-to-llm"
DAY = timedelta(days=1)
ZONES = [
    "Europe/Paris",
    "America/New_York",
    "Pacific/Auckland",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "UTC",
]


@pytest.fixture
def walking(noor):
    noor.timezone = "Europe/Paris"
    noor.save()
    return Enrolment.objects.create(user=noor, path=PATH, starts_on=timezone.localdate(), hours_per_week=7)


def events(body):
    vars(vobject.icalendar)["__tzidMap"].clear()  # it would go on with the zone of the calendar read before
    return vobject.readOne(body.decode()).vevent_list


def test_the_feed_holds_every_open_piece_in_the_learners_zone(client, noor, walking):
    answer = client.get(f"/plan/{plan_actions.new_address(noor, PATH)}.ics")
    assert answer.status_code == 200
    assert answer["content-type"] == "text/calendar; charset=utf-8"
    pieces = [one for one in plan_queries.plan_of(noor, PATH).schedule.pieces if not one.done]
    found = events(answer.content)
    assert [one.dtstart.value.date() for one in found] == [piece.day for piece in pieces]
    assert [(one.dtend.value - one.dtstart.value).seconds // 60 for one in found] == [
        piece.minutes for piece in pieces
    ]
    assert found[0].dtstart.value.strftime("%H:%M") == "18:00"
    assert found[0].url.value == "http://testserver/topics/vectors-and-matrices"
    assert len({one.uid.value for one in found}) == len(found)


def test_an_event_keeps_its_name_when_its_day_changes(client, noor, walking):
    address = f"/plan/{plan_actions.new_address(noor, PATH)}.ics"
    before = [one.uid.value for one in events(client.get(address).content)]
    plan_actions.take_off(noor, timezone.localdate(), timezone.localdate() + 3 * DAY)
    assert [one.uid.value for one in events(client.get(address).content)] == before


@pytest.mark.parametrize(
    ("zone", "start", "hours_from_utc"),
    [
        ("Europe/Paris", date(2026, 3, 27), [1, 1, 2, 2]),  # forward on Sunday 29 March
        ("Europe/Paris", date(2026, 10, 23), [2, 2, 1, 1]),  # back on Sunday 25 October
        ("America/New_York", date(2026, 3, 6), [-5, -5, -4, -4]),
        ("Pacific/Auckland", date(2026, 4, 3), [13, 13, 12, 12]),
    ],
)
def test_six_in_the_evening_stays_six_when_the_clocks_change(noor, walking, zone, start, hours_from_utc):
    """Read with the offsets that the calendar itself defines, not with this machine's zones."""
    noor.timezone = zone
    noor.save()
    Enrolment.objects.update(starts_on=start)
    mine = plan_queries.plan_of(noor, PATH)
    then = replace(mine, today=start)
    by_day = {}
    for one in events(
        calendar_of(then, lambda entry: "https://cairn.example/", datetime(2026, 1, 1, tzinfo=UTC))
    ):
        by_day.setdefault(one.dtstart.value.date(), one.dtstart.value)
    first_four = [by_day[start + n * DAY] for n in range(4)]
    assert [at.hour for at in first_four] == [18] * 4
    assert [at.utcoffset() / timedelta(hours=1) for at in first_four] == hours_from_utc


def test_the_calendar_defines_its_zone(noor, walking):
    mine = plan_queries.plan_of(noor, PATH)
    body = calendar_of(mine, lambda entry: "https://cairn.example/", timezone.now()).decode()
    assert "BEGIN:VTIMEZONE\r\nTZID:Europe/Paris" in body
    assert "DTSTART;TZID=Europe/Paris:" in body


@given(
    st.dates(date(2025, 1, 1), date(2028, 12, 31)),
    st.times(),
    st.lists(st.integers(1, 300), min_size=1, max_size=5),
    st.sampled_from(ZONES),
)
def test_events_follow_each_other_and_last_as_long_as_planned(day, study_at, minutes, zone):
    at = begin_of(day, study_at, sum(minutes), ZoneInfo(zone))
    assert at.date() == day
    for length in minutes:
        ends = later(at, length)
        assert ends.astimezone(UTC) - at.astimezone(UTC) == timedelta(minutes=length)
        assert ends.tzinfo == at.tzinfo
        at = ends


@given(
    st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1)),
    st.integers(0, 366 * 24),
    st.sampled_from([zone for zone in ZONES if zone != "UTC"]),
)
def test_the_zone_written_tells_the_same_time_as_the_zone(at, hours, name):
    """dateutil's reader of calendar zones against the machine's own table of zones."""
    zone = ZoneInfo(name)
    first = at.replace(tzinfo=UTC).astimezone(zone)
    written = zone_from(zone, first, first + 366 * DAY).to_ical().decode()
    read = tzical(StringIO(written)).get(name)
    then = (first.astimezone(UTC) + timedelta(hours=hours)).astimezone(zone)
    assert then.replace(tzinfo=read).utcoffset() == then.utcoffset()


def test_a_time_that_the_clocks_leave_out_is_the_next_that_there_is():
    at = begin_of(date(2026, 3, 29), time(2, 30), 60, ZoneInfo("Europe/Paris"))
    assert (at.hour, at.minute) == (3, 30)


def test_long_days_end_by_midnight():
    at = begin_of(date(2026, 5, 4), time(23), 180, ZoneInfo("Europe/Paris"))
    assert at.hour == 21


# --- the address is the key


def test_a_new_address_closes_the_old_one(client, noor, walking):
    old = plan_actions.new_address(noor, PATH)
    new = plan_actions.new_address(noor, PATH)
    assert client.get(f"/plan/{old}.ics").status_code == 404
    assert client.get(f"/plan/{new}.ics").status_code == 200
    plan_actions.close_address(noor, PATH)
    assert client.get(f"/plan/{new}.ics").status_code == 404


@pytest.mark.parametrize("token", ["None", "null", "0", "x" * 43, "x" * 5000, "%00", "é"])
def test_a_guess_finds_nothing(client, noor, walking, token):
    Plan.objects.create(enrolment=walking)
    assert client.get(f"/plan/{token}.ics").status_code == 404


def test_the_feed_of_a_closed_account_is_gone(client, noor, walking):
    token = plan_actions.new_address(noor, PATH)
    noor.is_active = False
    noor.save()
    assert client.get(f"/plan/{token}.ics").status_code == 404


def test_addresses_are_long_and_differ(noor, walking):
    found = {plan_actions.new_address(noor, PATH) for _ in range(20)}
    assert len(found) == 20
    assert min(map(len, found)) >= 43


def test_the_address_is_shown_to_its_owner_only(page, noor, walking):
    assert ".ics" not in page.get("/plan").content.decode()
    page.post("/plan/address", {"path": PATH, "choice": "new"})
    token = Plan.objects.get().token
    assert f"http://testserver/plan/{token}.ics" in page.get("/plan").content.decode()


def test_the_feed_costs_a_fixed_number_of_queries(client, noor, walking, django_assert_num_queries):
    address = f"/plan/{plan_actions.new_address(noor, PATH)}.ics"
    client.get(address)
    with django_assert_num_queries(2):  # whose it is, and their plan's number: it is kept
        client.get(address)
    changed(noor.pk)
    with django_assert_num_queries(10):
        client.get(address)
