"""``python -m tests.training_fire prepare``: a site with a project that trains; prints one API token."""

import json
import os
import tempfile
from pathlib import Path

STEPS, EVERY = 300, 20
PROJECT = "reading-digits"
# A state that only an unbroken history can have: each step adds to what all before it came to.
TRAIN = f"""\
import time

import cairn

saved = cairn.resume()
start = saved.step + 1 if saved else 0
total = saved["total"] if saved else 0.0
print("begins at", start, flush=True)
for step in range(start, {STEPS}):
    time.sleep(0.03)
    total = total * 0.9 + step
    cairn.log({{"total": total}}, step)
    cairn.checkpoint(step, every={EVERY}, total=total)
cairn.save("total", {{"total": total}})
"""
EVALUATE = '''\
from grader.checks import example, metric


@example
def test_every_step_is_there(student, curves):
    """Every step is there, once"""
    assert list(curves["total"].steps) == list(range(300))
    metric("accuracy", float(curves["total"].values[-1]))
'''


def expected() -> list[float]:
    """The curve of a run that nothing befell."""
    values, total = [], 0.0
    for step in range(STEPS):
        total = total * 0.9 + step
        values.append(total)
    return values


def prepare() -> str:
    """Make the site of this environment ready; a learner's API token."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cairn.config.settings")
    django.setup()
    from django.core.management import call_command
    from knox.models import AuthToken

    from cairn.accounts.models import User
    from cairn.catalog.actions import publish
    from cairn.catalog.tests.sample import write_sample
    from cairn.submissions.tests.training_sample import FILES

    call_command("migrate", verbosity=0)
    with tempfile.TemporaryDirectory() as folder:
        root = write_sample(Path(folder))
        for name, text in FILES.items():
            file = root / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(EVALUATE if name == f"projects/{PROJECT}/evaluate.py" else text)
        publish(root)
    learner = User.objects.create_user("learner", "learner@example.org")
    return str(AuthToken.objects.create(user=learner)[1])


if __name__ == "__main__":
    print(json.dumps(prepare()))  # noqa: T201 - this is what the test reads
