"""From a skill map and an activity to stones in a real browser, and the rows that tell what was completed."""

import os
import subprocess
import sys
from typing import Any

import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe

from tests.conftest import ROOT, Site
from tests.test_journey_browser import sign_in, sign_up

pytestmark = pytest.mark.browser

MAP = "/skill-maps/bridge-to-phase-2"
MILESTONE = "/paths/zero-to-llm/milestones/bridge-to-phase-2"
ACTIVITY = "/activities/present-your-code"
LINES = [
    (line["idea"], line["use"])
    for line in yaml.safe_load((ROOT / "curriculum/skill-maps/bridge-to-phase-2.yaml").read_text())["lines"]
    if not line.get("optional")
]


def ticked(page: Any) -> set[str]:
    """The lines that the form would send."""
    boxes = page.locator('input[name="line"]:checked').evaluate_all("all => all.map(one => one.value)")
    return set(boxes)


def middle(page: Any, side: str, id: str) -> tuple[float, float]:
    node = page.locator(f'.node.{side}[data-id="{id}"]')
    node.scroll_into_view_if_needed()
    box = node.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(page: Any, idea: str, use: str) -> None:
    """Draw one line with the mouse."""
    page.set_viewport_size({"width": 1280, "height": 1400})
    page.mouse.move(*middle(page, "idea", idea))
    page.mouse.down()
    page.mouse.move(*middle(page, "use", use), steps=6)
    page.mouse.up()


def test_a_map_is_drawn_by_mouse_and_keyboard_marked_and_lays_its_stone(page: Any) -> None:
    sign_up(page)
    page.goto(MAP)
    page.locator(".board").wait_for()
    (first, *rest) = LINES
    drag(page, *first)
    assert ticked(page) == {":".join(first)}
    for idea, use in rest[:-1]:
        page.locator(f'.node.idea[data-id="{idea}"]').click()
        page.locator(f'.node.use[data-id="{use}"]').click()
    idea, use = rest[-1]
    page.locator(f'.node.idea[data-id="{idea}"]').focus()
    page.keyboard.press("Enter")
    page.locator(f'.node.use[data-id="{use}"]').focus()
    page.keyboard.press("Enter")
    assert ticked(page) == {":".join(line) for line in LINES}
    page.get_by_role("button", name="Check my map").click()
    page.get_by_text("You passed.").wait_for()
    assert page.locator("path.line.right").count() == len(LINES)
    page.goto(MILESTONE)
    assert "100\u202f%, today" in page.locator("#stone-skill-map").inner_text()


def test_without_script_ticking_does_the_same(page: Any, browser: Any, site: Site) -> None:
    sign_up(page)
    plain = browser.new_context(
        java_script_enabled=False, base_url=site.url, storage_state=page.context.storage_state()
    )
    try:
        tab = plain.new_page()
        tab.goto(MAP)
        for line in LINES[:7]:
            tab.check(f'input[value="{":".join(line)}"]')
        tab.get_by_role("button", name="Check my map").click()
        assert tab.get_by_text("Missing", exact=True).count() > 0
        assert "7 right" in tab.locator(".outcome").inner_text()
    finally:
        plain.close()


def test_an_activity_is_said_to_be_done_and_taken_back(page: Any) -> None:
    sign_up(page)
    page.goto(ACTIVITY)
    page.get_by_label("Your note").fill("Too short.")
    page.get_by_role("button", name="I have done this").click()
    page.get_by_role("alert").get_by_text("at least 15").wait_for()
    assert page.get_by_label("Your note").input_value() == "Too short."
    page.get_by_label("Your note").fill(
        "I showed it to two friends, and they asked why the loss is no accuracy at all."
    )
    page.get_by_role("button", name="I have done this").click()
    page.get_by_text("The stone is laid wherever this counts.").wait_for()
    page.get_by_role("button", name="It is not done after all").click()
    page.get_by_text("Your note is kept").wait_for()
    assert "two friends" in page.get_by_label("Your note").input_value()


@pytest.mark.parametrize("address", [MAP, ACTIVITY, MILESTONE])
def test_the_pages_have_nothing_that_axe_objects_to(page: Any, site: Site, address: str) -> None:
    sign_in(page, site, "learner")
    page.goto(address)
    page.wait_for_load_state("networkidle")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_a_note_begins_on_the_milestone(page: Any) -> None:
    sign_up(page)
    page.goto(MILESTONE)
    page.get_by_role("button", name="Write a note").click()
    page.wait_for_url("**/edit")
    assert "Bridge to phase 2" in page.content()


def test_rebuilding_finds_nothing_to_do(page: Any, site: Site) -> None:
    """What the running site wrote after each result is what the stored results say."""
    name = sign_up(page)
    page.goto(ACTIVITY)
    page.get_by_label("Your note").fill(
        "I showed it to two friends, and they asked why the loss is no accuracy at all."
    )
    page.get_by_role("button", name="I have done this").click()
    page.get_by_text("The stone is laid wherever this counts.").wait_for()
    said = subprocess.run(
        [sys.executable, "manage.py", "progress", "rebuild", name],
        cwd=ROOT,
        env={**os.environ, "CAIRN_HOME": str(site.home)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert said.stdout.strip() == "Looked at 1 learners; 0 rows were missing or wrong."
