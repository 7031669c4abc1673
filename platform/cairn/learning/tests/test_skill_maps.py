"""A skill map: how lines are marked, and what the page does with them."""

from datetime import UTC
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from cairn.catalog.content import SkillMap
from cairn.learning import activity_actions
from cairn.learning.models import ActivityResult
from cairn.learning.plan_items import done_on, entries_of
from cairn.learning.plan_pages import url_of
from cairn.learning.queries import record_of
from cairn.learning.skill_maps import check, strange
from cairn.learning.tests.further import MAP, publish_further

ADDRESS = "/skill-maps/first-map"
MILESTONE = "/paths/zero-to-llm/milestones/linear-algebra"
FIRST = SkillMap.model_validate(MAP)
NEEDED = {("dot", "texts"), ("slope", "step"), ("rows", "layer")}
EVERY = sorted(product([one.id for one in FIRST.ideas], [one.id for one in FIRST.uses]))


def text(answer):
    return answer.content.decode()


# --- marking


def test_all_lines_that_are_asked_for_and_no_other_make_a_whole_map():
    marked = check(FIRST, NEEDED)
    assert (marked.score, marked.right, marked.wrong, marked.missing) == (1, 3, 0, 0)


def test_a_line_that_is_also_right_costs_nothing_and_is_said_to_be_right():
    marked = check(FIRST, NEEDED | {("dot", "layer")})
    assert marked.score == 1
    assert [line.why for line in marked.lines if line.verdict == "also"] == ["Row by row."]


def test_a_wrong_line_costs_as_much_as_a_missing_one():
    assert check(FIRST, NEEDED - {("dot", "texts")}).score == pytest.approx(2 / 3)
    assert check(FIRST, NEEDED | {("slope", "texts")}).score == pytest.approx(3 / 4)


def test_every_line_that_is_wrong_or_missing_is_explained():
    marked = check(FIRST, {("slope", "texts"), ("rows", "step")})
    why = {(line.idea.id, line.use.id): (line.verdict, line.why) for line in marked.lines}
    assert why["slope", "texts"] == ("wrong", "No slope is needed to compare.")
    assert why["rows", "step"] == ("wrong", "“One step” rests on “Gradient”, not directly on “Rows”.")
    assert why["dot", "texts"] == ("missing", "By the angle between them.")


def test_what_is_missing_is_told_after_a_real_try_only():
    assert not check(FIRST, [("dot", "texts")]).tells
    assert check(FIRST, [("dot", "texts")]).missing == 2
    assert [line.verdict for line in check(FIRST, [("dot", "texts")]).shown] == ["right"]
    assert check(FIRST, [("dot", "texts"), ("slope", "texts")]).tells


def test_neither_an_empty_map_nor_one_with_every_line_passes():
    assert check(FIRST, []).score == 0
    assert check(FIRST, EVERY).score < FIRST.pass_score


@given(st.sets(st.sampled_from(EVERY)))
def test_the_score_is_a_share_and_adding_a_right_line_never_lowers_it(drawn):
    before = check(FIRST, drawn)
    assert 0 <= before.score <= 1
    assert (before.score == 1) == (before.wrong == before.missing == 0)
    for line in NEEDED - drawn:
        assert check(FIRST, drawn | {line}).score > before.score


@given(st.sets(st.sampled_from(EVERY)))
def test_a_wrong_line_never_raises_the_score(drawn):
    wrong = {(line.idea.id, line.use.id) for line in check(FIRST, EVERY).lines if line.verdict == "wrong"}
    for line in wrong - drawn:
        assert check(FIRST, drawn | {line}).score <= check(FIRST, drawn).score


def test_what_is_not_on_the_map_is_strange():
    assert strange(FIRST, [("dot", "texts"), ("dot", "moon"), ("", "texts")]) == [
        ("dot", "moon"),
        ("", "texts"),
    ]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"lines": [*MAP["lines"], {"idea": "dot", "use": "moon", "why": "?"}]}, "not on the map"),
        ({"lines": [*MAP["lines"], MAP["lines"][0]]}, "written twice"),
        ({"lines": MAP["lines"][1:]}, "no line that is asked for ends at"),
        ({"ideas": [*MAP["ideas"], MAP["ideas"][0]]}, "share an id"),
    ],
)
def test_a_map_that_makes_no_sense_is_refused_with_the_reason(change, said):
    with pytest.raises(ValidationError, match=said):
        SkillMap.model_validate(MAP | change)


# --- the page


@pytest.fixture
def further(db, tmp_path):
    return publish_further(tmp_path)


@pytest.fixture
def page(client, alice, further):
    client.force_login(alice)
    return client


def draw(page, *lines):
    return page.post(ADDRESS, {"line": [":".join(line) for line in lines]})


def test_what_is_right_is_not_on_the_page_before_the_drawing(page):
    shown = text(page.get(ADDRESS))
    assert "Dot product" in shown
    assert "By the angle between them." not in shown
    assert "No slope is needed" not in shown
    assert " style=" not in shown


def test_a_drawing_is_marked_explained_and_kept(page, alice):
    assert draw(page, ("dot", "texts"), ("slope", "texts")).url == ADDRESS
    shown = text(page.get(ADDRESS))
    assert "25\u202f% of the lines" in shown
    assert "Downhill." in shown, "which is missing"
    assert "No slope is needed to compare." in shown
    assert 'value="dot:texts" data-use="texts" data-verdict="right" checked' in shown
    stored = ActivityResult.objects.get(user=alice)
    assert (stored.kind, stored.slug, stored.score) == ("map", "first-map", 0.25)


def test_the_best_drawing_lays_the_stone_and_a_worse_one_takes_nothing_away(page, alice):
    draw(page, ("dot", "texts"))
    assert "best so far 33\u202f%" in text(page.get(MILESTONE))
    draw(page, *sorted(NEEDED))
    draw(page, ("dot", "texts"))
    assert ActivityResult.objects.filter(user=alice).count() == 3
    shown = text(page.get(MILESTONE))
    assert "100\u202f%" in shown
    assert "best so far" not in shown.split('id="stone-map"')[1].split("</li>")[0]


def test_the_same_drawing_twice_is_one(page, alice):
    draw(page, ("dot", "texts"))
    draw(page, ("dot", "texts"))
    assert ActivityResult.objects.filter(user=alice).count() == 1


@pytest.mark.parametrize(
    ("lines", "said"), [([], "no line on your map"), ([("dot", "moon")], "changed since you opened it")]
)
def test_a_drawing_that_is_none_is_refused(page, lines, said):
    answer = draw(page, *lines)
    assert answer.status_code == 400
    assert said in text(answer)
    assert not ActivityResult.objects.exists()


def test_a_guest_may_look_and_signs_in_to_draw(client, further):
    assert "Sign in</a> to draw" in text(client.get(ADDRESS))
    assert "/account/login/" in draw(client, ("dot", "texts")).url
    assert not ActivityResult.objects.exists()


def test_nobody_sees_the_drawing_of_somebody_else(page, client, bob):
    draw(page, ("dot", "texts"))
    client.force_login(bob)
    assert "of the lines" not in text(client.get(ADDRESS))


def test_there_is_no_page_of_a_map_that_is_none(page):
    assert page.get("/skill-maps/no").status_code == 404
    assert page.post("/skill-maps/no", {"line": "dot:texts"}).status_code == 404


# --- in the plan


def test_the_plan_has_the_map_after_the_topics_and_done_once_it_is_passed(alice, further):
    entry = entries_of(further, "zero-to-llm")["map:first-map"]
    assert entry.item.minutes == 15
    assert "lesson:vectors-and-matrices" in entry.item.needs
    assert url_of(entry) == ADDRESS
    activity_actions.draw_map(alice, "first-map", NEEDED)
    done = done_on(entries_of(further, "zero-to-llm"), further, "zero-to-llm", record_of(alice), {}, UTC)
    assert list(done) == ["map:first-map"]
