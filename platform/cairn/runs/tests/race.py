"""Nodes that race for the same runs; ``python -m cairn.runs.tests.race`` does it on a fresh database."""

import json
import threading
import uuid

RUNS, NODES = 60, 6


def race() -> tuple[list[str], list[str]]:
    """Queue runs of three people and let nodes claim at the same time: the ids queued, and those claimed."""
    from django.db import connection

    from cairn.accounts.models import User
    from cairn.runs import actions
    from cairn.runs.models import Run
    from cairn.runs.tests.conftest import queued

    people = [
        User.objects.create_user(name, f"{name}@example.org") for name in (uuid.uuid4().hex for _ in "abc")
    ]
    waiting = [str(queued(people[i % 3], Run.Queue.GRADE).pk) for i in range(RUNS)]
    claimed: list[str] = []
    gate = threading.Barrier(NODES)

    def node(name: str) -> None:
        gate.wait()
        try:
            while claim := actions.claim(Run.Queue.GRADE, name):
                claimed.append(claim.job.id)
        finally:
            connection.close()

    threads = [threading.Thread(target=node, args=(f"node-{i}",)) for i in range(NODES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return waiting, claimed


def main() -> None:
    """Race on a fresh database and print what came of it."""
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    print(json.dumps(race()))  # noqa: T201 - this is what the test reads


if __name__ == "__main__":
    main()
