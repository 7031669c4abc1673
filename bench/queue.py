"""What a claim costs while thousands wait: ``python -m bench.queue``, on SQLite and on PostgreSQL.

Each database is filled with what has ended, then with what waits, for one person and for many. Statements are
counted too: a claim asks the same number of times however long the queue is.
"""

import json
import os
import shutil
import subprocess
import sys
from statistics import median
from time import perf_counter
from typing import Any

from bench.machine import OUT
from tests import services

ENDED, WAITING, PEOPLE, CLAIMS = 20_000, (20, 1_000, 10_000), (1, 500), 10
HOME = OUT / "queue-home"


def main() -> None:
    """Measures in a process for each database: settings are read once. Writes ``var/bench/queue.json``."""
    found = {"SQLite": _in_process({})}
    with services.postgresql() as url:
        found["PostgreSQL"] = _in_process({"DATABASE_URL": url})
    (OUT / "queue.json").write_text(json.dumps(found, indent=1))
    for database, rows in found.items():
        for row in rows:
            told = f"{row['people']:>5} people {row['waiting']:>7,} wait {row['claim_ms']:>8} ms a claim"
            sys.stdout.write(f"{database:<12}{told}, {row['statements']} statements\n")


def _in_process(environment: dict[str, str]) -> list[dict[str, Any]]:
    shutil.rmtree(HOME, ignore_errors=True)
    HOME.mkdir(parents=True)
    command = [sys.executable, "-m", "bench.queue", "--here"]
    known = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    path = os.pathsep.join(("platform", os.environ.get("PYTHONPATH", "")))
    told = known | {"CAIRN_HOME": str(HOME), "PYTHONPATH": path} | environment
    told["DJANGO_SETTINGS_MODULE"] = "cairn.config.settings"
    answer = subprocess.run(command, env=told, check=True, stdout=subprocess.PIPE)  # noqa: S603 - ourselves
    rows: list[dict[str, Any]] = json.loads(answer.stdout)
    return rows


def _measure() -> list[dict[str, Any]]:
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    _fill("finished", ENDED, max(PEOPLE))
    return [_claims(people, waiting) for people in PEOPLE for waiting in WAITING]


def _claims(people: int, waiting: int) -> dict[str, Any]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from cairn.runs import actions
    from cairn.runs.models import Run

    Run.objects.filter(state__in=("queued", "running")).delete()
    _fill("queued", waiting, people)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    taken = []
    for _ in range(CLAIMS):
        began = perf_counter()
        actions.claim("grade", "bench")
        taken.append(perf_counter() - began)
    with CaptureQueriesContext(connection) as asked:
        actions.claim("grade", "bench")
    return {
        "people": people,
        "waiting": waiting,
        "claim_ms": round(median(taken) * 1000, 2),
        "statements": len(asked),
    }


def _fill(state: str, count: int, people: int) -> None:
    """So many runs of one state, dealt out to so many people."""
    import uuid
    from datetime import timedelta

    from django.utils import timezone

    from cairn.accounts.models import User
    from cairn.runs.models import Blob, Run
    from cairn.runs.texts import digest
    from grader.contract import Job

    text = "x = 1\n"
    Blob.objects.get_or_create(digest=digest(text), defaults={"text": text})
    job = Job(id=str(uuid.uuid4()), files={"solution.py": text}, tests={"tests.py": text})
    texts = {"files": {"solution.py": digest(text)}, "tests": {"tests.py": digest(text)}}
    spec = job.model_dump(mode="json") | texts
    accounts = [User(username=f"p{i}", email=f"p{i}@example.org") for i in range(people)]
    User.objects.bulk_create(accounts, ignore_conflicts=True)
    owners = list(User.objects.order_by("pk").values_list("pk", flat=True)[:people])
    times: dict[str, Any] = {}
    if state == "finished":
        now = timezone.now()
        times = {"started_at": now - timedelta(hours=1), "finished_at": now, "verdict": "passed"}
    common = {"title": "x", "kind": "grade", "queue": "grade", "state": state, "spec": spec} | times
    rows = (Run(owner_id=owners[i % people], **common) for i in range(count))
    Run.objects.bulk_create(rows, batch_size=500)


if __name__ == "__main__":
    if "--here" in sys.argv:
        json.dump(_measure(), sys.stdout)
    else:
        main()
