"""How long the pages take, on an empty database and beside thousands of learners with a year of work.

Everything is a multiple of an empty view of the same server in the same run.
"""

import json
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from http import HTTPStatus
from itertools import cycle
from time import perf_counter
from typing import Any

from bench import browser, databases, processes
from bench.site import PATH, Site, Visitor
from bench.timing import Sampler, interleave, summary

EMPTY = "empty view, logged out"
LANDING = "landing page, logged out"
PAGES = {  # as a learner sees them
    "home": "/home",
    "path": f"/paths/{PATH}",
    "plan": "/plan",
    "milestone": f"/paths/{PATH}/milestones/linear-algebra",
    "catalogue": "/",
    "lesson": "/topics/vectors-and-matrices",
    "practice": "/practice",
    "notes": "/journal",
    "map": "/map",
    "search": "/search?q=gradient+descent",
}
AFTER_A_CHANGE = "home, after a change"
SEARCH = "search, each keystroke"
TYPED = ("gradient descent", "softmax", "attention is", "matrix multiplication", "tokenizer")
CHANGE = "/topics/vectors-and-matrices/reading"
CLIENTS = 32
CROWDED = ("home", "path", "plan", "milestone", "lesson")
IDLE_SECONDS = 3


@dataclass(frozen=True)
class Size:
    """How much is measured: rounds of one client, visits of each of CLIENTS, learners in the database."""

    rounds: int
    visits: int
    learners: int


FULL, QUICK = Size(40, 4, 10_000), Size(8, 2, 200)


def measure(port: int, size: Size, say: Callable[[str], None]) -> dict[str, Any]:
    """Both databases. Raises RuntimeError for a page that does not answer 200."""
    found = {name: _database(name, port, size, say) for name in databases.ALL}
    return {"learners": size.learners, "clients": CLIENTS, "databases": found}


def _database(name: str, port: int, size: Size, say: Callable[[str], None]) -> dict[str, Any]:
    with databases.ALL[name]() as (empty, full):
        say(f"Pages on {name}: publishing, and filling a database with {size.learners:,} learners")
        for site in (empty, full):
            site.prepare()
        filled = full.ask("bench.population", "--learners", str(size.learners))
        return {"filled": filled, **_sites({"empty": empty, "full": full}, port, size, say)}


def _sites(sites: Mapping[str, Site], port: int, size: Size, say: Callable[[str], None]) -> dict[str, Any]:
    asked = {"path": PATH, "crowd": CLIENTS, "urls": PAGES}
    people = {name: site.ask("bench.visitors", json.dumps(asked)) for name, site in sites.items()}
    with ExitStack() as stack:
        ports = {name: port + number for number, name in enumerate(sites)}
        pids = {name: stack.enter_context(sites[name].served(ports[name])) for name in sites}
        time.sleep(IDLE_SECONDS)
        idle = {name: processes.proportional(pid) for name, pid in pids.items()}
        say("  one client")
        alone, sizes = _alone(ports, people, size.rounds)
        say(f"  {CLIENTS} clients")
        crowd = {name: _crowd(ports[name], people[name]["crowd"], size.visits) for name in sites}
        busy = {name: processes.proportional(pid) for name, pid in pids.items()}
        cold = browser.cold(f"http://127.0.0.1:{ports['empty']}{PAGES['lesson']}")
    return {
        "alone": {key: asdict(summary(samples)) for key, samples in alone.items()},
        "bytes": sizes,
        "queries": {f"{name}: {who}": counts for name, found in people.items()
                    for who, counts in found["queries"].items()},
        "stored": people["full"]["stored"],
        "crowd": crowd,
        "memory": {"idle": idle, "after": busy},
        "cold_lesson": cold,
    }  # fmt: skip


# --- one client


def _alone(
    ports: Mapping[str, int], people: Mapping[str, Any], rounds: int
) -> tuple[dict[str, list[float]], dict[str, int]]:
    """Seconds of each page by "site: person: page", in turns; and how many bytes each page sends."""
    samplers: dict[str, Sampler] = {}
    sizes: dict[str, int] = {}
    for name, found in people.items():
        stranger = Visitor(ports[name])
        samplers[f"{name}: {EMPTY}"] = _sampler(stranger, "/healthz")
        samplers[f"{name}: {LANDING}"] = _sampler(stranger, "/")
        samplers[f"{name}: {SEARCH}"] = _typing(stranger)
        for who, session in found["sessions"].items():
            visitor = Visitor(ports[name], session)
            for page, url in PAGES.items():
                sizes[f"{name}: {who}: {page}"] = _visit(visitor, url)[1]
                samplers[f"{name}: {who}: {page}"] = _sampler(visitor, url)
            samplers[f"{name}: {who}: {AFTER_A_CHANGE}"] = _changing(visitor)
    return interleave(samplers, dict.fromkeys(samplers, rounds)), sizes


def _sampler(visitor: Visitor, url: str) -> Sampler:
    return lambda: _visit(visitor, url)[0]


def _changing(visitor: Visitor) -> Sampler:
    """Home, when something was stored since it was last seen; storing it is not in the time."""

    def sample() -> float:
        visitor.put(CHANGE)
        return _visit(visitor, PAGES["home"])[0]

    return sample


def _typing(visitor: Visitor) -> Sampler:
    """What somebody who types is offered after each letter, from the second on."""
    typed = cycle(text[:length] for text in TYPED for length in range(2, len(text) + 1))
    return lambda: _visit(visitor, f"/search/suggestions?q={next(typed).replace(' ', '+')}")[0]


def _visit(visitor: Visitor, url: str) -> tuple[float, int]:
    """Seconds and bytes of one page."""
    began = perf_counter()
    body, status = visitor.get(url)
    seconds = perf_counter() - began
    if status != HTTPStatus.OK:
        raise RuntimeError(f"{url} answered {status}")
    return seconds, len(body)


# --- many clients


def _crowd(port: int, sessions: list[str], visits: int) -> dict[str, Any]:
    """Each session's client visits the pages over and over, all at once; seconds by page, and errors."""
    taken: dict[str, list[float]] = {page: [] for page in CROWDED}
    errors: list[str] = []
    start = threading.Barrier(len(sessions) + 1)
    threads = [
        threading.Thread(target=_client, args=(port, session, visits, start, taken, errors))
        for session in sessions
    ]
    for thread in threads:
        thread.start()
    start.wait()
    began = perf_counter()
    for thread in threads:
        thread.join()
    seconds = perf_counter() - began
    return {
        "pages": {page: asdict(summary(samples)) for page, samples in taken.items()},
        "errors": errors,
        "per_second": sum(map(len, taken.values())) / seconds,
    }


def _client(
    port: int,
    session: str,
    visits: int,
    start: threading.Barrier,
    taken: dict[str, list[float]],
    errors: list[str],
) -> None:
    visitor = Visitor(port, session)
    start.wait()
    for _ in range(visits):
        for page in CROWDED:
            try:
                taken[page].append(_visit(visitor, PAGES[page])[0])
            except (RuntimeError, OSError) as error:
                errors.append(str(error))
