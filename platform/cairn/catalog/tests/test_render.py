"""Markdown becomes HTML that is safe to show, whatever was written."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cairn.catalog.render import headings, markdown, stylesheet

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">{}</svg>'


class Elements(HTMLParser):
    """Every element with its attributes, as a browser would see them."""

    def __init__(self, html):
        super().__init__()
        self.found = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def is_safe(html):
    for tag, attributes in Elements(html).found:
        assert tag not in ("script", "style", "iframe", "object", "embed", "link", "meta", "form", "base")
        for name, value in attributes.items():
            assert name != "style"
            assert not name.startswith("on")
            assert not re.match(r"\s*(javascript|data|vbscript):", value or "", re.IGNORECASE), (name, value)


ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '<a href="javascript:alert(1)">x</a>',
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](data:text/html,<script>alert(1)</script>)",
    '<p style="position:fixed">x</p>',
    "<svg onload=alert(1)>",
    "<svg><style>*{display:none}</style></svg>",
    "<math><mtext><script>alert(1)</script></mtext></math>",
    "<iframe src=//evil.example></iframe>",
    "<details ontoggle=alert(1) open>",
    "$\\href{javascript:alert(1)}{x}$",
    '$\\htmlStyle{color:red}{x}$ $\\htmlData{x="y"}{z}$',
    "$\\includegraphics{https://evil.example/x.png}$",
    "```<script>\nalert(1)\n```",
    '```python" onclick="alert(1)\nx\n```',
    "::: note <img src=x onerror=alert(1)>\n:::",
    "## <b onclick=alert(1)>x</b>",
    "| a |\n|:-:|\n| <script>x</script> |",
    "\ue0000\ue001",
    "<!-- --><form action=//evil.example><button>",
]


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("attack", ATTACKS)
def test_known_attacks(attack, strict):
    is_safe(markdown(attack, strict=strict).html)


pieces = st.one_of(
    st.sampled_from(
        [
            *ATTACKS,
            "$",
            "$$",
            "`",
            "```",
            "\n",
            "\n\n",
            "::: try A\n",
            ":::\n",
            "<",
            ">",
            '"',
            "'",
            "style=",
            "|",
        ]
    ),
    st.text(max_size=12),
    st.sampled_from(
        ["$x^2$", "$$\\sqrt{2}$$\n", "\\begin{bmatrix}1&2\\end{bmatrix}", "[a](b)", '![c](d "e")']
    ),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(pieces, max_size=12).map("".join), st.booleans())
def test_nothing_that_runs_survives(text, strict):
    is_safe(markdown(text, strict=strict).html)


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="\\{}^_x12+-&% ", max_size=20))
def test_a_formula_never_has_a_style_attribute_and_never_raises(tex):
    rendered = markdown(f"$${tex}$$")
    is_safe(rendered.html)
    assert 'style="' not in re.sub(r'displaystyle="', "", rendered.html)


def test_a_formula_is_mathml_and_html_with_its_rules_beside_it():
    rendered = markdown("The norm $\\sqrt{x^2}$.")
    assert "<math" in rendered.html
    assert "katex-html" in rendered.html
    used = set(re.findall(r"\bk-[0-9a-f]{8}\b", rendered.html))
    assert used
    assert used == set(rendered.rules)
    assert all(f".{name}{{" in rendered.styles for name in used)
    assert "!important" in rendered.styles


def test_a_formula_on_its_own_line_stands_alone():
    assert '<div class="eq"><span class="katex-display">' in markdown("Text\n\n$$x^2$$\n").html


def test_a_wrong_formula_is_told_with_its_line_and_shown_as_written():
    rendered = markdown("First line\nand $\\frac{1$ second.\n")
    assert [mistake.line for mistake in rendered.mistakes] == [2]
    assert "\\frac{1" in rendered.mistakes[0].message
    assert '<code class="formula-error">\\frac{1</code>' in rendered.html


def test_prices_are_no_formulas():
    assert "katex" not in markdown("It costs 5$ or 10$ a day.").html


def test_rules_of_several_texts_are_each_written_once():
    one, two = markdown("$x^2$"), markdown("$x^2 + y^2$")
    together = stylesheet([one, two])
    assert all(together.count(f".{name}{{") == 1 for name in one.rules | two.rules)


def test_code_is_highlighted_and_can_be_scrolled_by_keyboard():
    html = markdown("```python\ndef f():\n    return 1\n```").html
    assert '<pre class="code" tabindex="0"' in html
    assert '<span class="k">def</span>' in html


def test_text_after_python_is_its_output():
    html = markdown("```python\nprint(1)\n```\n```text\n1\n```").html
    assert '<div class="cell"><pre' in html
    assert re.search(r'<div class="out"><pre[^>]*>1</pre></div></div>', html)
    assert 'class="out"' not in markdown("```text\n1\n```").html


def test_headings_have_anchors_and_make_the_outline():
    rendered = markdown("## What it *is*\n\nText\n\n### A part\n\n## What it is\n")
    assert rendered.outline == (("what-it-is", "What it is"), ("what-it-is-2", "What it is"))
    assert rendered.anchors == {"what-it-is", "a-part", "what-it-is-2"}
    assert '<h2 id="what-it-is">' in rendered.html
    assert headings("## What it *is*\n\n## Two `x`\n").outline == (
        ("what-it-is", "What it is"),
        ("two-x", "Two x"),
    )


@pytest.mark.parametrize(("kind", "name"), [("note", "Note"), ("warn", "Take care"), ("try", "Try it")])
def test_notes(kind, name):
    html = markdown(f"::: {kind} Mind $x$\nText.\n:::\n\n::: {kind}\nMore.\n:::").html
    assert f'<div class="note {kind}" role="note">' in html
    assert '<p class="note-title">Mind <span class="katex">' in html
    assert f'<p class="note-title">{name}</p>' in html


def test_tables_scroll_and_align_without_style():
    html = markdown("| a | b |\n|---|--:|\n| 1 | 2 |").html
    assert '<div class="table-scroll" tabindex="0" role="group" aria-label="Table"><table>' in html
    assert '<td class="right">2</td>' in html


def test_a_link_that_leaves_the_site_gives_no_handle_on_it():
    html = markdown("[a](https://example.org) [b](/topics/x)").html
    assert '<a href="https://example.org" rel="noopener">' in html
    assert '<a href="/topics/x">' in html


def test_a_learners_text_has_no_html_no_figures_and_small_headings():
    html = markdown("# Title\n\n<b>bold</b> ![x](figures/a.svg) [a](https://a.example)", strict=True).html
    assert "<h3>Title</h3>" in html
    assert "&lt;b&gt;" in html
    assert "<img" not in html
    assert 'rel="noopener nofollow ugc"' in html


def test_a_label_has_no_paragraph_around_it():
    assert markdown("`a` and *b*", inline=True).html == "<code>a</code> and <em>b</em>"


def figure(tmp_path, inside, caption=' "A caption with $x$."'):
    (tmp_path / "figures").mkdir(exist_ok=True)
    (tmp_path / "figures" / "a.svg").write_text(SVG.format(inside))
    return markdown(f"![What it shows](figures/a.svg{caption})", figures=tmp_path)


def test_an_image_alone_is_a_figure_with_its_caption(tmp_path):
    html = figure(tmp_path, '<path class="ln" d="M0 0"/>').html
    assert '<svg viewBox="0 0 9 9" role="img" aria-label="What it shows">' in html
    assert '<figcaption>A caption with <span class="nobr"><span class="katex">' in html
    assert "<p>" not in html


def test_a_figure_may_scroll_and_can_be_reached_then(tmp_path):
    html = figure(tmp_path, "").html
    assert html.startswith(
        '<figure><div class="drawing" tabindex="0" role="group" aria-label="Figure: What it shows">'
    )


def test_punctuation_does_not_begin_a_line_after_a_formula():
    html = markdown("Let $x$, then ($y$) and $aaaaaa + bbbbbb + cccccc + dddddd = eeeeee$. So").html
    assert re.findall(r"</span>(?:</span>)*([^<\w\s]+)</span>", html) == [",", ")"]


def test_a_figures_ids_are_its_own(tmp_path):
    html = figure(tmp_path, '<marker id="tip"/><line marker-end="url(#tip)"/><use href="#tip"/>').html
    own = re.search(r'id="(f[0-9a-f]{6}-tip)"', html)[1]
    assert f'marker-end="url(#{own})"' in html
    assert f'href="#{own}"' in html


@pytest.mark.parametrize(
    "inside",
    [
        "<script>alert(1)</script>",
        '<path onclick="alert(1)" d="M0 0"/>',
        '<path style="fill:red" d="M0 0"/>',
        "<style>*{fill:red}</style>",
        '<image href="https://evil.example/x.png"/>',
        '<use href="https://evil.example/x.svg#a"/>',
        '<a href="javascript:alert(1)"><path d="M0 0"/></a>',
        '<rect fill="url(https://evil.example)"/>',
        "<foreignObject><p>x</p></foreignObject>",
    ],
)
def test_a_figure_carries_nothing_but_drawing(tmp_path, inside):
    html = figure(tmp_path, inside).html
    is_safe(html)
    assert "evil" not in html
    assert "foreignObject" not in html


def test_a_figure_that_is_not_well_formed_is_told(tmp_path):
    assert "not well-formed" in figure(tmp_path, "<path>").mistakes[0].message


def test_a_figure_with_entities_is_refused(tmp_path):
    rendered = figure(tmp_path, "")
    (tmp_path / "figures" / "a.svg").write_text('<!DOCTYPE svg [<!ENTITY a "b">]>' + SVG.format("&a;"))
    rendered = markdown("![x](figures/a.svg)", figures=tmp_path)
    assert "no document type" in rendered.mistakes[0].message


def test_only_figures_of_the_folder_can_be_shown(tmp_path):
    for source in (
        "https://example.org/a.svg",
        "../../secret.svg",
        "figures/../../a.svg",
        "figures/none.svg",
    ):
        rendered = markdown(f"![x]({source})", figures=tmp_path)
        assert rendered.mistakes
        assert "<svg" not in rendered.html
        assert "<img" not in rendered.html


def test_footnotes():
    html = markdown("A claim.[^1]\n\n[^1]: The source.\n").html
    assert 'class="footnote-ref"' in html
    assert "The source." in html
