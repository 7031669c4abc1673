"""The plan in a real browser: dragging, the keyboard, days off, a calendar's address, looking back."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import vobject
from playwright.sync_api import expect

from tests.test_journey_browser import accessible, sign_up

pytestmark = pytest.mark.browser

PATH = "multimodal-8-weeks"
DAY = timedelta(days=1)


def monday() -> date:
    """The Monday of this week, on the clock of a learner who said nothing of their zone."""
    today = datetime.now(UTC).date()
    return today - timedelta(days=today.weekday())


def walk(page: Any) -> None:
    """Walk the eight weeks from this Monday."""
    sign_up(page)
    page.goto(f"/paths/{PATH}")
    page.get_by_label("Start").fill(monday().isoformat())
    page.get_by_label("Hours a week").fill("11")
    page.get_by_role("button", name=re.compile("Walk this path")).click()
    page.wait_for_load_state()


def week(page: Any, of: date) -> None:
    page.goto(f"/plan?path={PATH}&on={of.isoformat()}")
    page.locator("plan-board [draggable=true]").first.wait_for()


def on(page: Any, day: date) -> Any:
    """A day's column."""
    return page.locator(f"[data-day='{day.isoformat()}']")


def test_an_item_is_dragged_to_another_day_and_moved_back_by_keyboard(page: Any) -> None:
    walk(page)
    there = monday() + 7 * DAY
    week(page, there)
    accessible(page)
    piece = on(page, there).locator("[data-item]").first
    item = piece.get_attribute("data-item")
    on(page, there + 3 * DAY).scroll_into_view_if_needed()
    piece.drag_to(on(page, there + 3 * DAY), source_position={"x": 20, "y": 10})
    expect(page.get_by_text("What follows it made room.")).to_be_visible()
    moved = on(page, there + 3 * DAY).locator(f"[data-item='{item}']")
    expect(moved.get_by_text("you chose the day")).to_be_visible()

    opener = moved.locator("summary")
    opener.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    moved.locator("input[name=day]").fill((there + DAY).isoformat())
    moved.locator("input[name=day]").press("Enter")
    expect(on(page, there + DAY).locator(f"[data-item='{item}']")).to_be_visible()


def test_a_day_off_is_gone_round_and_said_in_both_views(page: Any) -> None:
    walk(page)
    there = monday() + 9 * DAY
    week(page, there)
    on(page, there).get_by_role("button", name="Take the day off").click()
    expect(page.get_by_text("The plan goes round it.")).to_be_visible()
    expect(page.locator(".dy.off").get_by_text("Day off")).to_be_visible()
    page.get_by_role("link", name="List").click()
    page.get_by_role("button", name="Study on this day").click()
    expect(page.locator(".dy.off")).to_have_count(0)


def test_the_week_ends_with_a_review_which_its_page_ticks_off(page: Any) -> None:
    walk(page)
    page.goto(f"/plan?path={PATH}")
    sunday = on(page, monday() + 6 * DAY)
    review = sunday.locator("[data-item^='review:']")
    expect(review).to_have_count(1)
    expect(sunday.locator(".pc").last.get_by_text("Review", exact=True)).to_be_visible()
    review.get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("The week of")
    accessible(page)
    page.get_by_role("button", name="I have looked back").click()
    expect(page.get_by_text("It is not done after all")).to_be_visible()
    page.goto(f"/plan?path={PATH}")
    expect(page.locator(".pc.done").get_by_text("The week of")).to_be_visible()


def test_a_calendar_follows_the_plan_until_its_address_is_renewed(page: Any) -> None:
    walk(page)
    page.goto(f"/plan?path={PATH}")
    page.get_by_role("button", name="Make the address").click()
    address = page.locator("#feed").input_value()
    calendar = vobject.readOne(page.request.get(address).text())
    names = [event.summary.value for event in calendar.vevent_list]
    assert sum(name.startswith("Review: The week of") for name in names) >= 7
    page.get_by_role("button", name="Make a new address").click()
    expect(page.get_by_text("An earlier one no longer works.")).to_be_visible()
    assert page.request.get(address).status == 404
    assert page.request.get(page.locator("#feed").input_value()).status == 200


def test_who_fell_behind_is_told_kindly_and_moves_the_plan(page: Any) -> None:
    walk(page)
    page.goto(f"/paths/{PATH}")
    page.get_by_label("Start").fill((monday() - 21 * DAY).isoformat())
    page.get_by_role("button", name="Change the pace").click()
    page.wait_for_load_state()
    page.goto(f"/plan?path={PATH}")
    told = page.locator(".behind")
    expect(told).to_contain_text("That happens.")
    expect(told).to_contain_text("What you have done stays as it is.")
    accessible(page)
    told.get_by_role("button", name="Move the plan").click()
    expect(page.get_by_text("The plan counts from today.")).to_be_visible()
    expect(page.locator(".behind")).to_have_count(0)
