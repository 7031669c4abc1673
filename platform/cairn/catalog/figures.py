"""Figures: an author's SVG file becomes markup that is safe to put into a page."""

import hashlib
import re
import xml.etree.ElementTree as ET

SVG = "http://www.w3.org/2000/svg"


def words(text: str) -> frozenset[str]:
    """A set written as words."""
    return frozenset(text.split())


ELEMENTS = words(
    "svg g path rect circle ellipse line polyline polygon text tspan title desc defs marker clipPath mask "
    "linearGradient radialGradient stop pattern use"
)
ATTRIBUTES = words(
    "id class viewBox width height x y x1 y1 x2 y2 cx cy r rx ry dx dy d points transform rotate "
    "fill fill-opacity fill-rule clip-rule stroke stroke-width stroke-opacity stroke-dasharray "
    "stroke-dashoffset stroke-linecap stroke-linejoin opacity text-anchor dominant-baseline "
    "font-size font-weight font-style font-family letter-spacing textLength lengthAdjust paint-order "
    "preserveAspectRatio role aria-label aria-hidden aria-labelledby "
    "marker-start marker-mid marker-end markerWidth markerHeight markerUnits refX refY orient "
    "clip-path mask clipPathUnits maskUnits patternUnits patternTransform gradientUnits gradientTransform "
    "offset stop-color stop-opacity spreadMethod vector-effect href"
)
REFERENCE = re.compile(r"url\(#([\w.-]+)\)")
OUTSIDE = re.compile(r"url\s*\((?!#)|javascript:|data:|//", re.IGNORECASE)


class BadFigure(Exception):
    """The file is not an SVG that can be shown. Carries the ``line``."""

    def __init__(self, message: str, line: int = 1) -> None:
        super().__init__(message)
        self.line = line


def inline_svg(source: str, label: str) -> str:
    """The figure as inline SVG: allowed elements and attributes only, ids of its own, named ``label``.

    Raises BadFigure.
    """
    if "<!DOCTYPE" in source or "<!ENTITY" in source:
        raise BadFigure("a figure has no document type and no entities")
    try:
        root = ET.fromstring(source)  # noqa: S314 - no entities, refused above
    except ET.ParseError as error:
        raise BadFigure(f"it is not well-formed: {error}", error.position[0]) from None
    if root.tag != f"{{{SVG}}}svg":
        raise BadFigure('the outermost element must be <svg xmlns="http://www.w3.org/2000/svg">')
    prefix = "f" + hashlib.sha256(source.encode()).hexdigest()[:6] + "-"
    clean = _clean(root, prefix)
    clean.set("role", "img")
    clean.set("aria-label", label or clean.get("aria-label", ""))
    return ET.tostring(clean, encoding="unicode", short_empty_elements=True)


def _clean(element: ET.Element, prefix: str) -> ET.Element:
    """A copy with nothing but what is allowed. Elements outside the list go with all they hold."""
    copy = ET.Element(_local(element.tag))
    copy.text, copy.tail = element.text, element.tail
    for name, value in element.attrib.items():
        if (kept := _attribute(_local(name), value, prefix)) is not None:
            copy.set(_local(name), kept)
    copy.extend(_clean(child, prefix) for child in element if _local(child.tag) in ELEMENTS)
    return copy


def _attribute(name: str, value: str, prefix: str) -> str | None:
    """The value to keep, or None. Ids get the figure's prefix, so that two figures may share a page."""
    if name not in ATTRIBUTES or OUTSIDE.search(value):
        return None
    if name == "id":
        return prefix + value
    if name == "aria-labelledby":
        return " ".join(prefix + word for word in value.split())
    if name == "href":
        return f"#{prefix}{value[1:]}" if value.startswith("#") else None
    return REFERENCE.sub(rf"url(#{prefix}\1)", value)


def _local(name: object) -> str:
    """The name without its namespace; comments and instructions have no name at all."""
    return name.rpartition("}")[2] if isinstance(name, str) else ""
