"""No run is leased twice at once, on the databases as they are used: with real, competing connections."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from cairn.runs.tests.race import race


def test_nodes_that_race_on_sqlite_never_get_the_same_run(tmp_path: Path) -> None:
    places = os.pathsep.join((str(settings.ROOT), str(settings.ROOT / "platform")))
    environment = {
        **os.environ,
        "CAIRN_HOME": str(tmp_path),
        "DATABASE_URL": "",
        "REDIS_URL": "",
        "PYTHONPATH": places,
    }
    environment["DJANGO_SETTINGS_MODULE"] = "cairn.config.settings"
    said = subprocess.run(
        [sys.executable, "-m", "cairn.runs.tests.race"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert said.returncode == 0, said.stderr
    assert "Traceback" not in said.stderr
    waiting, claimed = json.loads(said.stdout.splitlines()[-1])
    assert sorted(claimed) == sorted(waiting)


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_nodes_that_race_on_postgresql_never_get_the_same_run() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("runs with the suite's PostgreSQL")
    waiting, claimed = race()
    assert sorted(claimed) == sorted(waiting)
