"""Markdown to HTML that is safe to show: once at publish for authors, at reading time for learners.

The order is the safety: Markdown becomes HTML with marks where formulas and figures go, nh3 keeps what is
on its list, and only then are the marks replaced by KaTeX's output and by figures that were cleaned on their
own. Nothing that comes out carries a script, an event handler or a ``style`` attribute.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from html import escape
from pathlib import Path
from typing import Any, cast

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from mdit_py_plugins.container import container_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.footnote import footnote_plugin
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

from cairn.catalog.figures import BadFigure, inline_svg, words
from cairn.catalog.mathematics import formulas

NOTES = {"note": "Note", "warn": "Take care", "try": "Try it"}
MARK = re.compile("\ue000(\\d+)\ue001([.,;:!?)\u2019\u201d]*)")  # a formula or figure, and punctuation
FORMULA_PART = re.compile('class="katex-base"')  # KaTeX may break a line between two of them
MOST_PARTS, SHORT = 2, 30
MARK_CHARACTERS = re.compile("[\ue000\ue001]")
ALIGNED = re.compile(r"text-align:\s*(left|center|right)")
EXTERNAL = re.compile(r"(?:https?:)?//", re.IGNORECASE)

TAGS = words(
    "a abbr aside b blockquote br caption code dd del details div dl dt em figcaption figure h1 h2 h3 "
    "h4 h5 h6 hr i kbd li mark ol p pre q s samp section small span strong sub summary sup table tbody "
    "td tfoot th thead tr ul var"
)
ATTRIBUTES: dict[str, set[str]] = {
    "*": {"class", "id", "aria-label", "role"},
    "a": {"href", "title", "rel"},
    "abbr": {"title"},
    "div": {"tabindex"},
    "ol": {"start"},
    "pre": {"tabindex", "data-lang"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
}
CLEANER = nh3.Cleaner(
    tags=set(TAGS), attributes=ATTRIBUTES, link_rel=None, url_schemes={"http", "https", "mailto"}
)
FORMATTER = HtmlFormatter(nowrap=True)


@dataclass(frozen=True)
class Mistake:
    """Something in the Markdown that cannot be shown. ``line`` counts from 1."""

    line: int
    message: str
    remedy: str = ""


@dataclass(frozen=True)
class Rendered:
    """HTML with what belongs to it. ``rules`` are the CSS rules of its formulas, by class."""

    html: str
    outline: tuple[tuple[str, str], ...] = ()  # (anchor, title) of the second-level headings
    anchors: frozenset[str] = frozenset()
    words: int = 0
    rules: dict[str, str] = field(default_factory=dict)
    mistakes: tuple[Mistake, ...] = ()
    links: tuple[tuple[str, int], ...] = ()  # addresses on this site that it leads to, with their lines

    @property
    def styles(self) -> str:
        """The rules as CSS text."""
        return stylesheet([self])


def stylesheet(parts: Iterable[Rendered]) -> str:
    """The CSS of several rendered texts that share a page, each rule once."""
    rules: dict[str, str] = {}
    for part in parts:
        rules |= part.rules
    return "".join(rules[name] for name in sorted(rules))


def markdown(
    text: str, *, figures: Path | None = None, strict: bool = False, inline: bool = False
) -> Rendered:
    """Render Markdown. What cannot be shown is shown as its source and listed in ``mistakes``.

    ``figures`` is the folder that image addresses start from. ``strict`` is for text that a learner wrote:
    no raw HTML, no figures, headings that fit below a page's own. ``inline`` drops the paragraph around a
    text that is a single one, for a label. Raises FrontEndMissing where there are formulas and no KaTeX.
    """
    page = _Page(figures, strict)
    env: dict[str, Any] = {"page": page}
    parser = _parser(strict)
    tokens = parser.parse(MARK_CHARACTERS.sub("", text), env)
    html = CLEANER.clean(parser.renderer.render(tokens, parser.options, env))
    html = page.fill_in(_without_paragraph(html) if inline else html)
    return Rendered(
        html,
        outline=tuple(page.outline),
        anchors=frozenset(page.anchors),
        words=page.words,
        rules=page.rules,
        mistakes=tuple(page.mistakes),
        links=tuple(page.links),
    )


def headings(text: str) -> Rendered:
    """Only what ``markdown`` finds out without rendering: outline, anchors and words. Cheap."""
    page = _Page(None, strict=False)
    _parser(strict=False).parse(MARK_CHARACTERS.sub("", text), {"page": page})
    return Rendered("", tuple(page.outline), frozenset(page.anchors), page.words)


def code(source: str, language: str = "python") -> str:
    """Highlighted source as the inside of a ``<pre class="code">``. Raises ClassNotFound."""
    return str(highlight(source, _lexer(language), FORMATTER)).rstrip("\n")


@cache
def _lexer(language: str) -> Any:
    return get_lexer_by_name(language, stripnl=False)


class _Page:
    """What one rendering gathers on its way."""

    def __init__(self, figures: Path | None, strict: bool) -> None:
        self.figures = figures
        self.breakable: set[int] = set()
        self.strict = strict
        self.outline: list[tuple[str, str]] = []
        self.anchors: set[str] = set()
        self.words = 0
        self.rules: dict[str, str] = {}
        self.mistakes: list[Mistake] = []
        self.links: list[tuple[str, int]] = []
        self.pieces: list[str | tuple[str, bool, int]] = []  # finished HTML, or (TeX, own line, line number)

    def mark(self, piece: str | tuple[str, bool, int]) -> str:
        """Keep a piece for later and return the mark that stands for it."""
        self.pieces.append(piece)
        return f"\ue000{len(self.pieces) - 1}\ue001"

    def complain(self, line: int, message: str, remedy: str = "") -> None:
        """Note something that cannot be shown."""
        self.mistakes.append(Mistake(line, message, remedy))

    def anchor(self, title: str) -> str:
        """A new anchor for a heading: its words in lower case, joined by hyphens."""
        base = "-".join(re.findall(r"\w+", title.lower())) or "section"
        name, count = base, 1
        while name in self.anchors:
            count += 1
            name = f"{base}-{count}"
        self.anchors.add(name)
        return name

    def fill_in(self, html: str) -> str:
        """Replace the marks by formulas and figures."""
        wanted = [(i, piece) for i, piece in enumerate(self.pieces) if isinstance(piece, tuple)]
        done = formulas([(tex, own_line) for _, (tex, own_line, _) in wanted])
        for (i, (tex, own_line, line)), formula in zip(wanted, done, strict=True):
            self.rules |= dict(formula.rules)
            if formula.error:
                self.complain(line, f"The formula `{tex.strip()[:60]}` is not right: {formula.error}.")
            shown = formula.html or f'<code class="formula-error">{escape(tex)}</code>'
            self.pieces[i] = f'<div class="eq">{shown}</div>' if own_line else shown
            if len(tex) > SHORT and len(FORMULA_PART.findall(shown)) > MOST_PARTS:
                self.breakable.add(i)
        return MARK.sub(lambda mark: self._placed(int(mark[1]), mark[2]), html)

    def _placed(self, i: int, after: str) -> str:
        """The formula or figure, and what must not begin a line without it. A long formula may break."""
        piece = str(self.pieces[i])
        if not after or i in self.breakable:
            return piece + after
        return f'<span class="nobr">{piece}{after}</span>'


def _without_paragraph(html: str) -> str:
    inside = html.strip()
    alone = inside.startswith("<p>") and inside.endswith("</p>") and inside.count("<p>") == 1
    return inside[3:-4] if alone else inside


# --- how Markdown is read


@cache
def _parser(strict: bool) -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": not strict}, renderer_cls=_Renderer)
    rules = cast(_Renderer, parser.renderer).rules
    ours = dict(rules)
    parser.enable(["table", "strikethrough"])
    parser.use(dollarmath_plugin, allow_labels=False, allow_digits=False, double_inline=True)
    if strict:
        parser.disable(["image", "html_block", "html_inline"])
    else:
        parser.use(footnote_plugin)
        for kind in NOTES:
            parser.use(container_plugin, kind)
    parser.core.ruler.push("look", _look)
    rules.update(ours)  # again: plugins have put rules of their own in their place
    return parser


def _look(state: StateCore) -> None:
    """Walk over what was parsed: lines for formulas, anchors for headings, paragraphs that are figures."""
    page: _Page = state.env["page"]
    tokens = state.tokens
    for i, token in enumerate(tokens):
        if token.type == "inline":
            _place(token)
            page.words += len(token.content.split())
            _make_figure(tokens, i)
        elif token.type == "heading_open":
            _heading(page, token, tokens[i + 1])


def _place(inline: Token) -> None:
    """Tell each part of a paragraph its line, which only the paragraph knows."""
    line = inline.map[0] + 1 if inline.map else 1
    for child in inline.children or []:
        child.meta["line"] = line
        line += child.type in ("softbreak", "hardbreak")


def _heading(page: _Page, token: Token, inline: Token) -> None:
    level = int(token.tag[1])
    if page.strict:
        return
    if level == 1:
        line = token.map[0] + 1 if token.map else 1
        remedy = "Its title stands in the YAML file. Begin with `##`."
        page.complain(line, "A text has no `#` heading.", remedy)
    title = _plain(inline)
    anchor = page.anchor(title)
    token.attrSet("id", anchor)
    if level == 2:
        page.outline.append((anchor, title))


def _plain(inline: Token) -> str:
    """A heading's text without its marks."""
    kept = ("text", "code_inline", "math_inline", "softbreak")
    return "".join(child.content or " " for child in inline.children or [] if child.type in kept).strip()


def _make_figure(tokens: list[Token], i: int) -> None:
    """A paragraph that is one image becomes a figure; its title is the caption."""
    children = tokens[i].children or []
    if len(children) == 1 and children[0].type == "image" and tokens[i - 1].type == "paragraph_open":
        children[0].type = "figure"
        tokens[i - 1].hidden = tokens[i + 1].hidden = True


# --- how it is written


class _Renderer(RendererHTML):
    """Our HTML: methods are named by the token that they write."""

    def math_inline(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """``$x$`` among words."""
        return _formula(tokens[idx], env, own_line=False)

    def math_inline_double(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """``$$x$$`` inside a paragraph, where no block may stand."""
        return _formula(tokens[idx], env, own_line=False)

    def math_block(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """``$$x$$`` on lines of its own."""
        return _formula(tokens[idx], env, own_line=True) + "\n"

    def figure(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """An image that stands alone."""
        image, page = tokens[idx], env["page"]
        caption = image.attrGet("title")
        text = MarkdownIt.renderInline(_parser(page.strict), str(caption), {**env}) if caption else ""
        drawing = _drawing(page, image)
        return f"<figure>{drawing}" + (f"<figcaption>{text}</figcaption>" if text else "") + "</figure>\n"

    def image(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """An image among words has no place here."""
        line = tokens[idx].meta.get("line", 1)
        remedy = "Put it on a line of its own."
        env["page"].complain(line, "A figure stands in the middle of a paragraph.", remedy)
        return ""

    def fence(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """Code; ``text`` right after ``python`` is what it prints."""
        token, language = tokens[idx], _language(tokens[idx])
        if language == "text" and idx and _language(tokens[idx - 1]) == "python":
            return f'<div class="out">{_pre(escape(token.content), "Output")}</div></div>\n'
        block = _pre(_highlighted(env["page"], token, language), "Code", language)
        printed = idx + 1 < len(tokens) and _language(tokens[idx + 1]) == "text"
        return f'<div class="cell">{block}' if language == "python" and printed else f"{block}\n"

    def code_block(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """Code by indentation."""
        return _pre(escape(tokens[idx].content), "Code")

    def heading_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """A learner's headings go two levels down: the page they are shown on has its own."""
        return str(self.renderToken(_lowered(tokens, idx, env), idx, options, env))

    def heading_close(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """As heading_open."""
        return str(self.renderToken(_lowered(tokens, idx, env), idx, options, env))

    def link_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """A link that leaves the site gives the other side no handle on this one."""
        address = str(tokens[idx].attrGet("href") or "")
        if address.startswith("/"):
            env["page"].links.append((address, tokens[idx].meta.get("line", 1)))
        if EXTERNAL.match(address):
            tokens[idx].attrSet("rel", "noopener nofollow ugc" if env["page"].strict else "noopener")
        return str(self.renderToken(tokens, idx, options, env))

    def table_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """A wide table scrolls by itself, also by keyboard."""
        return '<div class="table-scroll" tabindex="0" role="group" aria-label="Table"><table>\n'

    def table_close(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """As table_open."""
        return "</table></div>\n"

    def th_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """A column's alignment is a class."""
        return _cell("th", tokens[idx])

    def td_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """As th_open."""
        return _cell("td", tokens[idx])


def _note(kind: str) -> Any:
    def write(self: RendererHTML, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """``::: kind Title``: an aside, with its kind's name where it has no title."""
        title = tokens[idx].info.strip().removeprefix(kind).strip() or NOTES[kind]
        words = MarkdownIt.renderInline(_parser(strict=False), title, {**env})
        return f'<div class="note {kind}" role="note"><p class="note-title">{words}</p>\n'

    return write


for _kind in NOTES:
    setattr(_Renderer, f"container_{_kind}_open", _note(_kind))


def _formula(token: Token, env: Any, own_line: bool) -> str:
    line = token.map[0] + 1 if token.map else token.meta.get("line", 1)
    return str(env["page"].mark((token.content, own_line, line)))


def _drawing(page: _Page, image: Token) -> str:
    source, label = str(image.attrGet("src") or ""), image.content
    line = image.meta.get("line", 1)
    file = page.figures / source if page.figures else None
    if file is None or not re.fullmatch(r"figures/[\w.-]+\.svg", source):
        page.complain(line, f"`{source}` is no figure of this folder.", "Write `figures/<name>.svg`.")
    elif not file.is_file():
        page.complain(line, f"The figure `{source}` does not exist.", "Draw it, or correct its name.")
    elif not label:
        page.complain(line, f"The figure `{source}` has no text in its brackets.", "Say what it shows.")
    else:
        try:
            svg = inline_svg(file.read_text(encoding="utf-8"), label)
            name = escape(f"Figure: {label}")
            return page.mark(
                f'<div class="drawing" tabindex="0" role="group" aria-label="{name}">{svg}</div>'
            )
        except (BadFigure, UnicodeDecodeError) as error:
            page.complain(line, f"The figure `{source}`: {error}.")
    return ""


def _language(token: Token) -> str:
    return (token.info.split() or ["text"])[0] if token.type == "fence" else ""


def _highlighted(page: _Page, token: Token, language: str) -> str:
    try:
        return code(token.content, language)
    except ClassNotFound:
        line = token.map[0] + 1 if token.map else 1
        page.complain(line, f"No highlighting is known for `{language}`.", "Write `text` for plain text.")
        return escape(token.content.rstrip("\n"))


def _pre(inside: str, label: str, language: str = "text") -> str:
    shown = inside.rstrip("\n")
    return (
        f'<pre class="code" tabindex="0" role="group" aria-label="{label}" '
        f'data-lang="{escape(language)}">{shown}</pre>'
    )


def _lowered(tokens: Sequence[Token], idx: int, env: Any) -> Sequence[Token]:
    token = tokens[idx]
    if env["page"].strict and not token.meta.get("lowered"):
        token.tag = f"h{min(int(token.tag[1]) + 2, 6)}"
        token.meta["lowered"] = True
    return tokens


def _cell(tag: str, token: Token) -> str:
    aligned = ALIGNED.search(str(token.attrGet("style") or ""))
    return f'<{tag} class="{aligned[1]}">' if aligned else f"<{tag}>"


def iter_hints(text: str) -> Iterator[tuple[str, str, int]]:
    """The parts of a ``hints.md``: (title, Markdown, line of its first line), one per ``##`` heading.

    What stands before the first heading comes with an empty title.
    """
    title, start = "", 1
    lines: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("## "):
            yield title, "\n".join(lines), start
            title, start, lines = line[3:].strip(), number + 1, []
        else:
            lines.append(line)
    yield title, "\n".join(lines), start
