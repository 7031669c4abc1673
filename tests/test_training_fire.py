"""A training run survives the death of its node, as often as need be, over PostgreSQL and Redis."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests import fire, training_fire
from tests.services import free_port, postgresql
from tests.test_fire import environment
from tests.training_fire import EVERY, PROJECT, STEPS, TRAIN

pytestmark = [pytest.mark.fire, pytest.mark.services, pytest.mark.timeout(300)]
KILLS = 2
PATIENCE = 120.0  # on a busy machine


def pieces(
    site: dict[str, str], url: str, port: int, log: Path, *, together: bool = False
) -> dict[str, fire.Piece]:
    """Web, the sweeper and two trainers, each as its own command starts it."""
    celery = [sys.executable, "-m", "celery", "-A"]
    control = ["cairn.config.celery", "worker", "--beat", "--schedule", f"{site['CAIRN_HOME']}/beat"]
    control += ["--queues", "control", "--pool", "threads", "--concurrency", "2", "--loglevel", "WARNING"]
    node = ["grader.worker", "worker", "--queues", "train-cpu", "--pool", "threads", "--loglevel", "INFO"]
    of_node = {key: value for key, value in site.items() if key != "DATABASE_URL"} | {"CAIRN_URL": url}
    serve = [sys.executable, "manage.py", "serve", "--no-worker", "--port", str(port)]
    made = {
        "web": fire.Piece("web", serve, site, log),
        "sweeper": fire.Piece("sweeper", [*celery, *control], site, log),
    }
    for name in ("t1", "t2"):
        command = [*celery, *node, "--hostname", f"{name}@%h"]
        own = {"CAIRN_NODE": name} | ({"CAIRN_NODE_ADDRESS": f"127.0.0.1:{free_port()}"} if together else {})
        made[name] = fire.Piece(name, command, of_node | own, log)
    return made


class Learner:
    """A learner who starts a run and watches it, by the API."""

    def __init__(self, url: str, token: str) -> None:
        headers = {"Authorization": f"Token {token}"}
        self._client = httpx.Client(base_url=f"{url}/api/v1", headers=headers, timeout=60)

    def start(self, program: str = TRAIN) -> str:
        """Start a run; its id."""
        body = {"files": {"train.py": program, "solution.py": "x = 1\n"}, "seed": 1}
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                answer = self._client.post(f"/projects/{PROJECT}/runs", json=body)
                assert answer.status_code == 201, answer.text
                return str(answer.json()["run"])
            except httpx.TransportError:
                assert time.monotonic() < deadline, "the site did not come up"
                time.sleep(0.3)

    def get(self, path: str) -> Any:
        """What the API answers."""
        return self._client.get(path).json()

    def wait(self, holds: Any, log: Path) -> Any:
        """Ask until it holds; what was answered last."""
        deadline = time.monotonic() + PATIENCE
        while not (found := holds()):
            assert time.monotonic() < deadline, log.read_text()[-4000:]
            time.sleep(0.1)
        return found


def checkpoint(learner: Learner, run: str, beyond: int) -> int:
    """The step of the newest checkpoint on the site, if it is further than ``beyond``; else 0."""
    kept = [one["step"] for one in learner.get(f"/runs/{run}/artifacts") if one["role"] == "checkpoint"]
    return max((step for step in kept if step > beyond), default=0)


def holder(database: str, run: str) -> str:
    """The node that holds the run, as the database has it; empty while nobody does."""
    query = f"SELECT node FROM runs_run WHERE id = '{run}' AND state = 'running'"
    return next((str(node) for (node,) in fire.rows(database, query)), "")


def killed(
    learner: Learner, run: str, nodes: dict[str, fire.Piece], database: str, log: Path, beyond: int
) -> int:
    """Kill the node that holds the run once it got further; the step that the next one goes on from."""
    learner.wait(lambda: checkpoint(learner, run, beyond + EVERY), log)
    victim = learner.wait(lambda: holder(database, run), log)
    nodes[victim].kill()
    reached = checkpoint(learner, run, 0)
    learner.wait(lambda: holder(database, run) not in ("", victim), log)
    nodes[victim].start()
    return reached


def test_a_run_whose_nodes_are_killed_ends_as_if_nothing_had_happened(tmp_path: Path) -> None:
    log, port = tmp_path / "log", free_port()
    url = f"http://127.0.0.1:{port}"
    redis = fire.Redis(log)
    with postgresql() as database:
        site = environment(tmp_path, database, redis.url)
        site |= {"CAIRN_TRAININGS": "1", "CAIRN_SANDBOX": os.environ.get("CAIRN_SANDBOX", "auto")}
        all_of_them = pieces(site, url, port, log)
        try:
            redis.start()
            command = [sys.executable, "-m", "tests.training_fire"]
            done = subprocess.run(
                command, cwd=fire.ROOT, env=site, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stderr
            for piece in all_of_them.values():
                piece.start()
            learner = Learner(url, json.loads(done.stdout.splitlines()[-1]))
            run = learner.start()
            seams: list[int] = []
            for _ in range(KILLS):
                seams.append(killed(learner, run, all_of_them, database, log, max(seams, default=0)))
            ended = learner.wait(lambda: (r := learner.get(f"/runs/{run}"))["state"] == "finished" and r, log)
            curve = learner.get(f"/runs/{run}/curves?names=total&points={2 * STEPS}")["curves"]["total"]
            artifacts = {one["name"] for one in learner.get(f"/runs/{run}/artifacts")}
            said = learner.get(f"/runs/{run}/events")["events"]
        finally:
            for piece in (redis, *all_of_them.values()):
                if piece.process is not None:
                    piece.kill()
        assert not fire.survivors(set().union(*(piece.orphans for piece in all_of_them.values())))
    assert (ended["verdict"], ended["tries"]) == ("passed", KILLS + 1), ended
    kept = [part for part in curve["tries"] if not part["lost"]]
    steps = [step for part in kept for step in part["x"]]
    values = [value for part in kept for value in part["y"]]
    assert steps == list(range(STEPS)), "every step once"
    assert values == pytest.approx(training_fire.expected()), "as if nothing had happened"
    assert [part["x"][0] for part in kept[1:]] == [seam + 1 for seam in seams], "the curve shows the seams"
    begins = [event["data"]["text"] for event in said if event["data"]["kind"] == "output"]
    assert [f"begins at {step}" for step in (0, *(seam + 1 for seam in seams))] == "".join(
        begins
    ).splitlines()
    assert artifacts == {"checkpoint", "total"}
    assert ended["report"]["metrics"]["accuracy"] == pytest.approx(training_fire.expected()[-1])
