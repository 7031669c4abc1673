"""Whether code in a question prints what its author says: it is run, as ``curriculum check --run`` does."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from cairn.catalog import content
from cairn.catalog.questions import AnyQuestion, PredictQuestion, variants_of
from cairn.catalog.source import Source

SECONDS = 60  # a first import of torch on a busy machine included


def wrong_predictions(source: Source, file: Path) -> Iterator[str]:
    """A sentence for each question of a ``quiz.yaml`` or an assessment whose code prints something else.

    The code is an author's, like tests and solutions, and runs with this interpreter. Only Python is run.
    """
    for question in _questions(source, file):
        for variant in variants_of(question):
            if isinstance(variant, PredictQuestion) and variant.language == "python":
                printed, wanted = _lines(printed_by(variant.code)), _lines(variant.output)
                if printed != wanted:
                    yield f"{source.name(file)}: `{question.id}` prints {printed}, not {wanted}."


def printed_by(code: str) -> str:
    """What Python code prints; the last line of its error where it fails."""
    with tempfile.TemporaryDirectory() as empty:
        try:
            done = subprocess.run(  # noqa: S603 - what an author wrote, as their tests are
                [sys.executable, "-I", "-c", code],
                capture_output=True, text=True, timeout=SECONDS, cwd=empty, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return f"(nothing within {SECONDS} s)"
    failed = done.stderr.strip().splitlines() if done.returncode else []
    return done.stdout + "".join(failed[-1:])


def _questions(source: Source, file: Path) -> tuple[AnyQuestion, ...]:
    if file.name == "quiz.yaml":
        quiz = source.yaml(file, content.Quiz)
        return quiz.questions if quiz else ()
    assessment = source.yaml(file, content.Assessment)
    return assessment.bank if assessment else ()


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.rstrip().splitlines()]
