"""The plan over HTTP: the page, what its forms do and refuse, and who sees whose."""

import re
from datetime import date, timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from cairn.accounts.models import User
from cairn.learning import plan_actions, plan_queries
from cairn.learning.models import DayOff, Enrolment, MovedItem, Plan, Reading

PLAN = "/plan"
PATH = "zero-to-llm"
LESSON, QUIZ, DOT = "lesson:vectors-and-matrices", "quiz:vectors-and-matrices", "exercise:dot-product"
DAY = timedelta(days=1)


def text(answer):
    return answer.content.decode()


@pytest.fixture
def today():
    return timezone.localdate()


@pytest.fixture
def walking(noor, today):
    """Noor walks the sample's path from today: an hour a day."""
    return Enrolment.objects.create(user=noor, path=PATH, starts_on=today, hours_per_week=7)


@pytest.fixture
def behind(walking, today):
    """The same, begun ten days ago, with nothing done."""
    walking.starts_on = today - 10 * DAY
    walking.save()
    return walking


def of(noor):
    return plan_queries.plan_of(noor, PATH)


def post(page, address, **said):
    return page.post(f"{PLAN}/{address}", {"path": PATH, **said})


# --- the page


@pytest.mark.parametrize("view", ["week", "list"])
def test_the_plan_says_what_to_do_on_which_day(page, walking, view):
    answer = page.get(f"{PLAN}?view={view}")
    shown = text(answer)
    assert answer.status_code == 200
    assert 'href="/topics/vectors-and-matrices"' in shown
    assert "7\u00a0h a week" in shown
    assert " style=" not in shown
    assert "onclick" not in shown


def test_what_is_being_written_is_planned_and_marked_so(page, noor, walking, today):
    unwritten = [entry for entry in of(noor).entries.values() if not entry.written]
    assert {entry.slug for entry in unwritten} >= {"eigenvectors"}
    shown = "".join(text(page.get(f"{PLAN}?view=list&on={today + n * 28 * DAY}")) for n in range(2))
    assert "being written" in shown
    assert 'href="/topics/eigenvectors"' in shown


def test_who_walks_no_path_is_shown_to_the_paths(page):
    answer = page.get(PLAN)
    assert answer.status_code == 200
    assert "No path, so no plan yet" in text(answer)


def test_the_page_costs_the_same_number_of_queries_whatever_was_done(
    page, noor, walking, today, django_assert_num_queries
):
    after_a_change = 11
    page.get("/")
    with django_assert_num_queries(after_a_change):
        page.get(PLAN)
    Reading.objects.create(user=noor, topic="vectors-and-matrices", finished_at=timezone.now())
    DayOff.objects.create(user=noor, day=today)
    MovedItem.objects.create(enrolment=walking, item=DOT, day=today + 3 * DAY)
    plan_actions.new_address(noor, PATH)
    with django_assert_num_queries(after_a_change - 2):  # code and quizzes are as they were
        page.get(f"{PLAN}?view=list")
    with django_assert_num_queries(3):  # person; the plan and the pace are kept, and asked for by number
        page.get(PLAN)


def test_a_kept_plan_follows_what_is_stored(noor, walking, today):
    """It is kept small and put together again, so it must be what the planner gives."""
    first, again = of(noor), of(noor)
    assert again.schedule == first.schedule == first.under(first.terms)
    DayOff.objects.create(user=noor, day=first.schedule.pieces[-1].day)
    assert of(noor).schedule == of(noor).under(of(noor).terms) != first.schedule


def test_the_kept_board_is_the_one_drawn_anew_and_its_forms_are_the_visitors_own(noor, walking, today):
    def shown(browser):
        board = text(browser.get(PLAN)).partition("<plan-board>")[2].partition("</plan-board>")[0]
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', board)[1]
        return board.replace(token, ""), token

    browser = Client(enforce_csrf_checks=True)
    browser.force_login(noor)
    first, token = shown(browser)
    again, another = shown(browser)
    assert again == first
    assert token != another  # masked anew at each visit
    off = {"path": PATH, "first": today.isoformat(), "choice": "off", "csrfmiddlewaretoken": another}
    assert browser.post(f"{PLAN}/days-off", off).status_code == 302
    changed, _ = shown(browser)
    assert "Day off" in changed
    cache.clear()
    assert shown(browser)[0] == changed


@pytest.mark.parametrize(
    "address", [PLAN, f"{PLAN}/moves", f"{PLAN}/days-off", f"{PLAN}/week", f"{PLAN}/pace"]
)
def test_a_guest_is_asked_to_sign_in(client, books, address):
    answer = client.get(address) if address == PLAN else client.post(address)
    assert answer.status_code == 302
    assert "/account/login/" in answer["location"]


def test_a_done_lesson_stays_on_its_day_in_the_past(page, noor, behind, today):
    at = timezone.now() - 4 * DAY
    Reading.objects.create(user=noor, topic="vectors-and-matrices", finished_at=at)
    [piece] = [one for one in of(noor).schedule.pieces if one.item.key == LESSON]
    assert piece.done
    assert piece.day == at.date()
    assert LESSON not in {one.item.key for one in of(noor).schedule.late(today)}


def test_a_day_ends_where_the_learner_is(page, noor, behind):
    """Ten in the evening in UTC is the next day in Auckland."""
    noor.timezone = "Pacific/Auckland"
    noor.save()
    at = timezone.datetime(2026, 3, 2, 22, tzinfo=timezone.get_default_timezone())
    Reading.objects.create(user=noor, topic="vectors-and-matrices", finished_at=at)
    assert of(noor).done[LESSON] == date(2026, 3, 3)


# --- moving one item


def test_an_item_moves_to_the_day_chosen_and_what_follows_goes_after_it(page, noor, walking, today):
    then = today + 9 * DAY
    answer = post(page, "moves", item=LESSON, day=then.isoformat(), view="list", on=today.isoformat())
    assert answer["location"] == f"/plan?path={PATH}&view=list&on={today}"
    schedule = of(noor).schedule
    assert min(piece.day for piece in schedule.pieces if piece.item.key == LESSON) == then
    assert schedule.day_of(QUIZ) >= then
    post(page, "moves", item=LESSON, day="")
    assert of(noor).schedule.day_of(LESSON) == today


@pytest.mark.parametrize(
    ("item", "after", "said"),
    [
        (QUIZ, "yesterday", "That is not a date"),
        (LESSON, -1, "That day is over"),
        (LESSON, 400, "more than a year ahead"),
        ("project:linear-algebra-library", 0, "comes first"),
    ],
)
def test_a_move_that_makes_no_plan_says_why_and_changes_nothing(
    page, noor, walking, today, item, after, said
):
    day = after if isinstance(after, str) else (today + after * DAY).isoformat()
    answer = post(page, "moves", item=item, day=day)
    assert answer.status_code == 400
    assert said in text(answer)
    assert "Nothing was changed" in text(answer)
    assert not MovedItem.objects.exists()


def test_no_item_moves_to_a_day_off(page, noor, walking, today):
    plan_actions.take_off(noor, today + DAY, today + DAY)
    answer = post(page, "moves", item=LESSON, day=(today + DAY).isoformat())
    assert answer.status_code == 400
    assert "You have no time" in text(answer)


def test_what_is_done_can_not_be_moved(page, noor, walking, today):
    Reading.objects.create(user=noor, topic="vectors-and-matrices", finished_at=timezone.now())
    answer = post(page, "moves", item=LESSON, day=(today + DAY).isoformat())
    assert answer.status_code == 400
    assert "done already" in text(answer)


def test_what_the_plan_does_not_hold_is_not_found(page, walking, today):
    assert post(page, "moves", item="lesson:no", day=today.isoformat()).status_code == 404
    assert page.get(f"{PLAN}?path=no-such-path").status_code == 404


# --- days off


def test_a_holiday_is_gone_round_and_can_be_taken_back(page, noor, walking, today):
    before = of(noor).schedule.ends_on
    post(page, "days-off", first=today.isoformat(), last=(today + 6 * DAY).isoformat(), choice="off")
    assert min(piece.day for piece in of(noor).schedule.pieces) == today + 7 * DAY
    assert of(noor).schedule.ends_on == before + 7 * DAY
    post(page, "days-off", first=today.isoformat(), last=(today + 6 * DAY).isoformat(), choice="work")
    assert of(noor).schedule.ends_on == before


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        ("2026-03-09", "2026-03-02", "before the first"),
        ("2026-03-02", "2027-03-02", "at most 62"),
        ("2026-02-30", "", "not a date"),
        ("", "", "not a date"),
        ("9999-12-31", "", "not a date"),
        ("2026-03-02\x00", "", "not a date"),
    ],
)
def test_a_span_that_is_none_is_refused(page, walking, first, last, said):
    answer = post(page, "days-off", first=first, last=last, choice="off")
    assert answer.status_code == 400
    assert said in text(answer)
    assert not DayOff.objects.exists()


# --- the week


def week(**instead):
    return {f"day_{n}": "60" for n in range(7)} | {"study_at": "07:30"} | instead


def test_the_minutes_of_the_week_are_followed_and_become_the_hours(page, noor, walking):
    weekend = {f"day_{n}": "0" for n in range(5)} | {"day_5": "240", "day_6": "240"}
    post(page, "week", **week(**weekend))
    walking.refresh_from_db()
    assert walking.hours_per_week == 8
    assert {piece.day.weekday() for piece in of(noor).schedule.pieces} == {5, 6}


def test_hours_changed_elsewhere_keep_the_shape_of_the_week(page, noor, walking):
    post(page, "week", **week(day_5="120", day_6="0"))
    Enrolment.objects.update(hours_per_week=14)
    assert of(noor).terms.minutes == (120, 120, 120, 120, 120, 240, 0)


@pytest.mark.parametrize(
    ("instead", "said"),
    [
        ({"day_0": "-5"}, "Write 0 for a day without study"),
        ({"day_0": "961"}, "at most 960 minutes"),
        ({"day_0": "a lot"}, "not a whole number of minutes"),
        ({"day_0": ""}, "Write 0 for a day without study"),
        ({"study_at": "25:00"}, "Write a time like 18:30"),
        ({f"day_{n}": "0" for n in range(7)}, "between 30 minutes and 60 hours"),
        ({f"day_{n}": "900" for n in range(7)}, "between 30 minutes and 60 hours"),
    ],
)
def test_a_week_that_makes_no_plan_is_shown_again_with_the_reason(page, walking, instead, said):
    answer = post(page, "week", **week(**instead))
    assert answer.status_code == 400
    assert said in text(answer)
    walking.refresh_from_db()
    assert walking.hours_per_week == 7


# --- falling behind


def test_who_fell_behind_is_offered_a_new_end_or_more_hours(page, noor, behind):
    shown = text(page.get(PLAN))
    pace = plan_queries.pace_of(of(noor))
    assert pace.behind
    assert pace.moved_end > pace.ends_on
    assert "Move the plan" in shown
    assert f"{pace.moved_end.day} {pace.moved_end:%B %Y}" in shown


def test_nobody_is_late_for_what_is_being_written(page, noor, behind):
    mine = of(noor)
    missed = {one.item.key for one in mine.schedule.late(mine.today)}
    assert any(not mine.entries[key].written for key in missed)
    assert mine.late
    assert all(mine.entries[one.item.key].written for one in mine.late)
    assert plan_queries.pace_of(mine).late_minutes == sum(one.minutes for one in mine.late)


def test_moving_the_plan_counts_from_today_and_nothing_is_late_any_more(page, noor, behind, today):
    new_end = plan_queries.pace_of(of(noor)).moved_end
    post(page, "pace", choice="move")
    mine = of(noor)
    assert mine.terms.starts_on == today
    assert mine.schedule.ends_on == new_end
    assert not mine.schedule.late(today)


def test_raising_the_hours_keeps_the_end(page, noor, walking, today):
    walking.starts_on = today - 5 * DAY
    walking.save()
    ends_on = of(noor).schedule.ends_on
    post(page, "pace", choice="raise")
    walking.refresh_from_db()
    assert walking.hours_per_week > 7
    mine = of(noor)
    assert mine.schedule.ends_on <= ends_on
    assert not mine.schedule.late(today)


@pytest.mark.parametrize("days", [1, 3, 5, 8, 12])
def test_the_hours_offered_are_the_fewest_that_keep_the_end(noor, walking, today, days):
    walking.starts_on = today - days * DAY
    walking.save()
    mine = of(noor)
    enough = (
        hours
        for hours in range(walking.hours_per_week + 1, plan_queries.MAX_HOURS + 1)
        if plan_queries._keeps_the_end(mine, hours)
    )
    assert plan_queries.faster_hours(mine) == next(enough, None)


def test_an_end_that_is_over_can_not_be_kept_by_any_hours(page, noor, walking, today):
    walking.starts_on = today - 300 * DAY
    walking.save()
    answer = post(page, "pace", choice="raise")
    assert answer.status_code == 400
    assert "Move the plan instead" in text(answer)


def test_a_choice_that_is_none_is_refused(page, behind):
    assert post(page, "pace", choice="give-up").status_code == 400


def test_who_did_more_than_planned_may_bring_the_plan_forward(page, noor, walking, today):
    """Two hours of lessons done on the first day, of which the plan had asked for one."""
    before = plan_queries.pace_of(of(noor))
    assert not before.ahead
    walking.starts_on = today - DAY
    walking.save()
    Reading.objects.create(user=noor, topic="vectors-and-matrices", finished_at=timezone.now() - DAY)
    mine = of(noor)
    assert mine.done == {LESSON: today - DAY}


# --- who sees what


def test_a_plan_is_of_its_owner_alone(client, books, noor, behind):
    other = User.objects.create_user("max", "max@example.org", "granite-cairn-9")
    client.force_login(other)
    assert client.get(f"{PLAN}?path={PATH}").status_code == 404
    for address, said in [
        ("moves", {"item": LESSON, "day": timezone.localdate().isoformat()}),
        ("moves", {"item": LESSON, "day": ""}),
        ("pace", {"choice": "move"}),
        ("pace", {"choice": "raise"}),
        ("address", {"choice": "new"}),
        ("address", {"choice": "close"}),
        ("week", week()),
    ]:
        answer = post(client, address, **said)
        assert answer.status_code in (302, 404)
    assert not Plan.objects.exists()
    assert not MovedItem.objects.exists()


def test_a_day_off_is_of_its_owner_alone(client, books, noor, walking, today):
    plan_actions.take_off(noor, today, today)
    other = User.objects.create_user("max", "max@example.org", "granite-cairn-9")
    Enrolment.objects.create(user=other, path=PATH, starts_on=today, hours_per_week=7)
    client.force_login(other)
    post(client, "days-off", first=today.isoformat(), choice="work")
    assert DayOff.objects.filter(user=noor).exists()
    assert today in {piece.day for piece in plan_queries.plan_of(other, PATH).schedule.pieces}


# --- the API


@pytest.fixture
def api(noor):
    client = APIClient()
    client.force_authenticate(noor)
    return client


def test_the_api_gives_every_piece(api, noor, walking, today):
    answer = api.get("/api/v1/me/plan").json()
    assert answer["path"] == PATH
    assert answer["minutes"] == [60] * 7
    assert answer["pieces"][0]["day"] == today.isoformat()
    assert answer["pieces"][0]["url"] == "/topics/vectors-and-matrices"
    assert sum(one["minutes"] for one in answer["pieces"]) == sum(
        entry.item.minutes for entry in of(noor).entries.values()
    )


def test_the_api_refuses_strangers_and_paths_that_are_not_walked(api, books, walking):
    assert APIClient().get("/api/v1/me/plan").status_code == 401
    missing = api.get("/api/v1/me/plan?path=no-such-path")
    assert missing.status_code == 404
    assert missing["content-type"].startswith("application/problem+json")
