"""How long the pages take, as multiples of an empty view of the same server in the same run."""

from collections.abc import Callable
from dataclasses import asdict
from http import HTTPStatus
from time import perf_counter
from typing import Any

from bench import site
from bench.timing import Sampler, interleave, summary

EMPTY = "empty, logged out"
PAGES = {  # address, and whether the demo learner asks or a stranger
    EMPTY: ("/healthz", False),
    "landing": ("/", False),
    "lesson": ("/topics/vectors-and-matrices", True),
    "home": ("/home", True),
    "path": (f"/paths/{site.PATH}", True),
    "exercise": ("/exercises/matrix-multiply", True),
}


def measure(port: int, rounds: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Seconds, bytes and queries of each page. Raises RuntimeError for a page that does not answer 200."""
    say("Pages: preparing the site")
    site.prepare()
    with site.served(port):
        say("Pages: in turns")
        samplers, sizes = _samplers(port)
        taken = interleave(samplers, dict.fromkeys(samplers, rounds))
    counted = site.queries(PAGES)
    pages = {name: {"bytes": sizes[name], "queries": counted[name]} for name in taken}
    return {"pages": {name: {**asdict(summary(taken[name])), **pages[name]} for name in taken}}


def _samplers(port: int) -> tuple[dict[str, Sampler], dict[str, int]]:
    """What to sample, and how many bytes each page sends."""
    stranger, learner = site.Visitor(port), site.learner(port)
    visits = {name: (learner if signed_in else stranger, url) for name, (url, signed_in) in PAGES.items()}
    sizes = {name: _visit(*visit)[1] for name, visit in visits.items()}
    return {name: _sampler(*visit) for name, visit in visits.items()}, sizes


def _sampler(visitor: site.Visitor, url: str) -> Sampler:
    return lambda: _visit(visitor, url)[0]


def _visit(visitor: site.Visitor, url: str) -> tuple[float, int]:
    """Seconds and bytes of one page."""
    began = perf_counter()
    body, status = visitor.get(url)
    seconds = perf_counter() - began
    if status != HTTPStatus.OK:
        raise RuntimeError(f"{url} answered {status}")
    return seconds, len(body)
