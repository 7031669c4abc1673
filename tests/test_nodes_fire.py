"""Two nodes train together over PostgreSQL and Redis; one is killed in the middle, then the other."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from grader.training import company
from tests import fire, training_fire
from tests.services import free_port, postgresql
from tests.test_fire import environment
from tests.test_training_fire import Learner, checkpoint, holder, pieces
from tests.training_fire import EVERY, STEPS, TOGETHER

pytestmark = [
    pytest.mark.fire,
    pytest.mark.services,
    pytest.mark.timeout(600),
]


def seat(database: str, run: str) -> str:
    """The node that sits at the run beside its holder; empty while nobody does."""
    query = f"SELECT node FROM runs_seat WHERE run_id = '{run}' AND node <> ''"
    return next((str(node) for (node,) in fire.rows(database, query)), "")


def together(database: str, run: str) -> bool:
    """Whether the run has both of its nodes."""
    return bool(holder(database, run) and seat(database, run))


def test_a_run_on_two_nodes_survives_the_death_of_each(tmp_path: Path) -> None:
    if missing := company.missing():
        pytest.skip(f"nodes cannot train together here: {missing}")
    log, port = tmp_path / "log", free_port()
    url = f"http://127.0.0.1:{port}"
    redis = fire.Redis(log)
    with postgresql() as database:
        site = environment(tmp_path, database, redis.url) | {"CAIRN_GATHER_SECONDS": "20"}
        site |= {"CAIRN_TRAININGS": "1"}
        all_of_them = pieces(site, url, port, log, together=True)
        try:
            redis.start()
            command = [sys.executable, "-m", "tests.training_fire", "2"]
            done = subprocess.run(
                command, cwd=fire.ROOT, env=site, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stderr
            for piece in all_of_them.values():
                piece.start()
            learner = Learner(url, json.loads(done.stdout.splitlines()[-1]))
            learner.wait(lambda: one_is_there(database), log)
            run = learner.start(TOGETHER)
            seams = []
            for who in (seat, holder):  # a further node, then the one that speaks for all
                beyond = max(seams, default=0)
                learner.wait(lambda: checkpoint(learner, run, beyond + EVERY), log)  # noqa: B023
                victim = who(database, run)
                all_of_them[victim].kill()
                learner.wait(lambda: not together(database, run), log)
                seams.append(checkpoint(learner, run, 0))
                all_of_them[victim].start()
                learner.wait(lambda: together(database, run), log)
            learner.wait(lambda: checkpoint(learner, run, STEPS - EVERY - 1), log)
            ended = learner.wait(lambda: (r := learner.get(f"/runs/{run}"))["state"] == "finished" and r, log)
            curve = learner.get(f"/runs/{run}/curves?names=total&points={2 * STEPS}")["curves"]["total"]
            stopped = cancelled(learner, site, database, log)
        finally:
            for piece in (redis, *all_of_them.values()):
                if piece.process is not None:
                    piece.kill()
        assert not fire.survivors(set().union(*(piece.orphans for piece in all_of_them.values())))
    assert (ended["verdict"], ended["tries"]) == ("passed", 3), ended
    kept = [part for part in curve["tries"] if not part["lost"]]
    assert [step for part in kept for step in part["x"]] == list(range(STEPS)), "every step once"
    values = [value for part in kept for value in part["y"]]
    assert values == pytest.approx(training_fire.expected()), "as if nothing had happened"
    assert [part["x"][0] for part in kept[1:]] == [seam + 1 for seam in seams], "the curve shows the seams"
    assert stopped["state"] == "cancelled"


def one_is_there(database: str) -> bool:
    """Whether a node has said where others reach it. Of the other the site hears when the run waits."""
    return bool(fire.rows(database, "SELECT name FROM runs_node WHERE about->>'address' <> ''"))


STOP = (
    "from cairn.runs import actions, models as m; r = m.Run.objects.get(pk='{}'); actions.cancel(r, r.owner)"
)


def cancelled(learner: Learner, site: dict[str, str], database: str, log: Path) -> dict[str, str]:
    """What becomes of a second run whose learner stops it while both nodes train, and of its seats."""
    run = learner.start(TOGETHER)
    learner.wait(lambda: checkpoint(learner, run, EVERY), log)
    command = [sys.executable, "manage.py", "shell", "-v", "0", "-c", STOP.format(run)]
    subprocess.run(command, cwd=fire.ROOT, env=site, check=True)
    found = learner.wait(lambda: (r := learner.get(f"/runs/{run}"))["state"] == "cancelled" and r, log)
    assert not seat(database, run)
    return {"state": str(found["state"])}
