"""News of runs, to whoever watches: one hub in each web process.

A watcher is a bounded queue that one WebSocket empties. Verbs publish from page threads; the hub hands over
to the event loop. With Redis, frames travel through one channel and each web process holds one subscription
that feeds its hub; without, the process is alone and feeds itself. Nothing here is kept: what a watcher
misses is in the database.
"""

import asyncio
import json
import logging
import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import redis
import redis.asyncio
from django.conf import settings

from cairn.runs.models import Run

CHANNEL = "cairn.runs.live"
BACKLOG = 64  # frames a watcher may lag behind before it is told to read the stored events
_log = logging.getLogger(__name__)

Frame = dict[str, Any]


def frame(run: Run, events: list[dict[str, Any]], points: list[dict[str, Any]] | None = None) -> Frame:
    """What a page learns: new events and stretches of curves, and the run's state and verdict after them."""
    news = {"events": events, "state": str(run.state), "verdict": str(run.verdict)}
    return news | {"points": points} if points else news


@dataclass(eq=False)
class Watcher:
    """One client's bounded queue. ``lagged`` says that frames were dropped since the last one taken."""

    frames: asyncio.Queue[Frame] = field(default_factory=lambda: asyncio.Queue(BACKLOG))
    lagged: bool = False

    def offer(self, news: Frame) -> None:
        """Queue a frame; where the client is too slow, keep only the newest."""
        if self.frames.full():
            self.lagged = True
            while not self.frames.empty():
                self.frames.get_nowait()
        self.frames.put_nowait(news)

    def take_lag(self) -> bool:
        """Whether frames were dropped since this was last asked."""
        lagged, self.lagged = self.lagged, False
        return lagged


class Hub:
    """Who watches which run in this process.

    Watchers live on one event loop; ``publish`` may come from any thread.
    """

    def __init__(self) -> None:
        self._watchers: dict[uuid.UUID, set[Watcher]] = defaultdict(set)
        self._loop: asyncio.AbstractEventLoop | None = None

    def watch(self, run_id: uuid.UUID) -> Watcher:
        """Start watching, from a coroutine. Pair with ``leave``."""
        self._loop = asyncio.get_running_loop()
        watcher = Watcher()
        self._watchers[run_id].add(watcher)
        return watcher

    def leave(self, run_id: uuid.UUID, watcher: Watcher) -> None:
        """Stop watching."""
        watchers = self._watchers.get(run_id, set())
        watchers.discard(watcher)
        if not watchers:
            self._watchers.pop(run_id, None)

    def publish(self, run_id: uuid.UUID, news: Frame) -> None:
        """Hand a frame to every watcher of this run in this process."""
        if run_id in self._watchers and self._loop and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._deliver, run_id, news)

    def _deliver(self, run_id: uuid.UUID, news: Frame) -> None:
        for watcher in self._watchers.get(run_id, ()):
            watcher.offer(news)


hub = Hub()


def publish(run_id: uuid.UUID, news: Frame) -> None:
    """Tell every watcher of this run, in whichever web process. Never raises: pages also poll."""
    if not settings.REDIS_URL:
        hub.publish(run_id, news)
        return
    try:
        _redis().publish(CHANNEL, json.dumps({"run": str(run_id), "frame": news}))
    except redis.RedisError:
        _log.warning("Redis took no news of run %s; its pages will poll.", run_id)


@cache
def _redis() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)


async def subscribe() -> None:
    """Feed the hub from Redis until cancelled, through any number of lost connections."""
    while True:
        try:
            await _feed()
        except (redis.RedisError, OSError):
            _log.warning("Lost the subscription to news of runs; trying again.")
        await asyncio.sleep(1)


async def _feed() -> None:
    async with redis.asyncio.Redis.from_url(settings.REDIS_URL) as connection, connection.pubsub() as news:
        await news.subscribe(CHANNEL)
        async for message in news.listen():
            if message["type"] == "message":
                said = json.loads(message["data"])
                hub.publish(uuid.UUID(said["run"]), said["frame"])
