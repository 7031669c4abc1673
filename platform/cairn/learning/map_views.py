"""The map of all topics: where a learner is, what is open to them, and the way to where they want to go."""

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from cairn.catalog import map as maps
from cairn.catalog.library import Library, TopicEntry
from cairn.catalog.queries import library
from cairn.learning import counting, queries
from cairn.learning.access import learner
from cairn.learning.progress import Record, topic_activities

LINE = 24  # letters of a title that fit a line on the map
COLOURS = 6
MOST_OPEN = 8


@dataclass(frozen=True)
class Area:
    """A band of the map, with its topics in reading order. Its name stands at ``x``, over the first."""

    name: str
    band: maps.Band
    x: int
    colour: int
    topics: tuple[TopicEntry, ...]


@dataclass(frozen=True)
class Drawing:
    """The map of one release, without anybody's progress; ``faces`` is what stands on each topic."""

    graph: maps.Graph
    layout: maps.Layout
    areas: tuple[Area, ...]
    faces: Mapping[str, SafeString]
    options: SafeString
    listing: SafeString


@dataclass(frozen=True)
class Placed:
    """A topic on the map as somebody sees it. ``state`` is done, open, written or writing."""

    topic: TopicEntry
    state: str
    spot: maps.Spot
    face: SafeString
    colour: int
    step: int = 0  # its place on the way, from 1; 0: not on it
    goal: bool = False


@require_safe
def topic_map(request: HttpRequest) -> HttpResponse:
    """The whole map; ``to`` asks for the way to a topic, ``from`` names one that is known already."""
    books, user = library(), learner(request)
    drawing = drawing_of(books)
    goal, known = (books.topics.get(request.GET.get(name, "")) for name in ("to", "from"))
    record = queries.record_of(user, decisions=False)
    finished = {slug for slug in books.topics if is_finished(books.topics[slug], books, record)}
    knows = finished | ({known.slug} if known else set())
    steps = maps.way(goal.slug, drawing.graph, knows) if goal else ()
    placed = {one.topic.slug: one for one in _placed(books, drawing, finished, steps, goal)}
    context: dict[str, Any] = {
        "drawing": drawing,
        "placed": placed,
        "goal": goal,
        "known": known,
        "unknown": [
            request.GET[name]
            for name in ("to", "from")
            if request.GET.get(name, "") not in ("", *books.topics)
        ],
        "steps": [placed[slug] for slug in steps],
        "bends": _bends(drawing, steps),
        "finished": len(finished),
        "how": counting.TOPIC,
        "open": [one for one in placed.values() if one.state == "open"][:MOST_OPEN],
    }
    context |= _length(context["steps"])
    return render(request, "learning/map.html", context)


def is_finished(topic: TopicEntry, books: Library, record: Record) -> bool:
    """Whether everything of a written topic is done."""
    return topic.written and all(one.done for one in topic_activities(topic, books, record))


@lru_cache(maxsize=2)
def drawing_of(books: Library) -> Drawing:
    """Laid out once for a release, and what is the same for everybody is written once."""
    graph = {slug: topic.content.prerequisites for slug, topic in books.topics.items()}
    layout = maps.lay_out(graph, {slug: topic.area for slug, topic in books.topics.items()})
    areas = tuple(_area(books, layout, band, i) for i, band in enumerate(layout.bands))
    return Drawing(
        graph,
        layout,
        areas,
        faces={slug: _face(topic.content.title) for slug, topic in books.topics.items()},
        options=render_to_string("learning/_map_options.html", {"areas": areas}),
        listing=render_to_string("learning/_map_list.html", {"areas": areas}),
    )


def _area(books: Library, layout: maps.Layout, band: maps.Band, i: int) -> Area:
    topics = [topic for topic in books.topics.values() if topic.area == band.area]
    topics.sort(key=lambda topic: (layout.spots[topic.slug].x, layout.spots[topic.slug].y))
    return Area(topics[0].area_name, band, layout.spots[topics[0].slug].x, i % COLOURS, tuple(topics))


def _face(title: str) -> SafeString:
    """The title on one line in the middle, or on two around it."""
    lines = _broken(title)
    first = 22 if len(lines) == 1 else 15
    return format_html_join(
        " ", '<tspan x="13" y="{}">{}</tspan>', ((first + 14 * i, line) for i, line in enumerate(lines))
    )


def _broken(title: str) -> list[str]:
    lines = textwrap.wrap(title, LINE)
    return (
        lines if len(lines) < 3 else [lines[0], textwrap.shorten(" ".join(lines[1:]), LINE, placeholder="…")]
    )


def _placed(
    books: Library, drawing: Drawing, finished: set[str], steps: tuple[str, ...], goal: TopicEntry | None
) -> list[Placed]:
    written = {slug for slug, topic in books.topics.items() if topic.written}
    now = set(maps.open_topics(drawing.graph, written, finished))
    number = {slug: i + 1 for i, slug in enumerate(steps)}

    def state(slug: str) -> str:
        if slug in finished:
            return "done"
        if slug in now:
            return "open"
        return "written" if slug in written else "writing"

    return [
        Placed(
            topic,
            state(topic.slug),
            drawing.layout.spots[topic.slug],
            drawing.faces[topic.slug],
            area.colour,
            number.get(topic.slug, 0),
            topic is goal,
        )
        for area in drawing.areas
        for topic in area.topics
    ]


def _bends(drawing: Drawing, steps: tuple[str, ...]) -> dict[str, str]:
    """All lines as one path, and those that the way goes along as another, to lie on top."""
    bends, on_way = drawing.layout.bends, set(steps)
    return {
        "all": "".join(bends.values()),
        "way": "".join(path for ends, path in bends.items() if on_way.issuperset(ends)),
    }


def _length(steps: list[Placed]) -> dict[str, Any]:
    """How long the way is, and how much of it is written."""
    return {
        "minutes": sum(one.topic.content.minutes for one in steps),
        "written_steps": sum(one.topic.written for one in steps),
    }
