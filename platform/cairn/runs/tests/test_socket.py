"""The live socket: what was missed, then what comes, to those who may see it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from channels.routing import URLRouter
from django.contrib.auth.models import AnonymousUser

from cairn.accounts.models import User
from cairn.runs import actions, live
from cairn.runs.models import Run
from cairn.runs.routing import websocket_urlpatterns
from cairn.runs.tests import training
from cairn.runs.tests.conftest import batch, queued, report
from grader.contract import Batch

pytestmark = pytest.mark.django_db(transaction=True)

claim = sync_to_async(actions.claim)
append = sync_to_async(actions.append_events)
finish = sync_to_async(actions.finish)


@pytest.fixture(autouse=True)
def alone(settings: Any) -> None:
    """One process: the hub is fed directly."""
    settings.REDIS_URL = ""


@asynccontextmanager
async def watching(run: Run, user: Any, after: str = "") -> AsyncIterator[ApplicationCommunicator]:
    scope = {
        "type": "websocket",
        "path": f"/ws/runs/{run.pk}",
        "query_string": f"after={after}".encode() if after else b"",
        "headers": [],
        "user": user,
    }
    socket = ApplicationCommunicator(URLRouter(websocket_urlpatterns), scope)
    await socket.send_input({"type": "websocket.connect"})
    assert (await socket.receive_output(timeout=5))["type"] == "websocket.accept"
    try:
        yield socket
    finally:
        await socket.send_input({"type": "websocket.disconnect", "code": 1001})
        await socket.wait(timeout=5)


async def frame(socket: ApplicationCommunicator) -> dict[str, Any]:
    return dict(json.loads((await socket.receive_output(timeout=5))["text"]))


def texts(news: dict[str, Any]) -> list[str]:
    return [event["data"].get("text", event["data"].get("name")) for event in news["events"]]


@pytest.fixture
def run(alice: User) -> Run:
    return queued(alice)


async def test_what_was_missed_comes_first_then_what_happens(run: Run, alice: User) -> None:
    lease = await claim("grade", "n1")
    await append(run.pk, lease.token, batch(0, "a", "b"))
    async with watching(run, alice) as socket:
        assert texts(await frame(socket)) == ["starting", "a", "b"]
        await append(run.pk, lease.token, batch(2, "c"))
        assert texts(await frame(socket)) == ["c"]


async def test_a_client_that_reconnects_gets_only_what_it_lacks(run: Run, alice: User) -> None:
    lease = await claim("grade", "n1")
    await append(run.pk, lease.token, batch(0, "a", "b"))
    async with watching(run, alice, after="2") as socket:
        assert texts(await frame(socket)) == ["b"]


async def test_the_end_is_told_and_the_socket_closed(run: Run, alice: User) -> None:
    lease = await claim("grade", "n1")
    async with watching(run, alice) as socket:
        assert (await frame(socket))["state"] == "running"
        await finish(run.pk, lease.token, report(run))
        news = await frame(socket)
        assert (news["state"], news["verdict"]) == ("finished", "passed")
        assert (await socket.receive_output(timeout=5)) == {"type": "websocket.close", "code": 1000}


async def test_a_run_that_ended_is_told_at_once(run: Run, alice: User) -> None:
    lease = await claim("grade", "n1")
    await finish(run.pk, lease.token, report(run))
    async with watching(run, alice) as socket:
        assert (await frame(socket))["verdict"] == "passed"


async def test_a_mentor_may_watch(run: Run, mo: User) -> None:
    async with watching(run, mo) as socket:
        assert (await frame(socket))["state"] == "queued"


@pytest.mark.parametrize("who", ["bob", "guest"])
async def test_a_stranger_is_shut_out(run: Run, bob: User, who: str) -> None:
    async with watching(run, bob if who == "bob" else AnonymousUser()) as socket:
        assert (await socket.receive_output(timeout=5)) == {"type": "websocket.close", "code": 4404}
    assert run.pk not in live.hub._watchers


async def test_a_client_that_lags_is_told_where_to_read_on(run: Run, alice: User) -> None:
    lease = await claim("grade", "n1")
    async with watching(run, alice) as socket:
        await frame(socket)
        news = live.frame(run, [])
        for seq in range(2, live.BACKLOG + 10):
            live.hub._deliver(run.pk, news | {"events": [{"seq": seq, "data": {"text": str(seq)}}]})
        told = await frame(socket)
        assert told["reload_after"] == 1
        assert told["events"][-1]["seq"] >= live.BACKLOG
        await finish(run.pk, lease.token, report(run))
        while (told := await frame(socket))["state"] != "finished":
            assert "reload_after" not in told


async def test_who_leaves_is_forgotten(run: Run, alice: User) -> None:
    async with watching(run, alice) as socket:
        await frame(socket)
        assert run.pk in live.hub._watchers
    await asyncio.sleep(0)
    assert run.pk not in live.hub._watchers


@pytest.mark.parametrize("after", ["-1", "x", "1e9", "99999999999999999999", "٣"])
async def test_a_place_that_is_none_means_from_the_beginning(run: Run, alice: User, after: str) -> None:
    await claim("grade", "n1")
    async with watching(run, alice, after=after) as socket:
        assert texts(await frame(socket)) == ["starting"]


async def test_points_come_live_and_who_missed_some_is_told_to_fetch(alice: User) -> None:
    run = await sync_to_async(training.queued)(alice)
    lease = await claim("train-cpu", "n1")
    async with watching(run, alice) as socket:
        await frame(socket)
        await append(run.pk, lease.token, Batch(first=0, events=(training.line("loss", range(3)),)))
        news = await frame(socket)
        seconds = [0.0, 0.5, 1.0]
        values = [1.0, 1 / 2, 1 / 3]
        told = {"seq": 2, "name": "loss", "try": 1, "steps": [0, 1, 2], "values": values, "seconds": seconds}
        assert news["points"] == [told]
        assert news["events"] == []
    async with watching(run, alice, after="1") as socket:
        assert (await frame(socket))["reload_after"] == 1
    async with watching(run, alice, after="2") as socket:
        assert "reload_after" not in await frame(socket)
