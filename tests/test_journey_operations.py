"""An admin looks after the site in a real browser: nothing is left to be guessed, and no page is reloaded."""

import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.conftest import Site
from tests.test_journey_browser import sign_in

pytestmark = pytest.mark.browser


def test_an_admin_pauses_a_queue_and_drains_the_node(page: Any, site: Site) -> None:
    sign_in(page, site, "admin")
    page.get_by_role("link", name="Operations").first.click()
    grading = page.get_by_role("row", name=re.compile("^Grading"))
    grading.get_by_role("button", name="Pause").click()
    grading.get_by_text("Paused").wait_for()
    grading.get_by_role("button", name="Resume").click()
    grading.get_by_text("Open").wait_for()

    node = page.get_by_role("row", name=re.compile("^local"))
    node.get_by_role("button", name="Drain").click()
    node.get_by_text(re.compile("Drained|Draining")).first.wait_for()
    node.get_by_role("button", name="Stop draining").click()
    node.get_by_text("Working").wait_for()
    assert page.complaints == []


def test_the_tables_follow_the_site_without_a_reload(page: Any, site: Site) -> None:
    sign_in(page, site, "admin")
    page.goto("/ops")
    page.evaluate("document.querySelector('#ops-nodes').textContent = 'stale'")
    page.get_by_role("heading", name="Nodes").wait_for()


@pytest.mark.parametrize("width", [390, 900, 1440])
def test_operations_fit_and_are_accessible(page: Any, site: Site, width: int) -> None:
    sign_in(page, site, "admin")
    page.set_viewport_size({"width": width, "height": 900})
    page.goto("/ops")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert not Axe().run(page).response["violations"]


@pytest.mark.parametrize(("width", "bar"), [(390, "Main, bottom"), (800, "Main")])
def test_what_a_narrow_bar_leaves_out_stands_under_more(page: Any, site: Site, width: int, bar: str) -> None:
    sign_in(page, site, "admin")
    page.set_viewport_size({"width": width, "height": 844})
    page.goto("/home")
    places = page.get_by_role("navigation", name=bar, exact=True)
    assert not places.get_by_role("link", name="Operations").is_visible()
    places.get_by_text("More").click()
    places.get_by_role("link", name="Operations").click()
    page.wait_for_url("**/ops")
