"""Formulas: TeX to HTML and MathML by KaTeX, which runs inside this process, without inline styles."""

import hashlib
import json
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from django.conf import settings
from py_mini_racer import JSEvalException, MiniRacer

MOST_KNOWN = 20_000
SECONDS = 5  # for one page's formulas, of which each may expand at most 1,000 macros
RENDER = """
var renderAll = formulas => JSON.stringify(formulas.map(([tex, displayMode]) => {
  try {
    return {html: katex.renderToString(tex, {displayMode, output: "htmlAndMathml", throwOnError: true,
      strict: "ignore", trust: false, maxSize: 40, maxExpand: 1000})};
  } catch (error) { return {error: String(error.message)}; }
}));
"""
STYLED = re.compile(r'<([a-z]+)((?: [a-zA-Z:-]+="[^"]*")*)(/?)>')
ATTRIBUTE = re.compile(r' ([a-zA-Z:-]+)="([^"]*)"')
SAFE_STYLE = re.compile(r"(?:[a-z-]+:[-+\w.#%() ,]+;?)+")


@dataclass(frozen=True)
class Formula:
    """One formula as ``html`` without a style attribute, and the ``rules`` (class to CSS) that it needs."""

    html: str = ""
    rules: tuple[tuple[str, str], ...] = ()
    error: str = ""


class FrontEndMissing(Exception):
    """KaTeX is not there, because the front end was not built."""


def katex_file() -> Path:
    """KaTeX's script as the front end's build leaves it."""
    return Path(settings.ROOT) / "frontend" / "dist" / "katex" / "katex.min.js"


def formulas(sources: Sequence[tuple[str, bool]]) -> list[Formula]:
    """Render TeX sources, each with whether it stands on its own line. A bad one gets its ``error`` set.

    Raises FrontEndMissing.
    """
    known = _known()
    new = [source for source in dict.fromkeys(sources) if source not in known]
    fresh = dict(zip(new, _typeset(new), strict=True)) if new else {}
    if len(known) < MOST_KNOWN:
        known.update({source: made for source, made in fresh.items() if not made.error})
    return [fresh[source] if source in fresh else known[source] for source in sources]


@cache
def _known() -> dict[tuple[str, bool], Formula]:
    """Formulas typeset before, never taken out: most are short and come again in a lesson or its quiz."""
    return {}


def _typeset(sources: Sequence[tuple[str, bool]]) -> list[Formula]:
    try:
        answers = json.loads(_katex().render([list(source) for source in sources]))
    except JSEvalException as error:  # out of time and out of memory are kinds of it
        return [Formula(error=f"it could not be typeset: {str(error).splitlines()[0][:200]}")] * len(sources)
    return [_formula(answer) for answer in answers]


def _formula(answer: dict[str, str]) -> Formula:
    if "error" in answer:
        # KaTeX underlines the place with combining characters, which a terminal shows as noise.
        return Formula(error=answer["error"].removeprefix("KaTeX parse error: ").replace("\u0332", ""))
    return _without_styles(answer["html"])


def _without_styles(html: str) -> Formula:
    """Move every ``style`` attribute into a class named by the hash of its rules."""
    rules: dict[str, str] = {}

    def replace(match: re.Match[str]) -> str:
        attributes = dict(ATTRIBUTE.findall(match[2]))
        style = attributes.pop("style", "")
        if not style:
            return match[0]
        name, rule = _rule(style)
        rules[name] = rule
        attributes["class"] = f"{attributes.get('class', '')} {name}".strip()
        kept = "".join(f' {key}="{value}"' for key, value in attributes.items())
        return f"<{match[1]}{kept}{match[3]}>"

    return Formula(STYLED.sub(replace, html), tuple(rules.items()))


@lru_cache(maxsize=4096)
def _rule(style: str) -> tuple[str, str]:
    """A class name and its CSS. As strong as the attribute was, hence ``!important``.

    Raises ValueError for a style that is more than lengths, names and colours.
    """
    if not SAFE_STYLE.fullmatch(style):
        raise ValueError(f"KaTeX made a style that is not allowed here: {style!r}")
    name = "k-" + hashlib.sha256(style.encode()).hexdigest()[:8]
    body = "".join(f"{part}!important;" for part in style.strip(";").split(";"))
    return name, f".{name}{{{body}}}"


class _Katex:
    """One JavaScript context. V8 runs in it one call at a time, so a lock keeps threads apart."""

    def __init__(self, script: str) -> None:
        self.lock = threading.Lock()
        self.context = MiniRacer()
        self.context.eval(script)
        self.context.eval(RENDER)

    def render(self, sources: list[list[str | bool]]) -> str:
        """The answers for all sources as JSON."""
        with self.lock:
            return str(self.context.call("renderAll", sources, timeout_sec=SECONDS))


@cache
def _katex() -> _Katex:
    file = katex_file()
    if not file.exists():
        raise FrontEndMissing(f"{file} is missing. Build the front end first: make front.")
    return _Katex(file.read_text())
