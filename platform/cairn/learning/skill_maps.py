"""Checks the lines that a learner drew on a skill map. Pure.

The score is the share of right lines among the lines asked for and the wrong ones drawn: a map with every
possible line scores little, as does an empty one. Lines that are right and not asked for cost nothing.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal

from cairn.catalog.content import MapNode, SkillMap

Pair = tuple[str, str]  # ids of an idea and a use
Verdict = Literal["right", "also", "wrong", "missing"]


@dataclass(frozen=True)
class MarkedLine:
    """A line that was drawn, or one that is missing, with its reason."""

    idea: MapNode
    use: MapNode
    verdict: Verdict
    why: str


@dataclass(frozen=True)
class MarkedMap:
    """All lines that have something to say, idea by idea, and the score from 0 to 1."""

    lines: tuple[MarkedLine, ...]
    score: float

    def count(self, verdict: str) -> int:
        """How many lines have that verdict."""
        return sum(line.verdict == verdict for line in self.lines)

    @property
    def right(self) -> int:
        """Lines asked for and drawn."""
        return self.count("right")

    @property
    def wrong(self) -> int:
        """Lines drawn that are none."""
        return self.count("wrong")

    @property
    def missing(self) -> int:
        """Lines asked for and not drawn."""
        return self.count("missing")

    @property
    def tells(self) -> bool:
        """Whether what is missing is told: after a real try, of half as many lines as are asked for."""
        drawn = len(self.lines) - self.missing
        return 2 * drawn >= self.right + self.missing

    @property
    def shown(self) -> tuple[MarkedLine, ...]:
        """The lines that are explained."""
        return tuple(line for line in self.lines if self.tells or line.verdict != "missing")


def check(skill_map: SkillMap, drawn: Collection[Pair]) -> MarkedMap:
    """Mark the drawn lines. Pairs that join what is not on the map are refused before: see ``strange``."""
    found = tuple(_marked(skill_map, set(drawn)))
    counts = {
        verdict: sum(line.verdict == verdict for line in found) for verdict in ("right", "wrong", "missing")
    }
    return MarkedMap(found, counts["right"] / sum(counts.values()))


def _marked(skill_map: SkillMap, drawn: set[Pair]) -> Iterable[MarkedLine]:
    lines = {(line.idea, line.use): line for line in skill_map.lines}
    mistakes = {(mistake.idea, mistake.use): mistake.why for mistake in skill_map.mistakes}
    for idea in skill_map.ideas:
        for use in skill_map.uses:
            pair = (idea.id, use.id)
            line = lines.get(pair)
            if line and pair in drawn:
                yield MarkedLine(idea, use, "also" if line.optional else "right", line.why)
            elif line and not line.optional:
                yield MarkedLine(idea, use, "missing", line.why)
            elif not line and pair in drawn:
                yield MarkedLine(idea, use, "wrong", mistakes.get(pair) or _in_general(skill_map, idea, use))


def _in_general(skill_map: SkillMap, idea: MapNode, use: MapNode) -> str:
    """Why a line is wrong for which the author wrote no reason: what the use does rest on."""
    names = {node.id: node.text for node in skill_map.ideas}
    rests_on = [names[line.idea] for line in skill_map.lines if line.use == use.id and not line.optional]
    return f"“{use.text}” rests on {_listed(rests_on)}, not directly on “{idea.text}”."


def _listed(names: list[str]) -> str:
    quoted = [f"“{name}”" for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"


def strange(skill_map: SkillMap, drawn: Iterable[Pair]) -> list[Pair]:
    """The pairs that join what is not on the map."""
    ideas, uses = {node.id for node in skill_map.ideas}, {node.id for node in skill_map.uses}
    return [(idea, use) for idea, use in drawn if idea not in ideas or use not in uses]
