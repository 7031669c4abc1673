"""The cairn of a certificate: every stone laid, in colours of its own, for paper and for a picture."""

from dataclasses import dataclass

from cairn.learning.models import Certificate
from cairn.ui import cairn as drawing

MOST_STONES = 24
STONES = ("#556063", "#667174", "#778285", "#848e91")  # by tone
BLAZE = "#f4b41a"
_OPEN_BADGES = "https://purl.imsglobal.org/ob/v3p0"


@dataclass(frozen=True)
class Drawn:
    """A certificate's cairn, for the tag that draws one."""

    slug: str
    title: str
    stones: list[drawing.Stone]


def stones_of(found: Certificate) -> list[drawing.Stone]:
    """Every stone laid; of a long path as many as a picture holds."""
    parts = enumerate(found.parts[:MOST_STONES])
    return [drawing.Stone(str(place), kind, "met", place) for place, (_, kind) in parts]


def badge_of(found: Certificate) -> str:
    """An SVG on its own: the colours that a page's style sheet would give are in it."""
    shapes = []
    placed = drawing.place(found.slug, stones_of(found), 160)
    for stone in placed:
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in stone.outline)
        shapes.append(f'<polygon points="{points}" fill="{STONES[stone.tone]}"/>')
    top = max((stone.base + stone.height for stone in placed), default=1.0)
    if placed:
        mark = placed[min(1, len(placed) - 1)]
        size = mark.height * 0.28
        shapes.append(
            f'<path d="M{mark.x:.1f} {mark.middle - size:.1f}l{size:.1f} {size:.1f}-{size:.1f} {size:.1f}'
            f'-{size:.1f}-{size:.1f}z" fill="{BLAZE}"/>'
        )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:openbadges="{_OPEN_BADGES}" '
        f'viewBox="-110 {-top - 20:.1f} 220 {top + 40:.1f}">'
        f'<openbadges:credential verify="{found.credential}"/>{"".join(shapes)}</svg>'
    )
