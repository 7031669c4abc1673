"""What tests under fire are made of: a site in pieces that can be killed, people who hand in, an audit.

``python -m tests.fire prepare PEOPLE`` prepares the site of the environment: a small curriculum, people with
tokens, and a trigger in the database that writes down each change of a run, so that what happened is told by
the database and not by the code under test. ``submit PERSON COUNT SECONDS`` hands in work that takes so long,
past the limits on how often one may; ``click PERSON`` presses Run.
"""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import psycopg

from tests.services import free_port, tool, wait_for_port

ROOT = Path(__file__).resolve().parents[1]
EXERCISE = "dot-product"
SOLUTION = "def dot(a, b):\n    return sum(x * y for x, y in zip(a, b, strict=True))\n"

_LOG = """
CREATE TABLE fire_log ({key}, run char(36), was text, became text, tries int, verdict text);
"""
_CHANGED = (
    "OLD.state <> NEW.state OR OLD.verdict <> NEW.verdict OR (OLD.report IS NULL) <> (NEW.report IS NULL)"
)
_NOTE = """
INSERT INTO fire_log (run, was, became, tries, verdict)
VALUES (NEW.id, OLD.state, NEW.state, NEW.tries, NEW.verdict);
"""
_SQLITE = f"""
{_LOG.format(key="id integer PRIMARY KEY AUTOINCREMENT")}
CREATE TRIGGER fire AFTER UPDATE ON runs_run WHEN {_CHANGED} BEGIN {_NOTE} END;
"""
_POSTGRESQL = f"""
{_LOG.format(key="id serial PRIMARY KEY")}
CREATE FUNCTION fire() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {_NOTE} RETURN NEW; END $$;
CREATE TRIGGER fire AFTER UPDATE ON runs_run FOR EACH ROW WHEN ({_CHANGED}) EXECUTE FUNCTION fire();
"""


def prepare(people: int) -> list[str]:
    """Make the site of this environment ready; one API token for each person."""
    from django.core.management import call_command
    from django.db import connection
    from knox.models import AuthToken

    from cairn.accounts.models import User
    from cairn.catalog.tests.sample import publish_sample

    call_command("migrate", verbosity=0)
    with tempfile.TemporaryDirectory() as folder:
        publish_sample(Path(folder))
    persons = [User.objects.create_user(f"p{i}", f"p{i}@example.org") for i in range(people)]
    tokens = [AuthToken.objects.create(user=person)[1] for person in persons]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.connection.executescript(_SQLITE)
        else:
            cursor.execute(_POSTGRESQL)
    return tokens


def submit(person: int, count: int, seconds: float) -> list[str]:
    """Hand in solutions that first sleep; the ids of their runs."""
    from cairn.accounts.models import User
    from cairn.submissions import actions

    owner = User.objects.get(username=f"p{person}")
    texts = [f"import time\ntime.sleep({seconds})\n{SOLUTION}# {n}\n" for n in range(count)]
    return [str(actions.submit(owner, "exercise", EXERCISE, {"dot.py": text}).run_id) for text in texts]


def click(person: int) -> list[str]:
    """Press Run; the id of the run."""
    from cairn.accounts.models import User
    from cairn.submissions import actions

    owner = User.objects.get(username=f"p{person}")
    return [str(actions.try_out(owner, EXERCISE, {"dot.py": SOLUTION}).pk)]


def main(what: str, *numbers: str) -> list[str]:
    """Do it in this process."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cairn.config.settings")
    django.setup()
    match what:
        case "prepare":
            return prepare(int(numbers[0]))
        case "submit":
            return submit(int(numbers[0]), int(numbers[1]), float(numbers[2]))
        case "click":
            return click(int(numbers[0]))
    raise SystemExit(f"{what} is none of prepare, submit, click.")


def there(environment: dict[str, str], what: str, *numbers: float) -> list[str]:
    """``main`` in a process of that environment: what it gave."""
    command = [sys.executable, "-m", "tests.fire", what, *map(str, numbers)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    given: list[str] = json.loads(done.stdout.splitlines()[-1])
    return given


class Piece:
    """A process of the site that is started again after it was killed, as a supervisor would."""

    def __init__(self, name: str, command: Sequence[str], environment: dict[str, str], log: Path) -> None:
        self.name, self._command, self._environment, self._log = name, command, environment, log
        self.process: subprocess.Popen[bytes] | None = None
        self.orphans: set[tuple[int, str]] = set()

    def start(self) -> None:
        """Start it; it may need a while until it works."""
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                self._command, cwd=ROOT, env=self._environment, stdout=log, stderr=log, start_new_session=True
            )

    def kill(self) -> None:
        """End the process and its group without a word. What it had put elsewhere must notice for itself."""
        assert self.process is not None
        self.orphans |= family(self.process.pid)
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def kill_a_helper(self, dice: random.Random) -> bool:
        """End one of the processes that grade for this one; False where there is none.

        Not a learner's own process: whoever kills that has ended a program, and its author is told so.
        """
        assert self.process is not None
        helpers = [pid for pid in children(self.process.pid) if not _is_a_learners(pid)]
        if not helpers:
            return False
        try:
            os.kill(dice.choice(sorted(helpers)), signal.SIGKILL)
        except ProcessLookupError:
            return False
        return True


def _is_a_learners(pid: int) -> bool:
    command = _read(Path(f"/proc/{pid}/cmdline"))
    return "/harness/learner.py" in command


def _read(file: Path) -> str:
    try:
        return file.read_text(errors="replace")
    except OSError:
        return ""


def _table() -> dict[int, tuple[int, str, str]]:
    """Every process: its parent, start time and state."""
    table = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        if fields := _read(stat).rpartition(")")[2].split():
            table[int(stat.parent.name)] = (int(fields[1]), fields[19], fields[0])
    return table


def children(pid: int) -> list[int]:
    """The processes that this one started itself and that live."""
    return [child for child, (parent, _, state) in _table().items() if parent == pid and state not in "ZX"]


def family(pid: int) -> set[tuple[int, str]]:
    """A process and its descendants, as (pid, start time)."""
    table = _table()
    found, grown = {pid}, True
    while grown:
        more = {child for child, (parent, _, _) in table.items() if parent in found} - found
        found, grown = found | more, bool(more)
    return {(one, table[one][1]) for one in found if one in table}


def survivors(of: set[tuple[int, str]], seconds: float = 5) -> set[tuple[int, str]]:
    """Who of them still lives after a short while."""
    deadline = time.monotonic() + seconds
    while (alive := _living(of)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return alive


def _living(of: set[tuple[int, str]]) -> set[tuple[int, str]]:
    table = _table()
    return {(pid, at) for pid, at in of if pid in table and table[pid][1] == at and table[pid][2] not in "ZX"}


class Redis(Piece):
    """A Redis that keeps nothing: killed and started again, it is empty."""

    def __init__(self, log: Path) -> None:
        self.port = free_port()
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        super().__init__("redis", [tool("redis-server"), *options], dict(os.environ), log)
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it and wait until it listens."""
        super().start()
        wait_for_port(self.port, "Redis")


class Crowd:
    """People who hand in one solution after the other, and again whenever no answer came.

    Every tenth is sent twice although it was answered, as by a double click. ``wrong`` collects what ought
    not to have been answered.
    """

    def __init__(self, url: str, tokens: list[str], each: int, seed: int, pause: float) -> None:
        self._url, self._pause, self._dice = url, pause, random.Random(seed)
        self.wanted = [(token, f"{SOLUTION}# {n}\n") for n in range(each) for token in tokens]
        self.answers: dict[tuple[str, str], str] = {}
        self.wrong: list[str] = []
        self.again = 0
        self._work = iter(self.wanted)
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._hand_in_all, daemon=True) for _ in range(2)]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def done(self) -> bool:
        """Whether all was handed in."""
        return not any(thread.is_alive() for thread in self._threads)

    def _next(self) -> tuple[tuple[str, str], float, bool] | None:
        with self._lock:
            one = next(self._work, None)
            return one and (one, self._dice.expovariate(1 / self._pause), self._dice.random() < 0.1)

    def _hand_in_all(self) -> None:
        with httpx.Client(base_url=self._url, timeout=10) as client:
            while following := self._next():
                one, pause, twice = following
                time.sleep(pause)
                self.answers[one] = self._hand_in(client, *one)
                if twice and self._hand_in(client, *one) != self.answers[one]:
                    self.wrong.append("the same files became two submissions")

    def _hand_in(self, client: httpx.Client, token: str, code: str) -> str:
        body = {"exercise": EXERCISE, "files": {"dot.py": code}}
        while True:
            try:
                answer = client.post(
                    "/api/v1/submissions", json=body, headers={"Authorization": f"Token {token}"}
                )
            except httpx.HTTPError:
                answer = None
            if answer is not None and answer.status_code in (200, 201):
                return str(answer.json()["id"])
            if answer is not None and answer.status_code < 500 and answer.status_code != 429:
                self.wrong.append(answer.text)
                return ""
            self.again += 1
            time.sleep(0.3 if answer is None or answer.status_code != 429 else 3)


def rows(database: str, query: str) -> list[tuple[Any, ...]]:
    """The answer of the database to a query, past all of the site's code."""
    if not database.startswith("postgresql"):
        with sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=20) as connection:
            return connection.execute(query).fetchall()
    with psycopg.connect(database) as connection:
        return connection.execute(query).fetchall()  # type: ignore[call-overload]


def waiting(database: str) -> int:
    """How many runs have not ended."""
    return int(rows(database, "SELECT count(*) FROM runs_run WHERE state IN ('queued', 'running')")[0][0])


def audit(database: str, crowd: Crowd) -> Counter[str]:
    """Assert that each submission came to exactly one verdict; what happened on the way, counted."""
    told: Counter[str] = Counter()
    handed_in = rows(database, "SELECT user_id, place, files_digest FROM submissions_submission")
    runs = rows(database, "SELECT id, state, verdict, tries, last_seq, report IS NOT NULL FROM runs_run")
    log = rows(database, "SELECT run, was, became, tries, verdict FROM fire_log ORDER BY id")
    events = dict(rows(database, "SELECT run_id, count(*) FROM runs_runevent GROUP BY run_id"))
    wanted = len(crowd.wanted)

    assert not crowd.wrong
    assert len(set(crowd.answers.values())) == wanted, "every hand-in has an answer of its own"
    assert len(handed_in) == len(runs) == wanted, "none lost, none double"
    assert len({(user, digest) for user, _, digest in handed_in}) == wanted
    places: dict[int, list[int]] = {}
    for user, place, _ in handed_in:
        places.setdefault(user, []).append(place)
    assert all(sorted(given) == list(range(1, len(given) + 1)) for given in places.values()), "numbered once"

    steps: dict[str, list[tuple[Any, ...]]] = {}
    for run, *step in log:
        steps.setdefault(_plain(run), []).append(tuple(step))
    for run, state, verdict, tries, last_seq, has_report in runs:
        history = steps[_plain(run)]
        expected = [("queued", "running"), ("running", "queued")] * (tries - 1)
        expected += [("queued", "running"), ("running", "finished")]
        assert [step[:2] for step in history] == expected, "leased once a try, and ended once"
        assert (state, has_report) == ("finished", True), "none stuck"
        assert verdict == "passed" or (verdict == "internal" and tries == 3), "our failures are tried again"
        assert events[run] == last_seq, "the log has no gap"
        told[verdict] += 1
        told["retried"] += tries > 1
        told["tries beyond the first"] += tries - 1
    told["sent again"] = crowd.again
    return told


def _plain(run: object) -> str:
    return str(run).strip().replace("-", "")


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))  # noqa: T201 - this is what the test reads
