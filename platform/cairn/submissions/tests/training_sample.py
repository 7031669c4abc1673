"""The sample curriculum with a project that trains, and one that starts from what it made."""

from pathlib import Path

from cairn.catalog.actions import publish
from cairn.catalog.queries import Library, library
from cairn.catalog.tests.sample import write_sample

DIGITS, FINE = "projects/reading-digits", "projects/fine-tuning"
TRAIN = "import cairn\n\nfor step in range(10):\n    cairn.log({'loss': 1 / (1 + step)}, step)\n"
FILES = {
    f"{DIGITS}/project.yaml": """\
title: Reading digits
summary: A network that reads.
hours: 5
entry: solution.py
files:
  - {name: train.py, title: Training}
  - {name: solution.py, title: The model}
criteria:
  - {id: accuracy, kind: metric, title: It reads, metric: accuracy, at_least: 0.9, unit: percent}
training:
  queues: [cpu, gpu]
  limits: {minutes: 5, memory_mb: 512, disk_mb: 64, artifact_mb: 8}
  leaderboard: accuracy
  parameters:
    - {type: number, name: rate, title: Learning rate, default: 0.01, at_least: 0.0001, at_most: 1, log: true}
    - {type: number, name: epochs, title: Epochs, default: 3, at_least: 1, at_most: 20, whole: true}
    - {type: choice, name: optimizer, title: Optimizer, choices: [sgd, adam], default: adam}
    - {type: switch, name: augment, title: Augment the images, default: true}
""",
    f"{DIGITS}/brief.md": "## What you build\n\nA network.\n",
    f"{DIGITS}/starter/train.py": TRAIN,
    f"{DIGITS}/starter/solution.py": "def predict(images):\n    return images\n",
    f"{DIGITS}/solution/train.py": TRAIN,
    f"{DIGITS}/solution/solution.py": "def predict(images):\n    return images * 1\n",
    f"{DIGITS}/baseline/train.py": TRAIN,
    f"{DIGITS}/baseline/solution.py": "def predict(images):\n    return None\n",
    f"{DIGITS}/evaluate.py": '''\
from grader.checks import example, metric


@example
def test_reads(student):
    """It reads"""
    metric("accuracy", 0.95)
''',
    f"{FINE}/project.yaml": """\
title: Fine-tuning
summary: Go on from your own model.
hours: 2
entry: solution.py
files:
  - {name: train.py}
  - {name: solution.py}
training:
  queues: [cpu]
  starts_from:
    - {name: reader, project: reading-digits, artifact: model, optional: false}
""",
    f"{FINE}/brief.md": "## What you build\n\nA better network.\n",
    f"{FINE}/starter/train.py": TRAIN,
    f"{FINE}/starter/solution.py": "x = 1\n",
    f"{FINE}/solution/train.py": TRAIN,
    f"{FINE}/solution/solution.py": "x = 2\n",
    f"{FINE}/baseline/train.py": TRAIN,
    f"{FINE}/baseline/solution.py": "x = 3\n",
    f"{FINE}/evaluate.py": '''\
from grader.checks import example


@example
def test_is_two(student):
    """It is two"""
    assert student.x == 2
''',
}
CODE = {"train.py": TRAIN, "solution.py": "def predict(images):\n    return images * 2\n"}


def publish_training(root: Path) -> Library:
    """Write the sample and the projects that train, publish them, and give what pages then see."""
    write_sample(root)
    for name, text in FILES.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    publish(root)
    return library()
