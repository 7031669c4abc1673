"""A training run in a real browser: started, watched live, stopped, compared, taken away."""

import io
import re
import zipfile
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.conftest import Site
from tests.test_journey_browser import PASTE, accessible, sign_in, sign_up

pytestmark = pytest.mark.browser

PROJECT = "/projects/handwritten-digits"
FALLS = """\
import time

import cairn

STEPS = 40 * int(cairn.parameters.epochs)
cairn.total_steps(STEPS)
for step in range(STEPS):
    cairn.log({"loss": 1 / (1 + step), "valid/loss": 1.1 / (1 + step)}, step)
    time.sleep(0.05)
print("the last loss was", 1 / STEPS)
"""
LATER = """\
import time

import cairn

for step in range(2000):
    cairn.log({"loss": 1 / (1 + step)}, step)
    if step >= 100:
        cairn.log({"margin": step, "test/loss": 2 / (1 + step)}, step)
    time.sleep(0.05)
"""


def train(page: Any, program: str, epochs: int) -> str:
    """Start a run of that program from the project's page; its address."""
    page.goto(PROJECT)
    page.locator(".cm-content").first.wait_for()
    page.get_by_role("tab", name="train.py").click()
    editor = page.locator(".cm-content:visible")
    editor.click()
    page.keyboard.press("Control+a")
    editor.evaluate(PASTE, program)
    if not page.get_by_label("Epochs").is_visible():
        page.locator(".train-start > summary").click()
    page.get_by_label("Epochs").fill(str(epochs))
    page.get_by_role("button", name="Start training").click()
    page.wait_for_url(re.compile("/runs/[0-9a-f-]{36}"))
    return str(page.url)


def drawn(page: Any) -> Any:
    """The chart of the loss, once something is drawn in it."""
    chart = page.locator(".plot").first
    expect(chart).to_have_attribute("aria-label", re.compile("lowest"), timeout=60_000)
    return chart


def ended(page: Any) -> None:
    page.locator("run-live [data-terminal=true]").wait_for(timeout=90_000)


@pytest.mark.timeout(400)
def test_a_run_is_watched_while_it_learns_and_told_what_it_reached(page: Any) -> None:
    sign_up(page)
    page.goto(PROJECT)
    accessible(page)
    first = train(page, FALLS, 4)
    chart = drawn(page)
    assert page.locator("run-live [data-terminal=false]").count() == 1  # it is still training
    chart.hover()
    expect(page.locator(".readout")).to_contain_text("loss")
    page.get_by_role("button", name="Time").click()
    expect(chart).to_have_attribute("aria-label", re.compile("by time"))
    accessible(page)

    ended(page)
    assert "the last loss was" in page.locator("run-live").inner_text()
    page.reload()
    page.locator("details > summary", has_text="Table").first.click()
    page.locator(".charts .table tbody tr").nth(10).wait_for()
    with page.expect_download() as capsule:
        page.get_by_role("link", name="Download the capsule").click()
    inside = zipfile.ZipFile(io.BytesIO(capsule.value.path().read_bytes())).namelist()
    assert any(name.endswith("train.py") for name in inside)

    second = train(page, FALLS.replace("1 / (1 + step)", "2 / (1 + step)"), 1)
    ended(page)
    page.goto("/runs")
    accessible(page)
    for address in (first, second):
        page.locator(f"input[name=run][value='{address.rsplit('/', 1)[1]}']").check()
    page.get_by_role("button", name="Compare the chosen runs").click()
    drawn(page)
    assert page.locator(".chart-key li").count() >= 2
    assert page.locator("tr.differs", has_text="epochs").count() == 1
    assert page.locator(".diff .add").count() >= 1
    accessible(page)
    assert not page.complaints


@pytest.mark.timeout(300)
def test_a_curve_that_nobody_announced_appears_while_the_page_is_open(page: Any) -> None:
    sign_up(page)
    train(page, LATER, 1)
    loss = drawn(page)
    titles = page.locator(".charts figcaption")
    assert "margin" not in titles.all_inner_texts()
    page.get_by_label("Smoothing").fill("0.6")
    page.get_by_label("Logarithmic").check()
    loss.evaluate("plot => { plot.dataset.seen = 'before'; window.opened = 'once'; }")
    page.locator("#note-text").fill("half a thought")
    scrolled = page.evaluate("scrollY")

    margin = page.locator("figure", has=page.locator("figcaption", has_text="margin")).locator(".plot")
    expect(margin).to_have_attribute("aria-label", re.compile("margin by step: .* lowest 1"), timeout=60_000)
    expect(loss).to_have_attribute("aria-label", re.compile("test/loss"))
    expect(page.locator("metric-charts [role=status]").last).to_contain_text("margin")
    assert loss.get_attribute("data-seen") == "before"  # the same chart, and the same page
    assert page.evaluate("window.opened") == "once"
    assert page.evaluate("scrollY") == scrolled
    assert page.get_by_label("Smoothing").input_value() == "0.6"
    assert page.get_by_label("Logarithmic").is_checked()
    accessible(page)

    last = margin.get_attribute("aria-label")
    page.get_by_role("button", name="Time").click()
    expect(margin).to_have_attribute("aria-label", re.compile("by time"))
    expect(margin).not_to_have_attribute("aria-label", str(last).replace("by step", "by time"))
    page.get_by_role("button", name="Stop run").click()
    ended(page)
    expect(page.get_by_role("link", name="All points as CSV")).to_be_visible()
    assert loss.get_attribute("data-seen") == "before"
    assert page.get_by_label("Smoothing").input_value() == "0.6"
    assert page.locator("#note-text").input_value() == "half a thought"
    assert not page.complaints


@pytest.mark.timeout(300)
def test_a_run_is_stopped_in_seconds_and_keeps_what_it_logged(page: Any) -> None:
    sign_up(page)
    train(page, FALLS, 100)
    drawn(page)
    page.get_by_role("button", name="Stop run").click()
    page.locator("run-live [data-terminal=true]").wait_for(timeout=15_000)
    page.reload()
    drawn(page)


@pytest.mark.timeout(300)
def test_nobody_else_sees_a_run(page: Any, site: Site, browser: Any) -> None:
    sign_up(page)
    address = train(page, FALLS, 1)
    other = browser.new_context(base_url=site.url).new_page()
    sign_in(other, site, "mentor")
    for place in ("", "/curves?names=loss", "/export.csv", "/capsule.zip"):
        assert other.request.get(address + place).status == 404
    other.context.close()
