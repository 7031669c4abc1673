"""What a learner, a mentor and an admin do, in a real browser, against the whole site."""

import re
import secrets
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.conftest import Site

pytestmark = pytest.mark.browser

LESSON = "/topics/vectors-and-matrices"
EXERCISE = "/exercises/dot-and-norm"
FOLDER = (
    Path(__file__).resolve().parents[1]
    / "curriculum/topics/mathematics/vectors-and-matrices/exercises/dot-and-norm"
)
SOLUTION = (FOLDER / "solution.py").read_text()
NEARLY = SOLUTION.replace("math.degrees", "")  # an angle in radians: a mistake that many make


def sign_up(page: Any) -> str:
    """A new learner; their user name."""
    name = "noor-" + secrets.token_hex(4)
    page.goto("/account/signup/")
    page.get_by_label("User name").fill(name)
    page.get_by_label("E-mail").fill(f"{name}@example.org")
    page.get_by_label("Password", exact=True).fill("granite-and-lichen-7")
    page.locator("main").get_by_role("button", name="Create an account").click()
    page.wait_for_url("**/home")
    return name


def sign_in(page: Any, site: Site, who: str) -> None:
    """A demo person."""
    page.goto("/account/login/")
    page.get_by_label("User name or e-mail").fill(site.people[who]["username"])
    page.get_by_label("Password", exact=True).fill(site.people[who]["password"])
    page.locator("main").get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/account/login" not in url)


def enrol(page: Any) -> None:
    """Begin to walk the path, or change the pace of walking it."""
    page.goto("/paths/zero-to-llm")
    page.get_by_label("Start").fill("2026-11-23")
    page.get_by_label("Hours a week").fill("6")
    page.get_by_role("button", name=re.compile("Walk this path|Change the pace")).click()
    page.wait_for_load_state()


PASTE = """(editor, text) => {
  const data = new DataTransfer();
  data.setData("text/plain", text);
  editor.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
}"""


def write(page: Any, text: str) -> None:
    """Replace what is in the editor by pasting, as a person does."""
    editor = page.locator(".cm-content").first
    editor.click()
    page.keyboard.press("Control+a")
    editor.evaluate(PASTE, text)


def saved(page: Any) -> None:
    """Wait until the page says that the draft is on the server."""
    page.locator("[data-draft-state]").get_by_text("Saved").wait_for()


def results(page: Any) -> Any:
    """The results once the run has ended."""
    page.locator("run-live [data-terminal=true]").wait_for()
    return page.locator("run-live")


def accessible(page: Any) -> None:
    """axe finds nothing serious or critical on the page as it is."""
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]})
    serious = [v for v in found.response["violations"] if v["impact"] in ("serious", "critical")]
    assert not serious, [(v["id"], [node["target"] for node in v["nodes"]][:5]) for v in serious]


def test_from_sign_up_to_a_stone(page: Any) -> None:
    sign_up(page)
    assert page.get_by_role("link", name="Zero to LLM").count()

    enrol(page)
    accessible(page)

    page.goto("/home")
    assert "0 of" in page.locator(".ms").inner_text()
    accessible(page)
    page.get_by_role("link", name=re.compile("Vectors and matrices")).first.click()
    page.wait_for_url(f"**{LESSON}*")
    assert page.locator(".katex").count() > 10
    assert page.locator("figure svg").count() >= 1
    assert page.locator("pre.code span").count() > 10
    accessible(page)

    page.goto(EXERCISE)
    page.locator(".cm-content").wait_for()
    accessible(page)
    write(page, NEARLY)
    saved(page)
    page.reload()
    assert "def angle" in page.locator(".cm-content").inner_text()

    page.get_by_role("button", name="Run").first.click()
    assert results(page).locator(".tests li").count() >= 1

    page.get_by_role("button", name="Submit").first.click()
    page.locator("run-live [data-terminal=true] .tests li").nth(10).wait_for()
    failed = page.locator("run-live .tests li.fail").first
    assert "Expected" in failed.inner_text()
    assert "Got" in failed.inner_text()
    accessible(page)

    write(page, SOLUTION)
    saved(page)
    page.get_by_role("button", name="Submit").first.click()
    page.locator("run-live [data-verdict=passed]").wait_for()
    accessible(page)

    page.goto("/home")
    assert "1 of" in page.locator(".ms").inner_text()
    page.goto("/paths/zero-to-llm/milestones/linear-algebra")
    page.locator(".crit li.met", has_text="Dot, norm and angle by hand").wait_for()
    accessible(page)
    assert page.complaints == []


def test_the_draft_follows_to_another_device(page: Any, browser: Any, site: Site) -> None:
    name = sign_up(page)
    page.goto(EXERCISE)
    page.locator(".cm-content").wait_for()
    write(page, "# written on the train\n")
    saved(page)
    other = browser.new_context(base_url=site.url).new_page()
    other.goto("/account/login/?next=" + EXERCISE)
    other.get_by_label("User name or e-mail").fill(name)
    other.get_by_label("Password", exact=True).fill("granite-and-lichen-7")
    other.get_by_role("button", name="Sign in").click()
    other.locator(".cm-content").get_by_text("written on the train").wait_for()
    other.context.close()


def test_an_expired_session_keeps_the_draft(page: Any) -> None:
    sign_up(page)
    page.goto(EXERCISE)
    page.locator(".cm-content").wait_for()
    page.context.clear_cookies()
    write(page, "# the session ends here\n")
    page.locator("[data-draft-state]").get_by_text("Not saved on the server").wait_for()
    assert "kept in this browser" in page.locator("[data-draft-state]").inner_text()


def test_a_quiz_explains_each_answer(page: Any) -> None:
    sign_up(page)
    page.goto(LESSON + "/quiz")
    question = page.locator("section.quiz").filter(has=page.locator("input[type=radio]")).first
    identity = question.get_attribute("id")
    question.locator("label").first.click()
    question.get_by_role("button", name="Answer").click()
    explained = page.locator(f"#{identity} .expl")
    explained.first.wait_for()
    assert len(explained.first.inner_text()) > 20
    page.reload()
    assert page.locator(f"#{identity} .expl").count() >= 1
    accessible(page)
    assert page.complaints == []


def test_a_mentor_reads_what_a_learner_handed_in_and_answers(page: Any, site: Site, browser: Any) -> None:
    sign_in(page, site, "learner")
    enrol(page)
    page.goto(EXERCISE)
    page.locator(".cm-content").wait_for()
    write(page, SOLUTION + f"\n# {secrets.token_hex(4)}\n")
    saved(page)
    page.get_by_role("button", name="Submit").first.click()
    page.locator("run-live [data-verdict=passed]").wait_for()

    desk = browser.new_context(base_url=site.url).new_page()
    sign_in(desk, site, "mentor")
    desk.goto("/review")
    accessible(desk)
    desk.get_by_role("link", name="Dot, norm and angle").first.click()
    assert "def angle" in desk.locator(".file").first.inner_text()
    accessible(desk)
    desk.get_by_label("What you want to say").fill("Clear, and the zero vector is handled.")
    desk.get_by_role("button", name="Send review").click()
    desk.wait_for_url("**/review")
    desk.context.close()
    page.goto("/home")
    page.get_by_text("the zero vector is handled").wait_for()


def test_an_admin_manages_people_and_cohorts(page: Any, site: Site) -> None:
    sign_in(page, site, "admin")
    page.goto("/admin/")
    page.get_by_role("link", name="Cohorts", exact=True).first.click()
    page.get_by_role("link", name="Demo cohort").click()
    assert page.locator("input[name=title]").input_value() == "Demo cohort"
    page.goto("/admin/accounts/user/")
    page.get_by_role("link", name="learner", exact=True).click()
    page.get_by_label("Is mentor").check()
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("was changed successfully").wait_for()
    page.get_by_role("link", name="learner", exact=True).first.click()
    page.get_by_label("Is mentor").uncheck()
    page.get_by_role("button", name="Save", exact=True).click()
    assert page.complaints == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390, 320])
@pytest.mark.parametrize(
    "address",
    [
        "/",
        "/paths/zero-to-llm",
        "/paths/zero-to-llm/milestones/linear-algebra",
        LESSON,
        LESSON + "/quiz",
        "/account/login/",
        "/no-such-page",
    ],
)
def test_public_pages_are_accessible_and_never_scroll_sideways(
    page: Any, address: str, width: int, theme: str
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=theme)
    page.goto(address)
    accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    refused = [line for line in page.complaints if "404" not in line]
    assert refused == []


def test_everything_of_an_exercise_can_be_done_by_keyboard(page: Any) -> None:
    sign_up(page)
    page.goto(EXERCISE)
    page.locator(".cm-content").wait_for()
    write(page, SOLUTION)
    saved(page)
    page.keyboard.press("Control+Enter")
    results(page)
    page.locator(".cm-content").focus()
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    assert not page.evaluate("document.activeElement.closest('.cm-editor')")


def test_a_phone_shows_one_pane_at_a_time_and_runs_from_the_bar(page: Any) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    sign_up(page)
    page.goto(EXERCISE)
    page.get_by_role("tab", name="Code").or_(page.get_by_role("tab", name="Editor")).first.click()
    page.locator(".cm-content").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    accessible(page)


def test_the_interface_documents_open(page: Any) -> None:
    page.goto("/api/v1/docs")
    page.get_by_text("submissions").first.wait_for()
