"""The drawing of a milestone is a pure function, and obeys the visual language."""

import re
from itertools import pairwise
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from cairn.ui.cairn import HEIGHTS, Kind, State, Stone, draw, fnv1a, in_order, mulberry32, name_text, place

SLUGS = st.from_regex(r"[a-z]{1,8}(-[a-z0-9]{1,6}){0,2}", fullmatch=True)
STONES = st.lists(
    st.builds(
        Stone,
        id=SLUGS,
        kind=st.sampled_from(get_args(Kind)),
        state=st.sampled_from(get_args(State)),
        met_order=st.floats(0, 1e9),
    ),
    min_size=1,
    max_size=9,
    unique_by=lambda stone: stone.id,
)
WIDTHS = st.floats(20, 130)


def complete(stones: list[Stone]) -> list[Stone]:
    """The same stones, all laid."""
    return [Stone(stone.id, stone.kind, "met") for stone in stones]


def test_the_seed_is_the_published_hash_and_generator() -> None:
    """Reference values of FNV-1a and mulberry32, so that another renderer draws the same cairn."""
    assert fnv1a("") == 0x811C9DC5
    assert fnv1a("foobar") == 0xBF9CF968
    random = mulberry32(1)
    assert [round(random(), 6) for _ in range(2)] == [0.627074, 0.002736]


@given(SLUGS, STONES, WIDTHS)
def test_it_draws_the_same_every_time(slug: str, stones: list[Stone], width: float) -> None:
    """No clock and no chance: one cairn looks the same on every page."""
    assert draw(slug, stones, width) == draw(slug, stones, width)


@given(SLUGS, STONES, WIDTHS)
def test_stones_touch(slug: str, stones: list[Stone], width: float) -> None:
    """Each stone begins a little below the top of the one under it, and neither floats nor sinks in."""
    for below, above in pairwise(place(slug, stones, width)):
        top_of_below = max(-y for _, y in below.outline)
        foot_of_above = min(-y for _, y in above.outline)
        assert 0 < top_of_below - foot_of_above < 0.12 * below.height


@given(STONES)
def test_nothing_solid_lies_above_a_hollow_stone(stones: list[Stone]) -> None:
    """Laid stones come first, then those in review, begun and not yet."""
    assert [s.state for s in in_order(stones)] == sorted((s.state for s in stones), key=get_args(State).index)


@given(SLUGS, STONES, WIDTHS)
def test_neighbours_differ_in_tone(slug: str, stones: list[Stone], width: float) -> None:
    """Two stones of one tone would read as one."""
    assert all(a.tone != b.tone for a, b in pairwise(place(slug, stones, width)))


@given(SLUGS, STONES, WIDTHS)
def test_it_tapers_and_stays_over_its_foot(slug: str, stones: list[Stone], width: float) -> None:
    """No stone is wider than the rule allows, and none leans out by more than 7 % of the lowest."""
    for stone in place(slug, stones, width):
        assert 0.38 * width < stone.width <= 1.05 * width
        assert abs(stone.x) <= 0.07 * width + 1e-9


def test_met_stones_lie_in_the_order_in_which_they_were_met() -> None:
    """The first success is at the ground, whatever the author listed first."""
    stones = [Stone("late", "quiz", "met", 9), Stone("open", "metric"), Stone("early", "rubric", "met", 2)]
    assert [stone.id for stone in in_order(stones)] == ["early", "late", "open"]


@given(SLUGS, STONES, WIDTHS)
def test_the_blaze_is_painted_exactly_when_all_is_met(slug: str, stones: list[Stone], width: float) -> None:
    """The painted mark says that the cairn stands."""
    assert ('class="bz"' in draw(slug, stones, width)) == all(stone.state == "met" for stone in stones)
    assert 'class="bz"' in draw(slug, complete(stones), width)


@given(SLUGS, STONES, WIDTHS)
def test_each_state_has_its_look_and_no_style_is_inline(slug: str, stones: list[Stone], width: float) -> None:
    """One shape a stone; colours come from classes only, as the content security policy asks."""
    svg = draw(slug, stones, width)
    for state in ("open", "started", "review"):
        assert svg.count(f'<path class="{state}"') == sum(stone.state == state for stone in stones)
    assert len(re.findall(r'<path class="s[1-4]"', svg)) == sum(stone.state == "met" for stone in stones)
    assert "style=" not in svg
    assert "nan" not in svg


@given(SLUGS, STONES, WIDTHS)
def test_everything_lies_inside_the_view_box(slug: str, stones: list[Stone], width: float) -> None:
    """Nothing of a cairn is cut off where it stands beside another."""
    left, top, w, h = map(float, re.search(r'viewBox="([^"]*)"', draw(slug, stones, width))[1].split())  # type: ignore[index]
    for stone in place(slug, stones, width):
        assert all(left <= x <= left + w and top <= y <= top + h for x, y in stone.outline)


def test_marks_tell_the_kinds_apart_from_sixty_pixels_up() -> None:
    """Below that they would be noise."""
    marks = {kind: draw("m", [Stone("s", kind, "met")], 60) for kind in HEIGHTS}
    assert marks["metric"].count('class="mk"') == 2
    assert marks["quiz"].count('class="dot"') == 5
    assert marks["document"].count('class="mk"') == marks["rubric"].count('class="mk"') == 1
    assert "mk" not in marks["exercise"]
    assert 'class="mk"' not in draw("m", [Stone("s", "metric", "met")], 59)


def test_its_name_counts_the_stones_that_are_laid() -> None:
    """What a screen reader says, with the title escaped."""
    stones = [Stone("a", "quiz", "met"), Stone("b", "quiz", "review"), Stone("c", "metric")]
    assert name_text("Handwritten digits", stones) == "Handwritten digits: 1 of 3 stones laid"
    assert 'role="img" aria-label="A &lt;b&gt;: 1 of 3 stones laid"' in draw("a", stones, 66, name="A <b>")
    assert 'aria-hidden="true"' in draw("a", stones, 66)


def test_a_milestone_without_criteria_draws_nothing_and_fails_nowhere() -> None:
    """A milestone that is still being written has no stones yet."""
    assert "<path" not in draw("empty", [], 66, name="Empty")
