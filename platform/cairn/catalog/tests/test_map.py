"""The map's promises, for any library: order from left to right, a place for each topic, ways that hold."""

from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cairn.catalog import map as maps

AREAS = ["mathematics", "vision", "audio"]


@st.composite
def libraries(draw):
    """Any graph without a circle: a topic builds on earlier ones only, and the names tell nothing of it."""
    names = draw(st.lists(st.text("abcdef", min_size=1, max_size=3), unique=True, max_size=25))
    graph = {
        name: tuple(draw(st.lists(st.sampled_from(names[:i]), unique=True, max_size=4)) if i else ())
        for i, name in enumerate(names)
    }
    return graph, {name: draw(st.sampled_from(AREAS)) for name in names}


@given(libraries())
def test_what_a_topic_builds_on_lies_to_its_left(library):
    graph, areas = library
    spots = maps.lay_out(graph, areas).spots
    assert set(spots) == set(graph)
    for slug, befores in graph.items():
        for before in befores:
            assert spots[before].x + maps.WIDTH < spots[slug].x


@given(libraries())
def test_no_two_topics_overlap(library):
    for one, other in combinations(maps.lay_out(*library).spots.values(), 2):
        assert abs(one.x - other.x) >= maps.WIDTH or abs(one.y - other.y) >= maps.HEIGHT


@given(libraries())
def test_every_topic_lies_in_its_band_and_on_the_map(library):
    graph, areas = library
    layout = maps.lay_out(graph, areas)
    bands = {band.area: band for band in layout.bands}
    assert set(bands) == set(areas.values())
    for one in layout.spots.values():
        band = bands[areas[one.slug]]
        assert band.y + maps.HEADING <= one.y
        assert one.y + maps.HEIGHT <= band.y + band.height <= layout.height
        assert one.x >= 0
        assert one.x + maps.WIDTH <= layout.width


@given(libraries())
def test_bands_follow_one_another(library):
    bands = maps.lay_out(*library).bands
    assert all(upper.y + upper.height == lower.y for upper, lower in pairwise(bands))


@given(libraries(), st.randoms())
def test_the_map_does_not_depend_on_the_order_of_the_files(library, random):
    graph, areas = library
    shuffled = random.sample(list(graph), len(graph))
    assert maps.lay_out({slug: graph[slug] for slug in shuffled}, areas) == maps.lay_out(graph, areas)


@given(libraries())
def test_the_map_is_no_wider_than_the_longest_way(library):
    graph, areas = library
    longest = {}
    for slug in graph:  # in an order in which what is before comes first
        longest[slug] = 1 + max((longest[before] for before in graph[slug]), default=0)
    columns = max(longest.values(), default=1)
    assert maps.lay_out(graph, areas).width == 2 * maps.MARGIN + (columns - 1) * maps.COLUMN + maps.WIDTH


@given(libraries(), st.data())
def test_a_way_has_all_that_is_missing_in_an_order_that_holds(library, data):
    graph, _ = library
    if not graph:
        return
    goal = data.draw(st.sampled_from(list(graph)))
    known = data.draw(st.lists(st.sampled_from(list(graph)), max_size=3))
    steps, knows = maps.way(goal, graph, known), maps.before_all(known, graph)
    assert (steps[-1:] == (goal,)) == (goal not in knows)
    for i, slug in enumerate(steps):
        assert slug not in knows
        assert all(before in knows or before in steps[:i] for before in graph[slug])
    assert set(steps) <= maps.before_all([goal], graph)


GRAPH = {"a": (), "b": ("a",), "c": ("b",), "d": ("a", "c")}


def test_who_knows_a_topic_knows_what_came_before_it():
    assert maps.before_all(["c"], GRAPH) == {"a", "b", "c"}
    assert maps.way("d", GRAPH, ["c"]) == ("d",)
    assert maps.way("b", GRAPH, ["c"]) == ()


@pytest.mark.parametrize(
    ("written", "finished", "now"),
    [
        ("abcd", "", ["a"]),
        ("abcd", "a", ["b"]),
        ("acd", "a", ["c"]),  # b is being written and holds nobody up
        ("cd", "", ["c"]),
        ("acd", "", ["a"]),  # b is being written, but a is not finished
        ("abcd", "abcd", []),
    ],
)
def test_what_is_open_now(written, finished, now):
    assert maps.open_topics(GRAPH, written, finished) == now
