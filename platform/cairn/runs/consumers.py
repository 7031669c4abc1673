"""The WebSocket of one run: what was missed, then what comes. Reading only; pages send nothing."""

import asyncio
import json
import uuid
from typing import Any
from urllib.parse import parse_qs

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer

from cairn.runs import live, queries
from cairn.runs.live import Frame, Watcher
from cairn.runs.models import Run
from cairn.ui.errors import NotFound

NO_SUCH_RUN = 4404
ENDED = ("finished", "cancelled")


class RunConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]
    """``/ws/runs/<id>?after=<seq>``: frames ``{"events": [{"seq", "data"}], "state", "verdict"}``.

    Of a training run, frames may have ``"points": [{"seq", "name", "try", "steps", "values", "seconds"}]``.
    The first frame holds all stored events after ``seq``; where curves grew since then, it has
    ``"reload_after": seq``, and so has a frame for a client that is too slow: what follows that event is to
    be fetched. Closes with 4404 where the run is not the person's to see, with 1000 once the run has ended.
    """

    watcher: Watcher | None = None
    sender: "asyncio.Task[None] | None" = None

    async def connect(self) -> None:
        """Watch before reading, so that nothing falls between what is stored and what comes."""
        await self.accept()
        self.run_id: uuid.UUID = self.scope["url_route"]["kwargs"]["run_id"]
        self.last = _after(self.scope["query_string"])
        self.watcher = live.hub.watch(self.run_id)
        first = await self._missed()
        if first is None:
            await self.close(NO_SUCH_RUN)
        else:
            self.sender = asyncio.create_task(self._send_all(first))

    async def disconnect(self, code: int) -> None:
        """Leave the hub."""
        if self.sender:
            self.sender.cancel()
        if self.watcher:
            live.hub.leave(self.run_id, self.watcher)

    @database_sync_to_async  # type: ignore[untyped-decorator]
    def _missed(self) -> Frame | None:
        """The stored events after ``last`` and the run's state; None where it is not to be seen."""
        user = self.scope["user"]
        if not user.is_authenticated:
            return None
        try:
            run = queries.access_run(user, self.run_id)
        except NotFound:
            return None
        return _snapshot(run, self.last)

    async def _send_all(self, first: Frame) -> None:
        assert self.watcher  # noqa: S101 - connect made it
        frame = first
        while True:
            await self._send_news(frame)
            if frame["state"] in ENDED:
                await self.close(1000)
                return
            frame = await self.watcher.frames.get()

    async def _send_news(self, frame: Frame) -> None:
        """Send what is new in a frame. Frames may overlap what was read from the database."""
        news = [event for event in frame["events"] if event["seq"] > self.last]
        message: dict[str, Any] = frame | {"events": news}
        if self.watcher and self.watcher.take_lag():
            message["reload_after"] = self.last
        if news:
            self.last = news[-1]["seq"]
        await self.send(json.dumps(message))


def _snapshot(run: Run, after: int) -> Frame:
    # The state was read before the events, so the frame never claims an end whose events it lacks.
    frame = live.frame(run, queries.events_after(run.pk, after))
    return frame | {"reload_after": after} if run.last_stretch > after else frame


def _after(query_string: bytes) -> int:
    given = parse_qs(query_string.decode("latin-1")).get("after", ["0"])[0]
    return int(given) if given.isascii() and given.isdigit() and len(given) < 10 else 0
