"""Runs with the site's settings: makes a training run that waits, a learner to watch it, and a node's ticket.

Prints ``{"run", "session", "ticket"}``.
"""

import json
import sys
import uuid

import django


def main() -> None:
    """Make them, and say how to get at them."""
    django.setup()
    from django.db import transaction

    from bench.visitors import session_of
    from cairn.accounts.models import User
    from cairn.runs import actions, wake
    from grader.contract import Job, Kind, Training

    learner, _ = User.objects.get_or_create(username="watched", email="watched@example.org")
    job = Job(
        id=str(uuid.uuid4()),
        kind=Kind.TRAIN,
        entry="train.py",
        files={"train.py": "import cairn\n"},
        tests={"tests.py": ""},
        training=Training(),
    )
    with transaction.atomic():
        run = actions.enqueue(learner, "Watched", job, "train-cpu", "projects/watched")
    found = {"run": str(run.pk), "session": session_of(learner), "ticket": wake.ticket("train-cpu")}
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
