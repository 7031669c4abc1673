"""Exactly one verdict for each submission, whatever is killed meanwhile.

People hand in 500 small solutions over HTTP while processes of the site are ended with SIGKILL at random (the
dice are seeded; the machine's own timing is not). A trigger in the database keeps the books.
"""

import os
import random
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from tests import fire
from tests.services import free_port, postgresql

PEOPLE, EACH = 25, 20
SEED = 20_261_121
ENDING_SECONDS = 150  # from the last shot to the last verdict, on a busy machine

pytestmark = [pytest.mark.fire, pytest.mark.timeout(600)]


def environment(home: Path, database_url: str, redis_url: str) -> dict[str, str]:
    """A site of the test's own. Leases are short, so that what was killed is missed soon."""
    ours = {
        "CAIRN_HOME": str(home),
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "CAIRN_BROKER_URL": "",
        "CAIRN_LEASE_SECONDS": "8",
        "CAIRN_SWEEP_SECONDS": "1",
        "DJANGO_SETTINGS_MODULE": "cairn.config.settings",
        "PYTHONPATH": os.pathsep.join((str(fire.ROOT), str(fire.ROOT / "platform"))),
    }
    return {**os.environ, **ours}


def ended(database: str, crowd: fire.Crowd, seconds: float) -> bool:
    """Whether everything was handed in and graded within that time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if crowd.done() and not fire.waiting(database):
            return True
        time.sleep(0.5)
    return False


def tell(what: str, seconds: float, shots: Counter[str], told: Counter[str]) -> None:
    """The figures, for who runs pytest with -s."""
    print(  # noqa: T201 - figures for a person
        f"\n{what}: {PEOPLE * EACH} submissions in {seconds:.0f} s; shots {dict(shots)}; {dict(told)}"
    )


@pytest.mark.services
def test_workers_graders_redis_and_web_are_killed_and_every_submission_gets_its_one_verdict(
    tmp_path: Path,
) -> None:
    log = tmp_path / "log"
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    redis = fire.Redis(log)
    with postgresql() as database:
        site = environment(tmp_path, database, redis.url)
        pieces = _pieces(site, url, port, log, redis)
        begin = time.monotonic()
        try:
            redis.start()
            tokens = fire.there(site, "prepare", PEOPLE)
            for piece in pieces[1:]:
                piece.start()
            crowd = fire.Crowd(url, tokens, EACH, SEED, pause=0.15)
            begin = time.monotonic()
            crowd.start()
            shots = _shoot(pieces, database, crowd)
            assert ended(database, crowd, ENDING_SECONDS), log.read_text()[-4000:]
            seconds = time.monotonic() - begin
        finally:
            for piece in pieces:
                if piece.process is not None:
                    piece.kill()
        told = fire.audit(database, crowd)
        tell("PostgreSQL and Redis", seconds, shots, told)
        assert told["passed"] >= 0.98 * PEOPLE * EACH
        assert told["retried"], "nothing was hit: this run has shown nothing"
        assert not fire.survivors(set().union(*(piece.orphans for piece in pieces)))


def _pieces(
    site: dict[str, str], url: str, port: int, log: Path, redis: fire.Redis
) -> list[fire.Redis | fire.Piece]:
    """Redis, web, the sweeper, and two nodes, each as its own command starts it."""
    python = [sys.executable]
    control = ["-m", "celery", "-A", "cairn.config.celery", "worker", "--beat", "--queues", "control"]
    control += ["--schedule", f"{site['CAIRN_HOME']}/beat", "--pool", "threads", "--concurrency", "2"]
    node = ["-m", "celery", "-A", "grader.worker", "worker", "--queues", "interactive,grade"]
    node += ["--pool", "threads", "--concurrency", "2", "--loglevel", "WARNING"]
    of_node = {key: value for key, value in site.items() if key != "DATABASE_URL"} | {"CAIRN_URL": url}
    return [
        redis,
        fire.Piece("web", [*python, "manage.py", "serve", "--no-worker", "--port", str(port)], site, log),
        fire.Piece("sweeper", [*python, *control, "--loglevel", "WARNING"], site, log),
        *(
            fire.Piece(
                "node", [*python, *node, "--hostname", f"n{i}@%h"], of_node | {"CAIRN_NODE": f"n{i}"}, log
            )
            for i in range(2)
        ),
    ]


def _shoot(pieces: list[fire.Redis | fire.Piece], database: str, crowd: fire.Crowd) -> Counter[str]:
    """Kill at random until all is handed in and little is left, so that shots fall where work is."""
    dice = random.Random(SEED)
    shots: Counter[str] = Counter()
    bag = ["node", "node", "node", "grader", "grader", "grader", "grader", "web", "redis", "sweeper"]
    while not crowd.done() or fire.waiting(database) > 20:
        time.sleep(dice.uniform(2, 5))
        if sum(shots.values()) % len(bag) == 0:
            dice.shuffle(bag)
        target = bag[sum(shots.values()) % len(bag)]
        shots[target] += _shot(target, pieces, dice)
    return shots


def _shot(target: str, pieces: list[fire.Redis | fire.Piece], dice: random.Random) -> bool:
    """Kill one such process, and start it again; False where there was none."""
    if target == "grader":
        return dice.choice([one for one in pieces if one.name == "node"]).kill_a_helper(dice)
    piece = dice.choice([one for one in pieces if one.name == target])
    piece.kill()
    time.sleep(dice.uniform(0, 1))
    piece.start()
    return True


@pytest.mark.skipif(bool(os.environ.get("REDIS_URL")), reason="the part without services has run it")
def test_the_whole_server_is_killed_and_restarted_and_every_submission_gets_its_one_verdict(
    tmp_path: Path,
) -> None:
    log = tmp_path / "log"
    port = free_port()
    site = environment(tmp_path, "", "")
    database = str(tmp_path / "cairn.sqlite3")
    server = fire.Piece("server", [sys.executable, "manage.py", "serve", "--port", str(port)], site, log)
    try:
        tokens = fire.there(site, "prepare", PEOPLE)
        server.start()
        crowd = fire.Crowd(f"http://127.0.0.1:{port}", tokens, EACH, SEED, pause=0.05)
        begin = time.monotonic()
        crowd.start()
        dice = random.Random(SEED)
        shots: Counter[str] = Counter()
        while not crowd.done() or fire.waiting(database) > 20:
            time.sleep(dice.uniform(4, 10))
            shots["server"] += 1
            server.kill()
            server.start()
        assert ended(database, crowd, ENDING_SECONDS), log.read_text()[-4000:]
        seconds = time.monotonic() - begin
    finally:
        if server.process is not None:
            server.kill()
    told = fire.audit(database, crowd)
    tell("in one process", seconds, shots, told)
    assert told["passed"] >= 0.98 * PEOPLE * EACH
    assert told["retried"], "nothing was hit: this run has shown nothing"
    assert not fire.survivors(server.orphans)
