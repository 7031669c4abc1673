"""``python -m tests.training_fire``: a site with a project that trains; prints one API token.

``python -m tests.training_fire 2`` for one that trains on two nodes together.
"""

import json
import os
import sys
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
# The same on several nodes: a step's number is agreed on by all of them.
TOGETHER = TRAIN.replace(
    "import cairn\n",
    """\
import cairn
import torch
import torch.distributed as dist

dist.init_process_group("gloo")
nodes = dist.get_world_size()


def agreed(step):
    both = torch.full((1,), float(step))
    dist.all_reduce(both)
    return both.item() / nodes

""",
).replace("+ step\n", "+ agreed(step)\n")
TOGETHER += "dist.destroy_process_group()\n"  # else its threads may abort the process as it ends
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


def prepare(nodes: int = 1) -> str:
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
        spec = root / f"projects/{PROJECT}/project.yaml"
        spec.write_text(spec.read_text().replace("training:\n", f"training:\n  nodes: {nodes}\n"))
        publish(root)
    learner = User.objects.create_user("learner", "learner@example.org")
    return str(AuthToken.objects.create(user=learner)[1])


if __name__ == "__main__":
    print(json.dumps(prepare(*map(int, sys.argv[1:]))))  # noqa: T201 - this is what the test reads
