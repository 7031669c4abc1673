"""An exam in a real browser: the clock, a lost connection, two windows, the mentor's room, the results."""

import os
import re
import subprocess
import sys
from datetime import datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.conftest import ROOT, Site
from tests.test_journey_browser import accessible, sign_in, sign_up

pytestmark = pytest.mark.browser

EXAM = "/assessments/midterm"
ROOM = "/exams/demo/midterm"


def begin(page: Any) -> None:
    """Start the exam's clock and wait for the page that runs it."""
    page.goto(EXAM)
    page.get_by_role("button", name="Start the exam").click()
    page.locator("exam-sheet[seconds]").wait_for()
    expect(page.locator("[data-clock]")).to_have_text(re.compile(r"[1-9]:[0-5]\d"))


def question(page: Any, kind: str) -> Any:
    """The first question of that kind that asks for no unit. Twelve of sixteen are drawn, so there is one."""
    asked = page.locator("section.quiz", has=page.locator(".hd", has_text=kind))
    return asked.filter(has_not_text="Give the unit").first


def saved(asked: Any) -> None:
    """Wait until the page says that the server has the answer."""
    asked.locator(".save-state[data-state=saved]").wait_for()


def type_number(page: Any, number: str) -> Any:
    """Answer the first question that asks for a number."""
    asked = question(page, "A number")
    asked.locator("input[name=value]").fill(number)
    return asked


def test_what_is_answered_without_a_connection_arrives_when_it_is_back(page: Any) -> None:
    sign_up(page)
    page.goto(EXAM)
    accessible(page)
    begin(page)
    accessible(page)
    saved(type_number(page, "1"))

    page.context.set_offline(True)
    asked = type_number(page, "2")
    asked.locator(".save-state", has_text="not yet sent").wait_for()
    page.locator("[data-net]", has_text="No connection").wait_for()
    page.context.set_offline(False)
    saved(asked)
    page.reload()
    assert question(page, "A number").locator("input[name=value]").input_value() == "2"


def test_an_answer_that_was_never_sent_survives_closing_the_window(page: Any) -> None:
    sign_up(page)
    begin(page)
    page.context.set_offline(True)
    type_number(page, "3").locator(".save-state", has_text="not yet sent").wait_for()
    page.close(run_before_unload=False)

    again = page.context.new_page()
    page.context.set_offline(False)
    again.goto(EXAM)
    expect(question(again, "A number").locator("input[name=value]")).to_have_value("3", timeout=20_000)
    again.reload()
    expect(question(again, "A number").locator("input[name=value]")).to_have_value("3")


def test_an_older_window_asks_before_it_overwrites(page: Any) -> None:
    sign_up(page)
    begin(page)
    other = page.context.new_page()
    other.goto(EXAM)
    saved(type_number(other, "5"))
    asked = type_number(page, "4")
    asked.locator(".save-state", has_text="A newer answer").wait_for()
    accessible(page)
    other.reload()
    assert question(other, "A number").locator("input[name=value]").input_value() == "5"
    asked.get_by_role("button", name="Keep the one here").click()
    saved(asked)
    other.reload()
    assert question(other, "A number").locator("input[name=value]").input_value() == "4"


def test_handing_in_shows_what_is_open_and_then_the_results(page: Any) -> None:
    sign_up(page)
    begin(page)
    saved(type_number(page, "7"))
    page.get_by_role("link", name="Look over and hand in").click()
    assert "1 of 12 questions have an answer" in page.locator("main").inner_text()
    accessible(page)
    page.get_by_role("button", name="Hand in").click()
    page.locator(".score").wait_for()
    assert page.locator(".expl").count() == 12
    accessible(page)
    assert page.complaints == []


def test_a_mentor_opens_it_gives_time_and_releases(page: Any, browser: Any, site: Site) -> None:
    sign_in(page, site, "mentor")
    page.goto(ROOM)
    now = datetime.now()  # demo people live in UTC, and a day each way is enough
    page.get_by_label("Opens").fill(f"{now - timedelta(days=1):%Y-%m-%dT%H:%M}")
    page.get_by_label("Closes").fill(f"{now + timedelta(days=1):%Y-%m-%dT%H:%M}")
    page.get_by_role("button", name="Set the window").click()
    page.get_by_text("The window is set.").wait_for()
    page.get_by_label("Extra minutes of Lena Learner").fill("30")
    page.get_by_role("button", name="Give Lena Learner extra time").click()
    page.get_by_text("Extra time of Lena Learner").wait_for()
    accessible(page)

    desk = browser.new_context(base_url=site.url)
    learner = desk.new_page()
    sign_in(learner, site, "learner")
    begin(learner)
    assert re.match(r"1:2\d:\d\d|1:30:00", learner.locator("[data-clock]").inner_text())

    page.reload()
    assert "Writing" in page.locator(".seats").inner_text()
    page.get_by_role("button", name="Release the results now").click()
    page.get_by_text("1 person is still writing").wait_for()

    learner.goto(f"{EXAM}/hand-in")
    learner.get_by_role("button", name="Hand in").click()
    learner.get_by_text("Your answers are with us").wait_for()
    assert learner.locator(".expl").count() == 0
    page.goto(ROOM)
    page.get_by_role("button", name="Release the results now").click()
    page.get_by_text("1 of this cohort can read theirs now").wait_for()
    learner.reload()
    assert learner.locator(".expl").count() == 12
    desk.close()


def test_an_exam_goes_on_when_time_is_given_after_the_clock_took_it(
    page: Any, browser: Any, site: Site
) -> None:
    """The page that waits for results finds out by itself."""
    name = sign_up(page)
    begin_in_a_cohort(name, site)
    page.goto(EXAM)
    page.get_by_text("Your answers are with us").wait_for()
    accessible(page)

    room = browser.new_context(base_url=site.url)
    mentor = room.new_page()
    sign_in(mentor, site, "mentor")
    mentor.goto("/exams/evening/midterm")
    mentor.locator(".seats", has_text="Time was up").wait_for()
    mentor.get_by_label(f"Extra minutes of {name}").fill("30")
    mentor.get_by_role("button", name=f"Give {name} extra time").click()
    mentor.get_by_text("They write until").wait_for()
    room.close()

    page.get_by_text("so your exam goes on").wait_for(timeout=40_000)
    accessible(page)
    saved(type_number(page, "8"))
    assert page.complaints == []


def begin_in_a_cohort(name: str, site: Site) -> None:
    """Put them into a cohort of the mentor's, and let an hour of an exam have gone by."""
    script = f"""
from datetime import timedelta
from django.utils import timezone
from cairn.accounts.models import Cohort, User
from cairn.submissions import exams
from cairn.submissions.models import Sitting
cohort = Cohort.objects.create(slug="evening", title="Evening", path="zero-to-llm", starts_on="2026-01-01")
learner, mentor = User.objects.get(username="{name}"), User.objects.get(username="mentor")
cohort.memberships.create(user=learner, role="learner")
cohort.memberships.create(user=mentor, role="mentor")
now = timezone.now()
exams.set_window(mentor, cohort, "midterm", now - timedelta(hours=1), now + timedelta(hours=1))
sitting = exams.begin(learner, "midterm")
Sitting.objects.filter(pk=sitting.pk).update(
    started_at=now - timedelta(minutes=65), ends_at=now - timedelta(minutes=5)
)
exams.settle_all()
"""
    environment = {**os.environ, "CAIRN_HOME": str(site.home)}
    command = [sys.executable, "manage.py", "shell", "-v", "0", "-c", script]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, timeout=120)


def test_a_pair_is_found_by_dragging_and_by_keyboard(page: Any) -> None:
    sign_up(page)
    page.goto("/topics/vectors-and-matrices/quiz")
    asked = page.locator("#q-which-gives-what")
    asked.locator(".rights .movable").first.wait_for()
    asked.scroll_into_view_if_needed()
    half = asked.locator(".rights li", has_text="One number")
    half.drag_to(asked.locator(".pairs li").first)
    chosen = asked.locator("select").first
    assert chosen.input_value() == half.get_attribute("data-value")
    for place, words in enumerate(("(3,)", "(2,)", "(2, 3)"), 1):
        right = asked.locator(".rights li", has_text=re.compile(re.escape(words)))
        asked.locator("select").nth(place).select_option(right.get_attribute("data-value"))
    asked.get_by_role("button", name="Answer").click()
    asked.get_by_text("That is right").wait_for()
    accessible(page)
    assert page.complaints == []


STEPS = ("Draw a mini-batch", "Predict, and compute", "Compute the gradient", "Subtract the learning rate")


def put(page: Any, asked: Any, words: str, above: int) -> None:
    """Drag the item with these words by its handle to the upper edge of the one at a place from 0."""
    grip, goal = asked.locator("li", has_text=words).locator(".grip"), asked.locator("li").nth(above)
    held, there = grip.bounding_box(), goal.bounding_box()
    assert held
    assert there
    page.mouse.move(held["x"] + 12, held["y"] + 10)
    page.mouse.down()
    page.mouse.move(held["x"] + 12, (held["y"] + there["y"]) / 2)
    page.mouse.move(held["x"] + 12, there["y"] + 5, steps=4)
    page.mouse.up()


def test_items_are_put_in_order_by_dragging_and_by_keyboard(page: Any) -> None:
    sign_up(page)
    page.goto("/topics/gradient-descent/quiz")
    asked = page.locator("#q-order-of-a-training-step")
    asked.locator(".grip").first.wait_for()
    asked.scroll_into_view_if_needed()
    for words in reversed(STEPS):
        put(page, asked, words, 0)
    shown = asked.locator("li .sans-prose")
    expect(shown).to_have_text([re.compile(words) for words in STEPS])
    assert "place 1 of 4" in asked.locator("[role=status]").inner_text()
    accessible(page)

    asked.get_by_role("button", name=f"Move down: {STEPS[0]}").focus()
    page.keyboard.press("Enter")
    expect(asked.locator("[role=status]")).to_have_text(re.compile("Draw a mini-batch.*: place 2 of 4"))
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    asked.get_by_role("button", name="Answer").click()
    asked.get_by_text("That is right").wait_for()
    assert page.complaints == []
