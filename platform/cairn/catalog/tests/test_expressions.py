"""What authors may compute in a question, and that nothing else is possible there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cairn.catalog.expressions import BadExpression, evaluate, insert


@given(st.integers(-50, 50), st.integers(-50, 50), st.integers(1, 9))
def test_arithmetic_is_python_s_own(a, b, c):
    names = {"a": a, "b": b, "c": c}
    for text in ("a + b * c", "(a - b) / c", "a // c", "a % c", "a ** 2", "-a", "max(a, b)", "abs(a) - b"):
        assert evaluate(text, names) == eval(text, {"max": max, "abs": abs}, names)


@pytest.mark.parametrize(
    ("text", "value"),
    [("sqrt(16)", 4), ("comb(5, 2)", 10), ("round(2.345, 2)", 2.35), ("a > 1 and not a == 3", True),
     ("1 < a <= 2", True), ("10 if a == 2 else 20", 10), ("exp(0) + log(e)", 2)],
)  # fmt: skip
def test_functions_comparisons_and_choices(text, value):
    assert evaluate(text, {"a": 2}) == pytest.approx(value, abs=0.006)


@pytest.mark.parametrize(
    "text",
    ["__import__('os')", "a.real", "[1, 2]", "a()", "open('x')", "(lambda: 1)()", "'text'", "a[0]", "f'{a}'",
     "9 ** 9 ** 9", "2 ** 1000", "exp(1000)", "1 / 0", "log(0)", "sqrt(-1)", "b", "a in a", "1 +",
     "name * 3", "round(a, ndigits=1)", "{a}", "(x := 1)"],
)  # fmt: skip
def test_what_is_no_arithmetic_or_not_finite_is_refused(text):
    with pytest.raises(BadExpression):
        evaluate(text, {"a": 2, "name": "cat"})


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("{{a}} and {{a * 2}}", "3 and 6"),
        ("{{a / 4}}", "0.75"),
        ("{{a / 7:.2f}}", "0.43"),
        ("x {{-a:+}}", "x -3"),
        ("x {{a:+}}", "x +3"),
        (r"\frac{{{a}}}{2}", r"\frac{3}{2}"),
        ("{{name}} {{gap}}", "cat {{gap}}"),
        ("{{0.1 + 0.2}}", "0.3"),
        ("{ {{a}} }", "{ 3 }"),
    ],
)
def test_values_are_written_as_a_text_needs_them(text, shown):
    assert insert(text, {"a": 3, "name": "cat"}, frozenset({"gap"})) == shown
