"""A curriculum of two topics, one project and one path: small, whole, and free of formulas.

Other rooms' tests use it too: ``publish_sample(tmp_path)`` makes it the current release.
"""

from pathlib import Path

from cairn.catalog.actions import publish
from cairn.catalog.queries import Library, library

LESSON = "topics/mathematics/vectors-and-matrices/lesson.md"
QUIZ = "topics/mathematics/vectors-and-matrices/quiz.yaml"
TOPIC = "topics/mathematics/vectors-and-matrices/topic.yaml"
EXERCISE = "topics/mathematics/vectors-and-matrices/exercises/dot-product"
NORM = "topics/mathematics/vectors-and-matrices/exercises/vector-norm"
PROJECT = "projects/linear-algebra-library"
PATH = "paths/zero-to-llm.yaml"

FILES = {
    "topics/mathematics/vectors-and-matrices/topic.yaml": """\
title: Vectors and matrices
summary: Lists of numbers become arrows.
minutes: 60
exercises: [dot-product, vector-norm]
covers: ["4.002"]
""",
    "topics/mathematics/vectors-and-matrices/lesson.md": """\
A model never sees a picture. It sees lists of numbers.

## A walk in two numbers

An arrow.

![An arrow that points to the right.](figures/arrow.svg "Where it points is what counts.")

::: warn Two lists, one length
`zip` stops at the shorter one.
:::

## One number from two lists

```python
print(1 * 4 + 2 * 5)
```
```text
14
```
""",
    "topics/mathematics/vectors-and-matrices/figures/arrow.svg": """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10">
<path id="a" class="ln" d="M0 5L10 5"/></svg>
""",
    "topics/mathematics/vectors-and-matrices/quiz.yaml": """\
pass_score: 0.7
questions:
  - id: what-is-a-dot-product
    type: single
    prompt: What does the dot product return?
    section: one-number-from-two-lists
    choices:
      - {text: A number, correct: true, explain: Products are added up.}
      - {text: A vector, explain: That is the sum.}
    explain: It adds up products.
  - id: all-vectors
    type: multiple
    prompt: Which are vectors?
    choices:
      - {text: "`[1, 2]`", correct: true}
      - {text: "`[3]`", correct: true}
      - {text: "`7`", explain: A number.}
    explain: Lists of numbers.
  - id: how-much
    type: numeric
    prompt: What is (1, 2) dot (4, 5)?
    answer: 14
    tolerance: 0.01
    explain: 4 + 10.
  - id: shape
    type: text
    prompt: What is the shape?
    answer: (2, 3)
    accept: ['\\(?\\s*2\\s*,\\s*3\\s*\\)?']
    explain: Two rows, three columns.
  - id: steps
    type: order
    prompt: Put the steps in order.
    items: [Multiply, Add, Return]
    explain: Products first.
""",
    f"{EXERCISE}/exercise.yaml": """\
title: Dot product
entry: dot.py
minutes: 15
""",
    f"{EXERCISE}/prompt.md": "Write `dot(a, b)`.\n",
    f"{EXERCISE}/starter.py": "def dot(a, b):\n    return 0\n",
    f"{EXERCISE}/solution.py": ("def dot(a, b):\n    return sum(x * y for x, y in zip(a, b, strict=True))\n"),
    f"{EXERCISE}/hints.md": ("## Multiply\nPlace by place.\n\n## Add\nAdd up the products.\n"),
    f"{EXERCISE}/tests.py": '''\
"""Hidden tests of `dot-product`."""

from grader.checks import cases, close, example, raises


@example
def test_worked_example(student):
    """Matches the worked example"""
    close(student.dot([1.0, 2.0], [4.0, 5.0]), 14.0)


@cases(n=[1, 3])
def test_ones(student, n):
    """Counts ones"""
    close(student.dot([1.0] * n, [1.0] * n), float(n))


def test_lengths(student):
    """Refuses vectors of different length"""
    with raises(student, "ValueError"):
        student.dot([1.0], [1.0, 2.0])
''',
    f"{EXERCISE}/wrong/failed_adds_the_lists.py": ("def dot(a, b):\n    return sum(a) + sum(b)\n"),
    f"{EXERCISE}/wrong/error_typo.py": ("def dot(a, b)\n    return 0\n"),
    f"{NORM}/exercise.yaml": ("title: Norm of a vector\nminutes: 10\n"),
    f"{NORM}/prompt.md": "Write `norm(x)`.\n",
    f"{NORM}/starter.py": "def norm(x):\n    return 0\n",
    f"{NORM}/solution.py": ("def norm(x):\n    return sum(v * v for v in x) ** 0.5\n"),
    f"{NORM}/tests.py": '''\
from grader.checks import close, example


@example
def test_three_four(student):
    """Knows the triangle of 3, 4 and 5"""
    close(student.norm([3.0, 4.0]), 5.0)
''',
    "topics/mathematics/eigenvectors/topic.yaml": """\
title: Eigenvectors
summary: Directions that stay.
minutes: 90
prerequisites: [vectors-and-matrices]
covers: ["4.004"]
""",
    "projects/linear-algebra-library/project.yaml": """\
title: A linear algebra library
summary: Your own, from lists alone.
hours: 6
entry: linear.py
files:
  - {name: linear.py, title: Your library}
  - {name: report.md, title: Report, optional: true}
prerequisites: [vectors-and-matrices]
criteria:
  - {id: products, kind: exercise, title: Products are right, tests: [test_dot]}
  - {id: fast-enough, kind: metric, title: Fast enough, metric: seconds, at_most: 2}
  - {id: report, kind: document, title: A report, min_words: 20}
  - {id: clear-code, kind: rubric, title: The code reads well, guide: Names say what they hold.}
""",
    "projects/linear-algebra-library/brief.md": "## What you build\n\nA library of three functions.\n",
    "projects/linear-algebra-library/starter/linear.py": "def dot(a, b):\n    return 0\n",
    "projects/linear-algebra-library/solution/linear.py": (
        "def dot(a, b):\n    return sum(x * y for x, y in zip(a, b))\n"
    ),
    "projects/linear-algebra-library/baseline/linear.py": "def dot(a, b):\n    return 1\n",
    "projects/linear-algebra-library/evaluate.py": '''\
from grader.checks import close, example, metric


@example
def test_dot(student):
    """The dot product is right"""
    close(student.dot([1.0, 2.0], [3.0, 4.0]), 11.0)
    metric("seconds", 0.5)
''',
    "paths/zero-to-llm.yaml": """\
title: From zero to a small language model
summary: You start with a dot product.
roadmap: 4
order: 1
duration: at your pace
hours: 290
hours_per_week: 8
needs: [school algebra]
stages:
  - slug: foundations
    label: Phase 0
    title: Foundations
    difficulty: 1
    milestones:
      - slug: linear-algebra
        number: "0.1"
        title: Linear algebra
        duration: 1 to 2 weeks
        hours: 12
        topics: [vectors-and-matrices]
        projects: [linear-algebra-library]
        criteria:
          - {id: exercises, kind: exercise, title: Exercises passed, exercises: [dot-product, vector-norm]}
          - {id: quiz, kind: quiz, title: Quiz passed, topics: [vectors-and-matrices]}
      - slug: decompositions
        number: "0.2"
        title: Decompositions
        hours: 10
        topics: [eigenvectors]
        criteria:
          - {id: quiz, kind: quiz, title: Quiz passed, topics: [eigenvectors]}
""",
}


def write_sample(root: Path) -> Path:
    """Write the sample under ``root`` and return it."""
    for name, text in FILES.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return root


def publish_sample(root: Path) -> Library:
    """Write and publish the sample; the library that pages then see."""
    publish(write_sample(root))
    return library()


def replace_in(root: Path, name: str, old: str, new: str) -> None:
    """Change one place of one of the sample's files."""
    text = (root / name).read_text()
    assert old in text, f"{old!r} is not in {name}"
    (root / name).write_text(text.replace(old, new, 1))
