"""From measurements to tables: one set of them, for the terminal and for docs/performance.md."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench import pages, publish
from bench.machine import OUT, ROOT
from bench.pages import EMPTY
from bench.workload import KINDS

DOCUMENT = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- begin: measured by `make bench` -->", "<!-- end -->"
_NONE = "-"
PARTS = ("grading", "pages", "publish", "live", "training")

P50_GOAL, P95_GOAL = 0.003, 0.010
RATE_GOAL = 80.0
PEER_GOAL = 150.0
PAGE_GOALS: dict[str, tuple[float, int]] = {
    "catalogue": (2.0, 2),
    "lesson": (6.0, 4),
    "home": (9.0, 4),
    pages.LANDING: (2.0, 2),
}
SCALE_GOAL = 2.0  # a full database beside an empty one
LOG_GOAL = 0.01  # of a small CNN's step
CURVE_GOAL = 0.1  # seconds, for a curve of a million points
MEMORY_GOAL = 120  # MB of an idle process
REQUEST_GOAL, WEIGHT_GOAL = 12, 120  # of a cold lesson page, fonts apart; the weight in kB


@dataclass(frozen=True)
class Sheet:
    """A titled table: the first column names, the others are figures already written out."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()


def save(part: str, measured: dict[str, Any]) -> Path:
    """Writes one part's measurements as JSON."""
    OUT.mkdir(parents=True, exist_ok=True)
    file = OUT / f"{part}.json"
    file.write_text(json.dumps(measured, indent=2) + "\n")
    return file


def last() -> dict[str, dict[str, Any]]:
    """What was measured last, by part."""
    files = {part: OUT / f"{part}.json" for part in PARTS}
    return {part: json.loads(file.read_text()) for part, file in files.items() if file.exists()}


def sheets(part: str, measured: dict[str, Any]) -> list[Sheet]:
    """The tables of one part."""
    return list(_SHEETS[part](measured))


def show(part: str, measured: dict[str, Any], console: Console) -> None:
    """Prints the tables of one part."""
    for sheet in sheets(part, measured):
        table = Table(title=sheet.title, title_justify="left")
        for index, column in enumerate(sheet.columns):
            table.add_column(column, justify="right" if index else "left")
        for row in sheet.rows:
            table.add_row(*row)
        console.print(table)
        for note in sheet.notes:
            console.print(note, markup=False, highlight=False)


def write_document(measured: dict[str, dict[str, Any]], document: Path = DOCUMENT) -> None:
    """Puts the tables between the markers of the document. Raises ValueError if it lacks them."""
    text = document.read_text()
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{document} lacks the lines {BEGIN} and {END}")
    tables = [_markdown(sheet) for part, found in measured.items() for sheet in sheets(part, found)]
    body = "\n\n".join([*(_circumstances(part, found) for part, found in measured.items()), *tables])
    document.write_text(f"{before}{BEGIN}\n{body}\n{END}{after}")


def _markdown(sheet: Sheet) -> str:
    lines = [
        sheet.columns,
        tuple("---:" if index else "---" for index in range(len(sheet.columns))),
        *sheet.rows,
    ]
    table = [f"| {' | '.join(line)} |" for line in lines]
    return "\n".join([f"**{sheet.title}**", "", *table, *(f"\n{note}" for note in sheet.notes)])


def _circumstances(part: str, measured: dict[str, Any]) -> str:
    facts = measured["machine"]
    short = ", few repetitions (`--quick`)" if measured["quick"] else ""
    return (
        f"{part.capitalize()}: {facts['at'][:10]}, {facts['cores']} cores of {facts['cores_of_machine']}, "
        f"{facts['memory_gb']:g} GB, {facts['system']}, Python {facts['python']}, PyTorch {facts['torch']}; "
        f"load before the start {facts['load_before']:g}{short}."
    )


# Grading


def _grading(measured: dict[str, Any]) -> Iterator[Sheet]:
    latency: dict[str, Any] = measured["latency"]
    ours = list(measured["backends"])
    yield Sheet(
        "Grading one submission of five hidden calls: p50 in ms",
        ("way", *KINDS),
        tuple((name, *(_way(latency[kind], name) for kind in KINDS)) for name in _ways(latency)),
        tuple(_absences(measured)),
    )
    yield Sheet(
        "Cairn above the learner's own code: p50 and p95 in ms",
        ("backend", *(f"{kind} {share}" for kind in KINDS for share in ("p50", "p95"))),
        (*((name, *_overheads(latency, name)) for name in ours), _overhead_goals()),
    )
    yield Sheet(
        "How many times as long as Cairn each peer takes (p50; the learner's code included)",
        ("peer beside backend", *KINDS),
        tuple(_times(latency, ours)),
    )
    yield Sheet(
        "Two cores: submissions a second, and processor time of each in ms",
        ("way", *(f"{kind} {what}" for kind in KINDS for what in ("a second", "ms"))),
        (*_rates(measured), ("goal", "", "", "", "", f"over {RATE_GOAL:g}", "")),
    )
    yield Sheet(
        "Memory in MB: held while nothing runs, and for each of four running jobs",
        ("backend", *(f"{kind} {what}" for kind in KINDS for what in ("waiting", "running"))),
        tuple((name, *_memory(found["memory"])) for name, found in measured["backends"].items()),
    )
    yield Sheet(
        "One call over the pipe, there and back: p50 in µs",
        ("backend", "a small number", "1 MB of numbers"),
        tuple((name, *(f"{found['call'][what] * 1e6:,.0f}" for what in ("small", "array")))
              for name, found in measured["backends"].items()),
    )  # fmt: skip


def _ways(latency: dict[str, Any]) -> list[str]:
    """All ways that were tried for any kind: own first, then ours, then peers, then those absent."""
    tried = dict.fromkeys(name for found in latency.values() for name in (*found["ways"], *found["absent"]))
    return list(tried)


def _way(found: dict[str, Any], name: str) -> str:
    if name in found["ways"]:
        return _ms(found["ways"][name]["p50"])
    return "absent"


def _absences(measured: dict[str, Any]) -> Iterator[str]:
    """Why ways are missing from the table."""
    reasons = [found["absent"] for found in measured["latency"].values()] + [measured["refused"]]
    for name, why in {name: why for absent in reasons for name, why in absent.items()}.items():
        yield f"Absent, {name}: {' '.join(why.replace(f'{ROOT}/', '').split())}"


def _overheads(latency: dict[str, Any], name: str) -> Iterator[str]:
    for kind in KINDS:
        for share in ("p50", "p95"):
            yield _ms(latency[kind]["above_own"][name][share])


def _overhead_goals() -> tuple[str, ...]:
    return ("goal", *(f"≤ {goal * 1000:g}" for _ in KINDS for goal in (P50_GOAL, P95_GOAL)))


def _times(latency: dict[str, Any], ours: list[str]) -> Iterator[tuple[str, ...]]:
    for backend in ours:
        for peer in dict.fromkeys(peer for found in latency.values() for peer in found["peers"]):
            yield (f"{peer} / {backend}", *(_ratio(latency[kind]["ways"], peer, backend) for kind in KINDS))
        yield (f"goal: best peer / {backend}", "", "", f"≥ {PEER_GOAL:g}")


def _ratio(ways: dict[str, Any], over: str, under: str) -> str:
    return f"{ways[over]['p50'] / ways[under]['p50']:,.1f}" if over in ways and under in ways else _NONE


def _rates(measured: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    found = {name: backend["throughput"] for name, backend in measured["backends"].items()}
    for name, rates in (found | measured["cold_throughput"]).items():
        cells = [_rate(rates[kind]) if kind in rates else (_NONE, _NONE) for kind in KINDS]
        yield (name, *(text for cell in cells for text in cell))


def _rate(rate: dict[str, float]) -> tuple[str, str]:
    return f"{rate['per_second']:,.1f}", _ms(rate["cpu_seconds"])


def _memory(memory: dict[str, Any]) -> Iterator[str]:
    for kind in KINDS:
        for what in ("idle_bytes", "running_bytes"):
            yield f"{memory[kind][what] / 2**20:,.0f}" if what in memory[kind] else "unknown"


# Pages and publishing


def _pages(measured: dict[str, Any]) -> Iterator[Sheet]:
    for name, found in measured["databases"].items():
        yield _alone(name, found)
        yield _crowd(name, found, measured["clients"])
    yield _footprint(measured["databases"])


def _alone(database: str, found: dict[str, Any]) -> Sheet:
    """Each page for each kind of person, as multiples of the empty view of the same server."""
    filled = found["filled"]
    people = [key.removeprefix("full: ") for key in found["queries"] if key.startswith("full: ")]
    rows = [_signed_in(page, found, people) for page in (*pages.PAGES, pages.AFTER_A_CHANGE)]
    rows += [_signed_out(page, found, people) for page in (pages.LANDING, pages.SEARCH)]
    stored = ", ".join(f"{name} {rows:,}" for name, rows in found["stored"].items())
    return Sheet(
        f"Pages on {database}: p50 of one client as a multiple of an empty logged-out view "
        f"({_ms(found['alone'][f'full: {EMPTY}']['p50'])} ms)",
        ("page", "empty database", *people, "goal", "median / empty", "busiest / empty", "goal",
         "queries, then kept", "goal", "p50 ms", "p95 ms", "kB sent"),
        tuple(rows),
        (f"The full database holds {filled['learners']:,} learners with {filled['events']:,} events in "
         f"{filled['rows']:,} rows, written in {filled['seconds']:,.0f} s. Rows of each visitor: {stored}.",),
    )  # fmt: skip


def _signed_in(page: str, found: dict[str, Any], people: list[str]) -> tuple[str, ...]:
    alone = found["alone"]
    empty = _times_empty(alone, "empty", f"newcomer: {page}")
    full = [_times_empty(alone, "full", f"{who}: {page}") for who in people]
    goal, most = PAGE_GOALS.get(page, (None, None))
    middle = alone[f"full: {people[1]}: {page}"]
    size = found["bytes"].get(f"full: {people[1]}: {page}")
    return (
        page,
        f"{empty:.1f}",
        *(f"{times:.1f}" for times in full),
        f"≤ {goal:g}" if goal else "",
        f"{full[1] / empty:.2f}",
        f"{full[2] / empty:.2f}",
        f"≤ {SCALE_GOAL:g}",
        _queries(page, found["queries"]),
        f"≤ {most}" if most else "",
        _ms(middle["p50"]),
        _ms(middle["p95"]),
        f"{size / 1000:,.0f}" if size else "",
    )


def _signed_out(page: str, found: dict[str, Any], people: list[str]) -> tuple[str, ...]:
    alone = found["alone"]
    empty, full = (_times_empty(alone, site, page) for site in ("empty", "full"))
    goal, _ = PAGE_GOALS.get(page, (None, None))
    times, taken = f"{full / empty:.2f}", alone[f"full: {page}"]
    return (page, f"{empty:.1f}", f"{full:.1f}", *("",) * (len(people) - 1), f"≤ {goal:g}" if goal else "",
            times, times, f"≤ {SCALE_GOAL:g}", "", "", _ms(taken["p50"]), _ms(taken["p95"]), "")  # fmt: skip


def _times_empty(alone: dict[str, Any], site: str, page: str) -> float:
    return float(alone[f"{site}: {page}"]["p50"] / alone[f"{site}: {EMPTY}"]["p50"])


def _queries(page: str, counted: dict[str, Any]) -> str:
    """The queries of a first visit and of the next; as a range where they are not the same for everybody."""
    if page not in pages.PAGES:
        return ""
    visits = zip(*(counts[page] for counts in counted.values()), strict=True)
    return ", ".join("-".join(map(str, sorted({min(each), max(each)}))) for each in visits)


def _crowd(database: str, found: dict[str, Any], clients: int) -> Sheet:
    empty, full = found["crowd"]["empty"], found["crowd"]["full"]
    return Sheet(
        f"{clients} clients at once on {database}: ms, each client another learner",
        ("page", "empty p50", "empty p95", "full p50", "full p95", "full / empty", "goal"),
        tuple(
            (page, *(_ms(site["pages"][page][share]) for site in (empty, full) for share in ("p50", "p95")),
             f"{full['pages'][page]['p50'] / empty['pages'][page]['p50']:.2f}", f"≤ {SCALE_GOAL:g}")
            for page in full["pages"]
        ),
        (f"Pages a second: {empty['per_second']:.0f} empty, {full['per_second']:.0f} full. "
         f"Errors: {len(empty['errors'])} and {len(full['errors'])}.",),
    )  # fmt: skip


def _footprint(found: dict[str, Any]) -> Sheet:
    """Memory of the serving process, and a first visit in a browser."""
    rows = [
        (f"memory on {name}, {when}, MB", f"{one['memory'][key]['full'] / 2**20:,.0f}",
         f"< {MEMORY_GOAL}" if key == "idle" else "")
        for name, one in found.items()
        for key, when in (("idle", "idle"), ("after", "after the measurement"))
    ]  # fmt: skip
    cold = next(iter(found.values()))["cold_lesson"]
    if "absent" in cold:
        rows.append(("a cold lesson page", f"not measured: {cold['absent']}", ""))
    else:
        rows += [
            ("a cold lesson page: requests without fonts", str(cold["requests"]), f"≤ {REQUEST_GOAL}"),
            ("a cold lesson page: kB without fonts", f"{cold['bytes'] / 1000:,.0f}", f"≤ {WEIGHT_GOAL}"),
            ("its fonts: requests and kB", f"{cold['fonts']}, {cold['font_bytes'] / 1000:,.0f}", ""),
        ]
    return Sheet("What serving takes", ("what", "measured", "goal"), tuple(rows))


def _publish(measured: dict[str, Any]) -> Iterator[Sheet]:
    commands: dict[str, Any] = measured["commands"]
    start = commands[publish.START]["p50"]
    yield Sheet(
        "Curriculum commands: p50 in seconds, and as a multiple of starting the command line alone",
        ("command", "seconds", "times"),
        tuple(
            (name, f"{found['p50']:.2f}", f"{found['p50'] / start:.1f}") for name, found in commands.items()
        ),
    )


def _live(measured: dict[str, Any]) -> Iterator[Sheet]:
    for name, found in measured["databases"].items():
        rate = found["rate"]
        yield Sheet(
            f"A logged number, from the node to those who watch, on {name}: ms",
            ("watching", "to a socket: p50", "p95", "to the pixel: p50", "p95", "skipped for slow watchers"),
            tuple((crowd, _ms(one["p50"]), _ms(one["p95"]), *_drawn(one.get("drawn")), f"{one['missed']:.0%}")
                  for crowd, one in found["delays"].items()),
            (f"One node and one web process sustain {rate['events']:,.0f} messages a second, with "
             f"{rate['points']:,.0f} points.",),
        )  # fmt: skip
        goal = f"< {CURVE_GOAL * 1000:g}"
        yield Sheet(
            f"{measured['asked']:,} points of a curve of {measured['long']:,}, on {name}: ms",
            ("what is asked for", "p50", "p95", "goal"),
            tuple((part, _ms(one["p50"]), _ms(one["p95"]), goal) for part, one in found["reads"].items()),
        )


def _drawn(one: dict[str, Any] | None) -> tuple[str, str]:
    """To the pixel; or why that is not known, such as a browser that could not be had."""
    if one is None or "absent" in one:
        return ("not measured" if one is None else one["absent"]), ""
    return _ms(one["p50"]), _ms(one["p95"])


def _training(measured: dict[str, Any]) -> Iterator[Sheet]:
    logging = measured["logging"]
    yield Sheet(
        "A training that is watched",
        ("one step of a small CNN, ms", "logging three numbers, µs", "share of the time", "goal"),
        (
            (
                _ms(logging["step_p50"]),
                f"{logging['log_p50'] * 1e6:.0f}",
                f"{logging['share']:.2%}",
                f"< {LOG_GOAL:.0%}",
            ),
        ),
    )
    yield Sheet(
        "A training that stops and goes on: seconds",
        ("what", "p50", "worst"),
        tuple(
            (what, f"{one['p50']:.2f}", f"{one['worst']:.2f}") for what, one in measured["seconds"].items()
        ),
    )


def _ms(seconds: float) -> str:
    milliseconds = seconds * 1000
    return f"{milliseconds:,.0f}" if abs(milliseconds) >= 100 else f"{milliseconds:.1f}"


_SHEETS: dict[str, Callable[[dict[str, Any]], Iterator[Sheet]]] = {
    "grading": _grading,
    "pages": _pages,
    "publish": _publish,
    "live": _live,
    "training": _training,
}
