"""Where each topic lies on the map, and the way from what somebody knows to where they want to go.

Pure: a graph in, places out. ``prerequisites`` names, for each topic, the topics right before it; it has no
circle, because the loader refuses one. Columns are how far one has come: every topic lies to the right of
all that it builds on. Areas are bands, one below the other.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from statistics import fmean

Graph = Mapping[str, tuple[str, ...]]

WIDTH, HEIGHT = 176, 36  # of a topic, in pixels of the drawing
COLUMN, ROW = 216, 44  # from one topic to the next
MARGIN, HEADING = 14, 30  # around the bands, and the room of a band's name
SHIFT = 2  # columns by which a topic may move right to keep its band low


@dataclass(frozen=True)
class Spot:
    """A topic's place: its upper left corner."""

    slug: str
    x: int
    y: int


@dataclass(frozen=True)
class Band:
    """An area: a stretch of the map over its whole width."""

    area: str
    y: int
    height: int


@dataclass(frozen=True)
class Layout:
    """The whole map. ``bends`` are the lines from prerequisite to topic, as paths of SVG."""

    width: int
    height: int
    spots: Mapping[str, Spot]
    bands: tuple[Band, ...]
    bends: Mapping[tuple[str, str], str]


def lay_out(prerequisites: Graph, areas: Mapping[str, str]) -> Layout:
    """Place all topics; ``areas`` names the area of each. The same graph gives the same map."""
    order = list(
        TopologicalSorter({slug: prerequisites[slug] for slug in sorted(prerequisites)}).static_order()
    )
    columns = _columns(prerequisites, areas, order)
    rows = _rows(prerequisites, areas, columns)
    bands = tuple(_bands(areas, columns, rows))
    top = {band.area: band.y + HEADING for band in bands}
    spots = {
        slug: Spot(slug, MARGIN + columns[slug] * COLUMN, top[areas[slug]] + rows[slug] * ROW)
        for slug in order
    }
    return Layout(
        width=2 * MARGIN + max(columns.values(), default=0) * COLUMN + WIDTH,
        height=bands[-1].y + bands[-1].height if bands else 0,
        spots=spots,
        bands=bands,
        bends={
            (before, slug): _bend(spots[before], spots[slug])
            for slug in order
            for before in prerequisites[slug]
        },
    )


def _columns(prerequisites: Graph, areas: Mapping[str, str], order: list[str]) -> dict[str, int]:
    """One right of the last prerequisite, or a little further where the band is low and nothing minds."""
    after = _steps_after(prerequisites, order)
    last = max(after.values(), default=0)
    columns: dict[str, int] = {}
    taken: Counter[tuple[str, int]] = Counter()
    for slug in order:
        first = 1 + max((columns[before] for before in prerequisites[slug]), default=-1)
        free = range(first, min(first + SHIFT, last - after[slug]) + 1) or range(first, first + 1)
        columns[slug] = min(free, key=lambda column: (taken[areas[slug], column], column))
        taken[areas[slug], columns[slug]] += 1
    return columns


def _steps_after(prerequisites: Graph, order: list[str]) -> dict[str, int]:
    """The length of the longest way onward from each topic."""
    after = dict.fromkeys(order, 0)
    for slug in reversed(order):
        for before in prerequisites[slug]:
            after[before] = max(after[before], after[slug] + 1)
    return after


def _rows(prerequisites: Graph, areas: Mapping[str, str], columns: Mapping[str, int]) -> dict[str, int]:
    """The place of each topic in its band and column: near the rows of what it builds on in its area."""
    stacks: dict[tuple[int, str], list[str]] = defaultdict(list)
    for slug, column in columns.items():
        stacks[column, areas[slug]].append(slug)
    rows: dict[str, int] = {}
    for _, stack in sorted(stacks.items()):
        wished = {slug: _wished_row(slug, prerequisites, areas, rows) for slug in stack}
        rows |= {slug: row for row, slug in enumerate(sorted(stack, key=lambda slug: (wished[slug], slug)))}
    return rows


def _wished_row(slug: str, prerequisites: Graph, areas: Mapping[str, str], rows: Mapping[str, int]) -> float:
    near = [rows[before] for before in prerequisites[slug] if areas[before] == areas[slug]]
    return fmean(near) if near else 0.0


def _bands(areas: Mapping[str, str], columns: Mapping[str, int], rows: Mapping[str, int]) -> Iterator[Band]:
    """The areas, those that come early on the way first."""
    members: dict[str, list[str]] = defaultdict(list)
    for slug in columns:
        members[areas[slug]].append(slug)
    y = 0
    for area in sorted(members, key=lambda area: (fmean(columns[slug] for slug in members[area]), area)):
        height = HEADING + (1 + max(rows[slug] for slug in members[area])) * ROW
        yield Band(area, y, height)
        y += height


def _bend(start: Spot, end: Spot) -> str:
    x1, y1, x2, y2 = start.x + WIDTH, start.y + HEIGHT // 2, end.x, end.y + HEIGHT // 2
    reach = max((x2 - x1) // 2, 20)
    return f"M{x1} {y1}C{x1 + reach} {y1} {x2 - reach} {y2} {x2} {y2}"


# --- ways


def before_all(slugs: Iterable[str], prerequisites: Graph) -> frozenset[str]:
    """The topics and all that they build on: who knows one knows what came before it."""
    seen: set[str] = set()
    waiting = list(slugs)
    while waiting:
        slug = waiting.pop()
        if slug not in seen:
            seen.add(slug)
            waiting += prerequisites[slug]
    return frozenset(seen)


def way(goal: str, prerequisites: Graph, known: Collection[str]) -> tuple[str, ...]:
    """What to learn, in order, to get to the goal; empty where it is known. Nothing on it is left out."""
    needed = before_all([goal], prerequisites) - before_all(known, prerequisites)
    steps: dict[str, None] = {}

    def walk(slug: str) -> None:
        if slug in needed and slug not in steps:
            for before in prerequisites[slug]:
                walk(before)
            steps[slug] = None

    walk(goal)
    return tuple(steps)


def open_topics(prerequisites: Graph, written: Collection[str], finished: Collection[str]) -> list[str]:
    """What can be learnt now: written, not finished, and nothing written before it is left to do.

    A topic that is being written holds nobody up: what counts then is what it builds on.
    """
    clear: dict[str, bool] = {}
    for slug in TopologicalSorter(prerequisites).static_order():
        clear[slug] = all(
            before in finished or (before not in written and clear[before]) for before in prerequisites[slug]
        )
    return [slug for slug in prerequisites if slug in written and slug not in finished and clear[slug]]
