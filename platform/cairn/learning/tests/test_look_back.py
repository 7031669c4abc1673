"""Reviews: of a week and before a milestone, in the plan, at home, by mail and in the calendar."""

from datetime import UTC, date, datetime, timedelta

import pytest
import vobject
from django.conf import settings
from django.utils import timezone

from cairn.accounts.models import User
from cairn.catalog.actions import publish
from cairn.catalog.queries import library
from cairn.catalog.tests.sample import replace_in, write_sample
from cairn.learning import digest, look_back, plan_actions, plan_pages, plan_queries
from cairn.learning.models import ActivityResult, DayOff, Digest, Enrolment, MovedItem, Reading
from cairn.learning.plan_feed import calendar_of
from cairn.learning.queries import record_of

PATH, DAY = "zero-to-llm", timedelta(days=1)
MONDAY = date(2026, 3, 2)
WEEK, BEFORE = "week_2026-03-02", "zero-to-llm_decompositions"
ADDRESS, MILESTONE = f"/reviews/{WEEK}", f"/reviews/{BEFORE}"
SCHEDULE = "schedule:\n  review: {minutes: 30, days: [saturday, sunday]}\nneeds: [school algebra]\n"


def text(answer):
    return answer.content.decode()


@pytest.fixture
def reviewed(books, tmp_path):
    """The sample with a review each week, and one before its second milestone."""
    root = write_sample(tmp_path / "reviewed")
    replace_in(root, f"paths/{PATH}.yaml", "needs: [school algebra]\n", SCHEDULE)
    number = '        number: "0.2"\n'
    said = f"{number}        review: {{title: All of linear algebra, minutes: 25}}\n"
    replace_in(root, f"paths/{PATH}.yaml", number, said)
    publish(root)
    return library()


@pytest.fixture
def walking(noor, reviewed):
    """Noor walks it from Monday 2 March 2026: an hour a day."""
    return Enrolment.objects.create(user=noor, path=PATH, starts_on=MONDAY, hours_per_week=7)


@pytest.fixture
def on(monkeypatch):
    """Let it be a moment of that day."""

    def let_it_be(day, hour=12):
        monkeypatch.setattr(timezone, "now", lambda: datetime(day.year, day.month, day.day, hour, tzinfo=UTC))

    return let_it_be


def of(noor):
    return plan_queries.plan_of(noor, PATH)


def piece_of(noor, slug=WEEK):
    [piece] = [one for one in of(noor).schedule.pieces if one.item.key == f"review:{slug}"]
    return piece


# --- in the plan


def test_the_week_ends_with_a_review_that_leads_to_its_page(page, noor, walking, on):
    on(MONDAY)
    assert (piece_of(noor).day, piece_of(noor).minutes) == (MONDAY + 6 * DAY, 30)
    for view in ("week", "list"):
        shown = text(page.get(f"/plan?view={view}"))
        assert f'href="{ADDRESS}"' in shown
        assert "The week of 2 March" in shown


def test_it_is_done_when_the_learner_says_so_and_moves_nothing_else(page, noor, walking, on):
    on(MONDAY + 6 * DAY)
    before = [one for one in of(noor).schedule.pieces if one.item.key != f"review:{WEEK}"]
    assert page.post(ADDRESS)["location"] == ADDRESS
    assert piece_of(noor).done
    assert piece_of(noor).day == MONDAY + 6 * DAY
    assert [one for one in of(noor).schedule.pieces if one.item.key != f"review:{WEEK}"] == before
    page.post(ADDRESS, {"take-back": "1"})
    assert not piece_of(noor).done


def test_said_twice_the_first_time_stays(page, noor, walking, on):
    on(MONDAY + 6 * DAY)
    page.post(ADDRESS)
    on(MONDAY + 9 * DAY)
    page.post(ADDRESS)
    assert piece_of(noor).day == MONDAY + 6 * DAY
    assert ActivityResult.objects.count() == 1


def test_nobody_is_late_for_a_week_that_is_over(page, noor, walking, on):
    on(MONDAY + 7 * DAY)
    mine = of(noor)
    assert f"review:{WEEK}" not in {one.item.key for one in mine.late}
    assert plan_pages.row_of(mine, piece_of(noor)).state == "skipped"
    shown = text(page.get(f"/plan?on={MONDAY}"))
    assert "left out" in shown
    assert f'data-item="review:{WEEK}"' not in shown
    page.post(ADDRESS)  # looking back later counts on the day on which it is said
    assert piece_of(noor).day == MONDAY + 7 * DAY


def test_it_moves_within_its_week_and_not_out_of_it(page, noor, walking, on):
    on(MONDAY)
    key, wednesday = f"review:{WEEK}", MONDAY + 2 * DAY
    assert page.post("/plan/moves", {"path": PATH, "item": key, "day": wednesday}).status_code == 302
    assert piece_of(noor).day == wednesday
    answer = page.post("/plan/moves", {"path": PATH, "item": key, "day": MONDAY + 8 * DAY})
    assert answer.status_code == 400
    assert "A review looks back on its own week" in text(answer)
    page.post("/plan/moves", {"path": PATH, "item": key, "day": ""})
    assert piece_of(noor).day == MONDAY + 6 * DAY


def test_a_day_off_moves_it_and_a_holiday_week_has_none(noor, walking, on):
    on(MONDAY)
    walking.hours_per_week = 2  # so that there is work for a month
    walking.save()
    plan_actions.take_off(noor, MONDAY + 6 * DAY, MONDAY + 6 * DAY)
    assert piece_of(noor).day == MONDAY + 5 * DAY
    plan_actions.take_off(noor, MONDAY + 7 * DAY, MONDAY + 13 * DAY)
    keys = {one.item.key for one in of(noor).schedule.pieces}
    assert "review:week_2026-03-09" not in keys
    assert "review:week_2026-03-16" in keys


def test_a_done_one_stays_where_the_plan_is_moved(page, noor, walking, on):
    on(MONDAY + 6 * DAY)
    page.post(ADDRESS)
    on(MONDAY + 9 * DAY)
    plan_actions.move_plan(noor, PATH)
    assert piece_of(noor).done
    assert piece_of(noor).minutes == 30


def test_the_one_before_a_milestone_is_planned_before_it(noor, walking, on):
    on(MONDAY)
    entries = of(noor).entries
    item = entries[f"review:{BEFORE}"].item
    assert item.minutes == 25
    assert "lesson:vectors-and-matrices" in item.needs
    assert "project:linear-algebra-library" in item.needs


def test_calendar_and_mail_hold_it(noor, walking, on):
    on(MONDAY)
    body = calendar_of(
        of(noor), lambda entry: f"https://cairn.example{plan_pages.url_of(entry)}", timezone.now()
    )
    events = {one.summary.value: one for one in vobject.readOne(body.decode()).vevent_list}
    found = events["Review: The week of 2 March"]
    assert found.url.value == f"https://cairn.example{ADDRESS}"
    assert (found.dtend.value - found.dtstart.value) == timedelta(minutes=30)
    mail = digest.mail_for(noor, Digest(user=noor, often="weekly", token="t" * 43))
    assert f"- Review: The week of 2 March (30\u00a0min)\n  {settings.SITE}{ADDRESS}\n" in mail.body
    assert ADDRESS in mail.alternatives[0][0]


# --- at home


def test_home_asks_for_it_from_its_day_on_until_it_is_done(page, noor, walking, on):
    on(MONDAY + 5 * DAY)
    assert ADDRESS not in text(page.get("/home"))
    on(MONDAY + 6 * DAY)
    assert ADDRESS in text(page.get("/home"))
    page.post(ADDRESS)
    assert ADDRESS not in text(page.get("/home"))


def test_home_follows_days_off_and_where_the_learner_put_it(page, noor, walking, on):
    DayOff.objects.create(user=noor, day=MONDAY + 6 * DAY)
    on(MONDAY + 5 * DAY)
    assert ADDRESS in text(page.get("/home"))
    MovedItem.objects.create(enrolment=walking, item=f"review:{WEEK}", day=MONDAY + 2 * DAY)
    on(MONDAY + 2 * DAY)
    assert ADDRESS in text(page.get("/home"))


def test_home_asks_for_the_one_before_a_milestone_when_its_time_comes(page, noor, walking, on):
    from cairn.learning.progress import milestone_activities

    asked = library().path(PATH).milestone("decompositions")
    first = next(milestone_activities(asked, library(), record_of(noor), PATH))
    assert (first.kind, first.slug, first.state) == ("review", BEFORE, "open")
    page.post(MILESTONE)
    first = next(milestone_activities(asked, library(), record_of(noor), PATH))
    assert first.done


# --- its page


def test_it_lists_what_was_finished_in_the_week_on_the_learners_clock(page, noor, walking, on):
    noor.timezone = "Pacific/Auckland"
    noor.save()
    on(MONDAY + 8 * DAY)
    sunday_evening = datetime(2026, 3, 8, 10, 30, tzinfo=UTC)  # 23:30 in Auckland
    Reading.objects.create(user=noor, topic="vectors-and-matrices", finished_at=sunday_evening)
    settle(noor)
    assert "Vectors and matrices" in text(page.get(ADDRESS))
    Reading.objects.update(finished_at=sunday_evening + timedelta(minutes=45))
    settle(noor)
    assert "Nothing was finished in this week" in text(page.get(ADDRESS))
    assert "Vectors and matrices" in text(page.get("/reviews/week_2026-03-09"))


def settle(noor):
    from cairn.learning.completion_actions import settle as settled

    settled(noor)


def test_the_one_before_a_milestone_lists_what_led_there(page, walking, on):
    on(MONDAY)
    shown = text(page.get(MILESTONE))
    assert "All of linear algebra" in shown
    assert 'href="/topics/vectors-and-matrices"' in shown
    assert 'href="/projects/linear-algebra-library"' in shown


@pytest.mark.parametrize(
    "slug",
    [
        "week_2026-03-03",  # a Tuesday
        "week_2026-02-23",  # before she began
        "week_2026-03-16",  # still to come
        "week_2026-02-30",
        "week_0000-00-00",
        "week_",
        "zero-to-llm_linear-algebra",  # without a review
        "zero-to-llm_no",
        "no_decompositions",
        "_",
    ],
)
def test_what_is_no_review_is_not_found(page, walking, on, slug):
    on(MONDAY + 8 * DAY)
    assert page.get(f"/reviews/{slug}").status_code == 404
    assert page.post(f"/reviews/{slug}").status_code == 404
    assert not ActivityResult.objects.exists()


def test_a_guest_is_asked_to_sign_in_and_a_stranger_sees_nothing(client, books, noor, walking, on):
    on(MONDAY + 6 * DAY)
    assert "/account/login/" in client.get(ADDRESS)["location"]
    client.force_login(User.objects.create_user("max", "max@example.org", "granite-cairn-9"))
    for address in (ADDRESS, MILESTONE):
        assert client.get(address).status_code == 404
        assert client.post(address).status_code == 404
    assert not ActivityResult.objects.exists()


def test_its_page_costs_a_fixed_number_of_queries(page, noor, walking, on, django_assert_num_queries):
    on(MONDAY + 6 * DAY)
    page.get("/")
    with django_assert_num_queries(8):
        page.get(ADDRESS)
    Reading.objects.create(user=noor, topic="vectors-and-matrices", finished_at=timezone.now())
    with django_assert_num_queries(5):  # what comes back is kept
        page.get(ADDRESS)


def test_a_path_without_reviews_has_none(page, noor, books, on):
    Enrolment.objects.create(user=noor, path=PATH, starts_on=MONDAY, hours_per_week=7)
    on(MONDAY + 6 * DAY)
    assert page.get(ADDRESS).status_code == 404
    assert not [one for one in of(noor).schedule.pieces if one.item.key.startswith("review:")]


def test_looking_back_is_a_piece_of_work_like_any_other(page, noor, walking, on):
    on(MONDAY + 6 * DAY)
    look_back.say(noor, WEEK, True)
    assert record_of(noor).activities.keys() == {WEEK}
