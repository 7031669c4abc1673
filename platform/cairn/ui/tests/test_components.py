"""Components that every page uses: what they say, and what the content security policy asks of them."""

from types import SimpleNamespace
from typing import Any

import pytest
from django import forms
from django.contrib.auth.models import AnonymousUser
from django.template import Context, Template
from django.template.loader import render_to_string
from django.test import RequestFactory

from cairn.ui.templatetags.ui import KINDS, STATES, matrix, milliseconds, navigation, percent
from cairn.ui.views import TESTS, states
from grader.contract import ArrayView, Difference, TestResult, TestStatus, Verdict


def show(source: str, **context: Any) -> str:
    """A template's output."""
    return Template("{% load ui %}" + source).render(Context(context))


@pytest.mark.parametrize("word", sorted(STATES))
def test_a_state_is_an_icon_and_a_word(word: str) -> None:
    """Never colour alone."""
    html = show("{% state word %}", word=word)
    assert "<svg" in html
    assert STATES[word][2] in html


@pytest.mark.parametrize("word", [*Verdict, *TestStatus])
def test_every_verdict_and_test_status_has_a_state(word: str) -> None:
    """A page never meets a word that it cannot draw."""
    assert word in STATES


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_has_an_icon(kind: str) -> None:
    """Icons are named in one place and drawn from the committed set."""
    assert "<svg" in show("{% kind_icon kind %}", kind=kind)


def test_an_unknown_icon_fails_loudly() -> None:
    """A missing icon is found by the first test that renders the page."""
    with pytest.raises(KeyError):
        show('{% icon "no-such-icon" %}')


def failed(**more: Any) -> dict[str, Any]:
    """A failed test as the grader reports it."""
    view = ArrayView(
        shape=(40, 3), dtype="float64", rows=(("1", "2"), ("nan", "4")), origin=(10, 1), differs=((1, 0),)
    )
    difference = Difference(call="f(<x>)", expected=view, got="nothing", summary="1 of 120 values differs.")
    result = TestResult(
        name="test_f",
        title="Keeps <shape>",
        status=TestStatus.FAILED,
        message="No.",
        line=7,
        difference=difference,
    )
    return {**result.model_dump(mode="json"), **more}


def test_a_failed_row_opens_by_itself_and_says_where() -> None:
    """The author's sentence, the call and the line are in view without a click."""
    html = render_to_string("ui/test_row.html", {"test": failed()})
    assert "<details open" in html
    assert "Failed: </span>Keeps &lt;shape&gt;" in html
    assert "f(&lt;x&gt;)" in html
    assert 'data-line="7"' in html
    assert "1 of 120 values differs." in html


def test_a_passed_row_is_one_line() -> None:
    """Nothing to open where there is nothing to say."""
    html = render_to_string("ui/test_row.html", {"test": TESTS[0]})
    assert "<details" not in html
    assert "2\N{NO-BREAK SPACE}ms" in html


def test_indices_of_a_window_are_those_of_the_whole_array() -> None:
    """The window starts at row 10, column 1; only the cell that differs is marked, in words too."""
    html = render_to_string("ui/test_row.html", {"test": failed()})
    assert '<th scope="row">11</th><td class="w">nan<span class="vh"> differs</span></td><td>4</td>' in html
    assert '<th scope="col">2</th>' in html


@pytest.mark.parametrize(
    ("shape", "rows", "flat"),
    [((), (("1.0",),), True), ((3,), (("1", "2", "3"),), True), ((2, 2), (("1", "2"), ("3", "4")), False)],
)
def test_scalars_vectors_and_matrices(
    shape: tuple[int, ...], rows: tuple[tuple[str, ...], ...], flat: bool
) -> None:
    """A scalar and a vector need no row index."""
    table = matrix({"shape": shape, "dtype": "float64", "rows": rows, "origin": (), "differs": ()})
    assert table["flat"] is flat
    assert table["whole"]
    assert len(table["rows"]) == len(rows)


class SignUp(forms.Form):
    """A form with one of each kind of field."""

    name = forms.CharField(help_text="As others see it.")
    pace = forms.ChoiceField(choices=[("a", "Slow"), ("b", "Fast")], widget=forms.RadioSelect)
    mail = forms.BooleanField(required=False)


def test_a_form_names_its_fields_and_ties_errors_to_them() -> None:
    """Each field has a visible label; help and errors are its description."""
    html = render_to_string("ui/form.html", {"form": SignUp({"pace": "a"})})
    assert '<label for="id_name">Name</label>' in html
    assert 'aria-describedby="id_name_helptext id_name_error"' in html
    assert 'aria-invalid="true"' in html
    assert 'id="id_name_error"' in html
    assert "<legend" in html
    assert html.count("checked") == 1


LEARNERS = ["Today", "Paths", "Plan", "Practice", "Runs", "Journal", "Map"]


def user(**roles: bool) -> SimpleNamespace:
    """A person with roles."""
    return SimpleNamespace(is_authenticated=True, **({"is_mentor": False, "is_staff": False} | roles))


@pytest.mark.parametrize(
    ("person", "texts"),
    [
        (AnonymousUser(), ["Paths", "Map"]),
        (user(), LEARNERS),
        (user(is_mentor=True), [*LEARNERS, "Review queue"]),
        (user(is_staff=True), [*LEARNERS, "Review queue", "Operations", "Admin"]),
    ],
)
def test_navigation_follows_the_role(person: Any, texts: list[str]) -> None:
    """Nobody sees a link that would refuse them."""
    assert [item["text"] for item in navigation(Context({"user": person}))] == texts


def test_what_does_not_fit_a_phone_stands_under_more() -> None:
    """Six places fit; of more, five do beside "More"."""
    learner = navigation(Context({"user": user()}))
    admin = navigation(Context({"user": user(is_staff=True)}))
    assert [item["text"] for item in learner if item["extra"]] == ["Journal", "Map"]
    assert [item["text"] for item in admin if item["extra"]][-3:] == ["Review queue", "Operations", "Admin"]


def test_navigation_marks_where_you_are() -> None:
    """By the address, below a place too."""
    request = RequestFactory().get("/paths/zero-to-llm")
    items = navigation(Context({"user": user(), "request": request}))
    assert [item["text"] for item in items if item["current"]] == ["Paths"]


def test_numbers_carry_their_unit_behind_the_right_space() -> None:
    """The number that matters is on the page, and never breaks from its unit."""
    assert percent(0.97618, 2) == "97.62\N{NARROW NO-BREAK SPACE}%"
    assert milliseconds(0.0004) == "0\N{NO-BREAK SPACE}ms"
    assert milliseconds(1.84) == "1.8\N{NO-BREAK SPACE}s"


@pytest.fixture
def sheet(rf: RequestFactory) -> str:
    """The living sheet for a guest."""
    request = rf.get("/ui/states")
    request.user = AnonymousUser()
    request.csp_nonce = "n0nce"  # type: ignore[attr-defined]
    return states(request).content.decode()


def test_the_sheet_shows_everything_without_inline_style_or_script(sheet: str) -> None:
    """What the content security policy would refuse is nowhere in a component."""
    assert " style=" not in sheet
    assert "onclick" not in sheet
    assert "<script>" not in sheet
    assert sheet.count("<h1") == 1
    assert 'content="n0nce"' in sheet
    assert sheet.index("Skip to content") < sheet.index("<header")


@pytest.mark.parametrize("name", ["400", "403", "404", "429", "500"])
def test_error_pages_say_what_was_kept_and_what_to_do(name: str, rf: RequestFactory) -> None:
    """Even the page for our own failure, which may not ask the database for anything."""
    request = rf.get("/")
    request.user = AnonymousUser()
    html = render_to_string(f"{name}.html", {}, request if name != "500" else None)
    assert f">{name}</p>" in html
    assert "btn primary" in html


def test_numbers_keep_only_the_decimals_that_tell_them_apart():
    expected = {"rows": [["0.0900306", "0.0000001"]], "shape": [2], "differs": [[0, 0]]}
    got = {"rows": [["0.0900342", "7"]], "shape": [2], "differs": [[0, 0]]}
    cells = matrix(expected, got)["rows"][0]["cells"]
    assert cells == [("0.090031", True), ("0.0000001", False)]
    assert matrix(expected)["rows"][0]["cells"][0] == ("0.0900306", True)
