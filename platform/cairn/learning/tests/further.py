"""The sample with further criteria: a skill map, activities, approval by a mentor, optional ones."""

from pathlib import Path
from typing import Any

import yaml

from cairn.catalog.actions import publish
from cairn.catalog.queries import Library, library
from cairn.catalog.tests.sample import PATH, PROJECT, replace_in, write_sample

MAP: dict[str, Any] = {
    "title": "A first map",
    "summary": "Three ideas.",
    "ideas": [
        {"id": "dot", "text": "Dot product", "topic": "vectors-and-matrices"},
        {"id": "slope", "text": "Gradient"},
        {"id": "rows", "text": "Rows"},
    ],
    "uses": [
        {"id": "texts", "text": "Comparing texts"},
        {"id": "step", "text": "One step"},
        {"id": "layer", "text": "A layer"},
    ],
    "lines": [
        {"idea": "dot", "use": "texts", "why": "By the angle between them."},
        {"idea": "slope", "use": "step", "why": "Downhill."},
        {"idea": "rows", "use": "layer", "why": "One a neuron."},
        {"idea": "dot", "use": "layer", "why": "Row by row.", "optional": True},
    ],
    "mistakes": [{"idea": "slope", "use": "texts", "why": "No slope is needed to compare."}],
}
OWN = """\
          - {id: map, kind: map, title: The map is drawn, map: first-map, at_least: 0.8}
          - {id: talk, kind: activity, title: A talk, activity: talk, do: Give a talk., min_words: 3}
          - {id: book, kind: activity, title: A book, activity: book, do: Read a book., optional: true}
"""
APPROVED = "  - {id: approved, kind: review, title: A mentor approves}\n"


def write_further(root: Path) -> Path:
    """Write the sample with these criteria under ``root``."""
    write_sample(root)
    (root / "skill-maps").mkdir()
    (root / "skill-maps/first-map.yaml").write_text(yaml.safe_dump(MAP, allow_unicode=True))
    quiz = "          - {id: quiz, kind: quiz, title: Quiz passed, topics: [vectors-and-matrices]}\n"
    replace_in(root, PATH, quiz, quiz + OWN)
    rubric = "  - {id: clear-code,"
    replace_in(root, f"{PROJECT}/project.yaml", rubric, APPROVED + rubric)
    return root


def publish_further(root: Path) -> Library:
    """Write and publish it; the library that pages then see."""
    publish(write_further(root))
    return library()
