"""The hillside of a path, and the map of the landing page."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cairn.ui.landscape import GROUND, MAP_HEIGHT, MAP_WIDTH, Height, contours, descent, loss, profile

HEIGHTS = st.lists(
    st.builds(
        Height, label=st.text(max_size=12), difficulty=st.integers(1, 5), peak=st.sampled_from(["", "CLIP"])
    ),
    min_size=1,
    max_size=12,
)


@given(HEIGHTS)
def test_every_path_has_a_profile_inside_its_frame(stages: list[Height]) -> None:
    """From one stage to many: the hillside stays between the labels and the ground."""
    top = re.search(r'class="top" d="M([^"]*)"', profile(stages, "Difficulty"))
    assert top
    heights = [float(point.split()[1]) for point in top[1].split("L")]
    assert all(40 < y <= GROUND for y in heights)


def test_harder_is_higher() -> None:
    """The height is the author's difficulty."""
    svg = profile([Height("a", 1), Height("b", 5)], "Difficulty")
    heights = [float(p.split()[1]) for p in re.search(r'class="top" d="M([^"]*)"', svg)[1].split("L")]  # type: ignore[index]
    assert heights[-1] < heights[0] - 30


def test_labels_are_escaped() -> None:
    """Titles come from files that people write."""
    svg = profile([Height("<b>", 2, peak="<script>")], "<i>")
    assert "<script>" not in svg
    assert "<b>" not in svg
    assert "<i>" not in svg


def test_without_stages_there_is_no_profile() -> None:
    """The caller shows nothing instead."""
    with pytest.raises(ValueError, match="at least one stage"):
        profile([], "Difficulty")


def test_the_trail_is_a_descent_that_stays_on_the_map() -> None:
    """Each step goes down, and the trail ends where the ground is flat."""
    trail = descent()
    losses = [loss(x, y) for x, y in trail]
    assert all(after < before + 1e-9 for before, after in pairwise(losses))
    assert all(0 < x < MAP_WIDTH and 0 < y < MAP_HEIGHT for x, y in trail)
    assert losses[-1] < losses[0] - 0.5


def test_the_map_is_small_enough_for_the_first_page() -> None:
    """It is part of the landing page's HTML."""
    assert len(contours()) < 80_000
    assert "style=" not in contours()
