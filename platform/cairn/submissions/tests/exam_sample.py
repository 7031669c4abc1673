"""A small exam and a drawn assessment over the sample's one quiz and a bank of their own."""

from pathlib import Path

from cairn.catalog.actions import publish
from cairn.catalog.queries import Library, library
from cairn.catalog.tests.sample import publish_sample

BANK = """\
bank:
  - id: pick
    type: single
    prompt: Which is the larger one?
    choices: [{text: Seven, correct: true, explain: Seven it is.}, {text: Three}]
    explain: Seven is more than three.
  - id: number
    type: numeric
    parameters: {a: {low: 2, high: 9}, b: {low: 2, high: 9}}
    prompt: "What is {{a}} times {{b}}?"
    answer: "{{a * b}}"
    explain: "It is {{a * b}}, no secret."
  - id: pairs
    type: match
    prompt: Which belongs to which?
    pairs: [{left: dog, right: barks}, {left: cat, right: purrs}]
    extra: [hoots]
    explain: Listen to them.
  - id: gaps
    type: fill
    prompt: Fill the gap.
    code: "x = np.{{kind}}(3)"
    blanks: {kind: {answer: zeros}}
    explain: Zeros gives zeros.
  - id: prints
    type: predict
    prompt: What does it print?
    code: |
      for i in range(2):
          print(i)
    output: |
      0
      1
    explain: Range counts from zero.
  - id: words
    type: text
    prompt: Name the colour of snow.
    answer: white
    accept: [white]
    explain: Snow is white.
"""
EXAM = """\
title: Midterm
summary: All that came before, in one sitting.
draw: 6
pass_score: 0.5
exam:
  minutes: 60
  late: {late}
  release: {release}
  rules: [Paper and pencil are welcome.]
"""
DRAWN = """\
title: Assessment of phase 0
summary: What you keep of the phase.
draw: 6
topics: [vectors-and-matrices]
"""
UNWRITTEN = """\
title: Assessment of phase 1
summary: What is to come.
draw: 3
topics: [vectors-and-matrices, eigenvectors]
"""


def publish_exam(root: Path, *, late: str = "until-close", release: str = "at-close") -> Library:
    """The sample with an exam ``midterm``, a drawn ``phase-zero`` and ``phase-one``, being written."""
    publish_sample(root)
    (root / "assessments").mkdir(exist_ok=True)
    (root / "assessments/midterm.yaml").write_text(EXAM.format(late=late, release=release) + BANK)
    (root / "assessments/phase-zero.yaml").write_text(DRAWN + BANK)
    (root / "assessments/phase-one.yaml").write_text(UNWRITTEN)
    publish(root)
    return library()
