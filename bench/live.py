"""How soon a logged number is where people watch, how many a site takes, and what a long curve costs to read.

One process plays the node, over the same HTTP as a real one, and in turn all browsers but one, over real
sockets on loopback: their own time is in the figures. One is Chromium with the run's page open. Delays run
from the message leaving the node to a socket having it, and to Chromium having drawn it; before that a node
collects points for up to 250 ms.
"""

import asyncio
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import websockets

from bench import browser, databases
from bench.machine import OUT
from bench.site import Site
from bench.timing import summary
from tests import services

CROWDS = (1, 100, 1000)
POINTS_A_MESSAGE = 50
MESSAGES_A_BATCH = 20
LONG, ASKED = 1_000_000, 1000
WINDOWS: dict[str, dict[str, int]] = {
    "the whole": {},
    "a tenth": {"from": 400_000, "to": 500_000},
    "a thousandth": {"from": 400_000, "to": 401_000},
}
BETWEEN = 0.25  # seconds between two messages of a node, as it collects points


@dataclass(frozen=True)
class Size:
    """How many messages each crowd watches, for how long a node sends without pause, and reads of a curve."""

    messages: int
    seconds: float
    reads: int


FULL, QUICK = Size(80, 10.0, 40), Size(12, 3.0, 8)


def measure(port: int, size: Size, say: Callable[[str], None]) -> dict[str, Any]:
    """SQLite with the site alone, PostgreSQL with Redis. Raises RuntimeError for a message not taken."""
    found = {}
    OUT.mkdir(parents=True, exist_ok=True)
    for name, made in {databases.SQLITE: _sqlite, databases.POSTGRESQL: _postgresql}.items():
        with made() as site:
            say(f"Watching on {name}")
            found[name] = _site(site, port, size, say)
    return {"databases": found, "asked": ASKED, "long": LONG}


@contextmanager
def _sqlite() -> Iterator[Site]:
    with TemporaryDirectory(dir=OUT) as home:
        yield Site(Path(home))


@contextmanager
def _postgresql() -> Iterator[Site]:
    with TemporaryDirectory(dir=OUT) as home, services.postgresql() as url, services.redis() as redis_url:
        yield Site(Path(home), url, redis_url)


def _site(site: Site, port: int, size: Size, say: Callable[[str], None]) -> dict[str, Any]:
    for arguments in (("migrate",), ("collectstatic", "--no-input")):
        site.manage(*arguments)
    delays = {}
    with site.served(port):
        for crowd in CROWDS:
            say(f"  {crowd} watching")
            node = Node(port, site.ask("bench.watched"))
            watched = asyncio.run(_watched(node, crowd, size.messages))
            delays[str(crowd)] = watched.told()
            node.report()
        say("  one node that sends without pause")
        node = Node(port, site.ask("bench.watched"))
        rate = node.flood(size.seconds)
        say(f"  a curve of {LONG:,} points")
        node.fill(LONG)
        reads = {name: asdict(summary(node.reads(window, size.reads))) for name, window in WINDOWS.items()}
        node.report()
    return {"delays": delays, "rate": rate, "reads": reads}


class Node:
    """A node that holds one training run and sends what it is told to."""

    def __init__(self, port: int, watched: dict[str, str]) -> None:
        self.address, self.watched = f"127.0.0.1:{port}", watched
        self._client = httpx.Client(base_url=f"http://{self.address}", timeout=60)
        ask = {"queue": "train-cpu", "ticket": watched["ticket"], "node": "bench"}
        claim = self._client.post("/api/node/claim", json=ask).json()
        if claim["job"]["id"] != watched["run"]:
            raise RuntimeError("another run was waiting")
        self._place = f"/api/node/jobs/{watched['run']}"
        self._headers = {"Authorization": f"Bearer {claim['token']}"}
        self._sent = self._step = 0

    def send(self, messages: int = 1, points: int = POINTS_A_MESSAGE) -> None:
        """Post one batch. Raises RuntimeError where the site refuses it."""
        events = [self._points(points) for _ in range(messages)]
        body = {"first": self._sent, "events": events}
        answer = self._client.post(f"{self._place}/events", json=body, headers=self._headers)
        if answer.status_code != httpx.codes.OK:
            raise RuntimeError(f"the site answered {answer.status_code}: {answer.text[:300]}")
        self._sent += messages

    def _points(self, count: int) -> dict[str, Any]:
        steps = list(range(self._step, self._step + count))
        self._step += count
        values, seconds = [1 / (1 + step) for step in steps], [step / 100 for step in steps]
        return {"kind": "points", "name": "loss", "steps": steps, "values": values, "seconds": seconds}

    def flood(self, seconds: float) -> dict[str, float]:
        """Messages and points a second that one node gets taken, one batch after the other."""
        began, first = time.perf_counter(), self._sent
        while (passed := time.perf_counter() - began) < seconds:
            self.send(MESSAGES_A_BATCH)
        events = (self._sent - first) / passed
        return {"events": events, "points": events * POINTS_A_MESSAGE}

    def fill(self, points: int) -> None:
        """Let the curve have so many points."""
        while self._step < points:
            self.send(points=min(10_000, points - self._step))

    def reads(self, window: dict[str, int], count: int) -> list[float]:
        """Seconds of so many requests for the curve."""
        cookies = {"sessionid": self.watched["session"]}
        taken = []
        for _ in range(count + 1):  # the first is not measured
            began = time.perf_counter()
            answer = self._client.get(
                f"/runs/{self.watched['run']}/curves",
                params={"names": "loss", "points": ASKED, **window},
                cookies=cookies,
            )
            taken.append(time.perf_counter() - began)
            if answer.status_code != httpx.codes.OK or not answer.json()["curves"]["loss"]["tries"]:
                raise RuntimeError(f"no curve: {answer.status_code}")
        return taken[1:]

    def report(self) -> None:
        """End the run."""
        body = {"job_id": self.watched["run"], "status": "passed"}
        self._client.post(f"{self._place}/report", json=body, headers=self._headers)


@dataclass(frozen=True)
class Watched:
    """Seconds from each message leaving to each socket having it, and to Chromium having drawn it."""

    sockets: list[float]
    missed: float
    drawn: list[float]
    absent: str  # why there was no Chromium

    def told(self) -> dict[str, Any]:
        """For the report."""
        drawn = {"absent": self.absent} if self.absent else asdict(summary(self.drawn))
        return asdict(summary(self.sockets)) | {"missed": self.missed, "drawn": drawn}


async def _watched(node: Node, crowd: int, messages: int) -> Watched:
    """One browser and sockets besides, ``crowd`` in all; with a crowd of one there is a socket too."""
    absent = browser.missing()
    node.send()  # so that there is a chart; not measured
    async with AsyncExitStack() as stack:
        page = None if absent else await stack.enter_async_context(_page(node))
        count = crowd if page is None else max(1, crowd - 1)
        sockets = [await stack.enter_async_context(_socket(node)) for _ in range(count)]
        left: dict[int, float] = {}
        sender = threading.Thread(target=_send, args=(node, messages, left))
        watching = [asyncio.create_task(_arrivals(socket, messages)) for socket in sockets]
        await asyncio.sleep(0.5)
        sender.start()
        arrived = await asyncio.gather(*watching)
        sender.join()
        drawn = await _drawings(page, messages) if page else {}
    taken = [at - left[message] for one in arrived for message, at in one.items()]
    missed = 1 - len(taken) / (count * messages)
    return Watched(taken, missed, [at - left[message] for message, at in drawn.items()], absent)


def _page(node: Node) -> Any:
    return browser.drawing(f"http://{node.address}/runs/{node.watched['run']}", node.watched["session"])


def _socket(node: Node) -> Any:
    headers = {"Cookie": f"sessionid={node.watched['session']}", "Origin": f"http://{node.address}"}
    address = f"ws://{node.address}/ws/runs/{node.watched['run']}"
    return websockets.connect(address, additional_headers=headers, compression=None, max_size=2**24)


def _send(node: Node, messages: int, left: dict[int, float]) -> None:
    """Send messages 1 to ``messages``, and note when each left."""
    for message in range(1, messages + 1):
        left[message] = time.time()
        node.send()
        time.sleep(max(0.0, left[message] + BETWEEN - time.time()))


async def _drawings(so_far: browser.Drawings, messages: int) -> dict[int, float]:
    """When each message was drawn. Raises TimeoutError if the last one is not, for a minute."""
    until = time.time() + 60
    while messages not in (found := first_drawn(await so_far(), messages)):
        if time.time() > until:
            raise TimeoutError("Chromium did not draw the last message.")
        await asyncio.sleep(0.1)
    return found


def first_drawn(drawings: list[tuple[float, str]], messages: int) -> dict[int, float]:
    """When each message was drawn first, by its number; one frame may draw several.

    ``drawings`` are times and what the chart said then, ``loss from 1 to 0.02, …``: its newest value is that
    of the newest message's last point.
    """
    found: dict[int, float] = {}
    for at, said in drawings:
        newest = re.search(r" to ([\d.e-]+),", said)
        shown = round(1 / float(newest[1]) / POINTS_A_MESSAGE) - 1 if newest else 0
        for message in range(1, min(shown, messages) + 1):
            found.setdefault(message, at)
    return found


async def _arrivals(socket: Any, messages: int) -> dict[int, float]:
    """When each message came, by its number, until the last one has.

    A watcher that is too slow for its site is spared old news, so some may never come. Raises TimeoutError if
    nothing comes for a minute.
    """
    came: dict[int, float] = {}
    while messages not in came:
        frame = json.loads(await asyncio.wait_for(socket.recv(), 60))
        for points in frame.get("points", ()):
            came[points["steps"][0] // POINTS_A_MESSAGE] = time.time()
    return came
