"""A certificate on paper: one A4 page in landscape, with the cairn that was built."""

from functools import cache
from pathlib import Path

from django.conf import settings
from django.utils.formats import date_format
from fontTools.ttLib import TTFont
from fpdf import FPDF
from fpdf.enums import XPos, YPos

from cairn.learning.certificate_drawing import BLAZE, STONES, stones_of
from cairn.learning.models import Certificate
from cairn.ui import cairn as drawing

ALPHABETS = ("latin", "latin-ext", "cyrillic", "cyrillic-ext", "greek", "vietnamese")
WIDTH, HEIGHT, MARGIN = 297.0, 210.0, 24.0  # millimetres
INK, SOFT, LINE = (21, 27, 28), (95, 106, 109), (198, 205, 206)
_SHOWN_PARTS = 12


def font_file(alphabet: str) -> Path:
    """The typeface's file for one alphabet, as the front end's build leaves it."""
    name = f"source-serif-4-{alphabet}-wght-normal.woff2"
    return Path(settings.ROOT) / "frontend" / "dist" / "print" / name


def unwritable(text: str) -> list[str]:
    """The characters of ``text`` that the typeface does not have, each once."""
    known = _characters()
    return [letter for letter in dict.fromkeys(text) if ord(letter) not in known]


@cache
def _characters() -> frozenset[int]:
    return frozenset(code for alphabet in ALPHABETS for code in TTFont(font_file(alphabet)).getBestCmap())


def pdf_of(certificate: Certificate, address: str) -> bytes:
    """The page as PDF. ``address`` is where it can be verified."""
    page = FPDF(orientation="landscape", format="A4")
    page.set_title(f"{certificate.title}: certificate of {certificate.name}")
    page.set_author("Cairn")
    page.set_lang("en")
    page.set_auto_page_break(False)
    page.set_margins(MARGIN, MARGIN, MARGIN)
    page.add_page()
    _load_fonts(page)
    _draw_cairn(page, certificate)
    _write(page, certificate)
    _sign_off(page, certificate, address)
    return bytes(page.output())


def _load_fonts(page: FPDF) -> None:
    """The regular weight for the text, the bold one for the name; each alphabet has a file of its own."""
    for family, weight in (("serif", 400.0), ("strong", 600.0)):
        for alphabet in ALPHABETS:
            name = family if alphabet == "latin" else f"{family}-{alphabet}"
            page.add_font(name, fname=font_file(alphabet), variations={"wght": weight})


def _use(page: FPDF, family: str, size: float, colour: tuple[int, int, int]) -> None:
    page.set_fallback_fonts([f"{family}-{alphabet}" for alphabet in ALPHABETS[1:]])
    page.set_font(family, size=size)
    page.set_text_color(*colour)


def _write(page: FPDF, certificate: Certificate) -> None:
    column = 175.0
    page.set_xy(MARGIN, 34)
    _line(page, "serif", 13, SOFT, "Cairn certifies that", column)
    page.ln(5)
    _line(page, "strong", 32 if len(certificate.name) < 30 else 22, INK, certificate.name, column)
    page.ln(4)
    what = "walked the whole path" if certificate.kind == "path" else "completed the milestone"
    _line(page, "serif", 13, SOFT, what, column)
    page.ln(2)
    _line(page, "strong", 20, INK, certificate.title, column)
    if certificate.kind == "milestone":
        _line(page, "serif", 13, SOFT, f"of the path {certificate.path_title}", column)
    page.ln(5)
    titles = [title for title, _ in certificate.parts]
    more = f"; and {len(titles) - _SHOWN_PARTS} more" if len(titles) > _SHOWN_PARTS else ""
    _line(page, "serif", 10, SOFT, "It asked for: " + "; ".join(titles[:_SHOWN_PARTS]) + more + ".", column)


def _line(
    page: FPDF, family: str, size: float, colour: tuple[int, int, int], text: str, width: float
) -> None:
    _use(page, family, size, colour)
    page.multi_cell(width, size * 0.46, text, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _draw_cairn(page: FPDF, certificate: Certificate) -> None:
    """The stones as on the site, from the ground up, with the blaze on the second from the top."""
    placed = drawing.place(certificate.slug, stones_of(certificate), 46)
    tall = max((stone.base + stone.height for stone in placed), default=1)
    shrink = min(1.0, 120 / tall)
    ground, middle = 162.0, 240.0
    page.set_draw_color(*LINE)
    page.line(middle - 32, ground, middle + 32, ground)
    for stone in placed:
        page.set_fill_color(STONES[stone.tone])
        page.polygon([(middle + x * shrink, ground + y * shrink) for x, y in stone.outline], style="F")
    if placed:
        mark = placed[min(1, len(placed) - 1)]
        x, y, size = middle + mark.x * shrink, ground + mark.middle * shrink, mark.height * shrink * 0.28
        page.set_fill_color(BLAZE)
        page.polygon([(x, y - size), (x + size, y), (x, y + size), (x - size, y)], style="F")


def _sign_off(page: FPDF, certificate: Certificate, address: str) -> None:
    page.set_draw_color(*LINE)
    page.line(MARGIN, 174, WIDTH - MARGIN, 174)
    done, issued = date_format(certificate.completed_at, "j F Y"), date_format(certificate.issued_at, "j F Y")
    page.set_xy(MARGIN, 178)
    _line(page, "serif", 10, INK, f"Completed on {done}, issued on {issued}.", WIDTH - 2 * MARGIN)
    _use(page, "serif", 10, SOFT)
    page.cell(text=f"Verify it at {address}", link=address)
