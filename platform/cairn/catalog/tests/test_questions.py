"""What an author may ask: mistakes in a question are found before it is published."""

import re

import pytest
from pydantic import TypeAdapter, ValidationError

from cairn.catalog.actions import publish
from cairn.catalog.content import Quiz
from cairn.catalog.errors import ContentErrors
from cairn.catalog.models import Document
from cairn.catalog.predictions import wrong_predictions
from cairn.catalog.questions import VARIANTS, AnyQuestion, variants_of
from cairn.catalog.source import Source
from cairn.catalog.tests.sample import QUIZ, publish_sample, replace_in, write_sample

ASKED: TypeAdapter[AnyQuestion] = TypeAdapter(AnyQuestion)
SEEDED = {
    "id": "area",
    "type": "numeric",
    "parameters": {"a": {"low": 2, "high": 9}, "b": {"low": 2, "high": 9}},
    "derived": {"p": "a * b"},
    "where": ["a != b"],
    "prompt": "How many entries has a ${{a}} \\times {{b}}$ matrix?",
    "answer": "{{p}}",
    "explain": "${{a}} \\cdot {{b}} = {{p}}$.",
}
MATCH = {
    "id": "m", "type": "match", "prompt": "?", "explain": "!",
    "pairs": [{"left": "a", "right": "one"}, {"left": "b", "right": "two"}, {"left": "c", "right": "one"}],
    "extra": ["three"],
}  # fmt: skip
FILL = {
    "id": "f", "type": "fill", "prompt": "?", "explain": "!", "code": "x = np.{{name}}({{size}})",
    "blanks": {"size": {"answer": "3"}, "name": {"answer": "zeros", "accept": ["ones"]}},
}  # fmt: skip


def ask(**changes):
    return ASKED.validate_python(SEEDED | changes)


def test_every_variant_is_a_whole_question_with_its_own_numbers():
    variants = variants_of(ask())
    assert len(variants) == VARIANTS
    assert len({one.prompt for one in variants}) == VARIANTS
    for one in variants:
        a, b = map(int, re.findall(r"\d+", one.prompt))
        assert a != b
        assert one.answer == a * b
        assert f"= {a * b}$" in one.explain


def test_the_same_file_gives_the_same_variants():
    assert variants_of(ask()) == variants_of(ask())


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"derived": {"p": "a / (b - b)"}}, "no value"),
        ({"derived": {"p": "a * c"}}, "there is no `c`"),
        ({"derived": {"p": "exp(a * 1000)"}}, "no value|finite"),
        ({"where": ["a > 100"]}, "0 variants"),
        ({"parameters": {"a": {"low": 2, "high": 3}, "b": {"among": [9]}}}, "2 variants"),
        ({"parameters": {"a": {"low": 2}}}, "write `among"),
        ({"parameters": {"a": {"low": 5, "high": 2}}}, "above `low`"),
        ({"answer": "many"}, "valid number"),
        ({"tolerence": 1}, "Extra inputs"),
        ({"where": ["__import__('os')"]}, "cannot stand|no value"),
    ],
)
def test_a_seeded_question_that_cannot_be_asked_is_refused_with_the_reason(changes, said):
    with pytest.raises(ValidationError, match=said):
        ask(**changes)


def test_a_distractor_must_never_equal_the_right_answer():
    choices = [{"text": "{{a * 2}}", "correct": True}, {"text": "{{a ** 2}}"}]  # the same for a = 2
    fields = {name: value for name, value in SEEDED.items() if name not in ("answer", "where")}
    with pytest.raises(ValidationError, match="two of `choices` read `4`"):
        ASKED.validate_python(fields | {"type": "single", "choices": choices})
    assert ASKED.validate_python(fields | {"type": "single", "choices": choices, "where": ["a != 2"]})


@pytest.mark.parametrize(
    ("question", "said"),
    [
        (MATCH | {"extra": ["one"]}, "belongs to a pair"),
        (MATCH | {"pairs": [{"left": "a", "right": "x"}, {"left": "a", "right": "y"}]}, "two of `pairs`"),
        (
            MATCH | {"extra": [], "pairs": [{"left": "a", "right": "x"}, {"left": "b", "right": "x"}]},
            "same right",
        ),
        (FILL | {"code": "x = {{size}}"}, "write `{{name}}` once"),
        (FILL | {"code": "{{size}} {{size}} {{name}}"}, "write `{{size}}` once"),
        (
            FILL | {"blanks": {"size": {"answer": "3", "accept": ["("]}}, "code": "{{size}}"},
            "regular expression",
        ),
        (
            {"id": "p", "type": "predict", "prompt": "?", "explain": "!", "code": "pass", "output": " \n"},
            "empty",
        ),
        (
            {"id": "n", "type": "numeric", "prompt": "?", "explain": "!", "answer": 1, "unit_required": True},
            "unit",
        ),
        ({"id": "n", "type": "numeric", "prompt": "?", "explain": "!", "answer": float("nan")}, "finite"),
    ],
)
def test_a_question_that_cannot_be_right_is_refused(question, said):
    with pytest.raises(ValidationError, match=said):
        ASKED.validate_python(question)


def test_gaps_come_in_the_order_of_the_code_whatever_the_order_of_their_keys():
    assert ASKED.validate_python(FILL).names == ("name", "size")


def test_questions_that_use_nothing_new_are_stored_as_they_always_were():
    """Results are pinned to the hash of this text: a field that came later must not change it."""
    old = {"id": "q", "prompt": "?", "explain": "!", "type": "numeric", "answer": 1.0}
    stored = Quiz.model_validate({"questions": [old]}).model_dump_json()
    assert stored == (
        '{"pass_score":0.7,"questions":[{"id":"q","prompt":"?","explain":"!","hint":"","section":"",'
        '"type":"numeric","answer":1.0,"tolerance":1e-9,"unit":""}]}'
    )


def test_a_published_question_says_nothing_of_what_is_right(db, tmp_path):
    publish_sample(tmp_path)
    questions = """\
  - id: pairs
    type: match
    prompt: Which is which?
    pairs: [{left: dog, right: barks}, {left: cat, right: purrs}, {left: owl, right: hoots}]
    explain: Listen.
  - id: gaps
    type: fill
    prompt: Fill.
    code: "x = np.{{kind}}(3)"
    blanks: {kind: {answer: empty_like_secret}}
    explain: So.
  - id: prints
    type: predict
    prompt: What does it print?
    code: print(6 * 7)
    output: "42"
    explain: Six times seven.
"""
    file = tmp_path / QUIZ
    file.write_text(file.read_text() + questions)
    publish(tmp_path)
    quiz = Document.objects.filter(kind="quiz").latest("pk")
    shown = {one["id"]: one for one in quiz.body["questions"]}
    assert "secret" not in str(shown["gaps"])
    assert "42" not in str(shown["prints"])
    assert (
        shown["pairs"]["rights"] != ["barks", "purrs", "hoots"] or quiz.private["questions"]["pairs"]["order"]
    )
    assert sorted(shown["pairs"]["rights"]) == ["barks", "hoots", "purrs"]
    assert "".join(shown["gaps"]["code"]).count("np") == 1


def test_mathematics_with_parameters_is_rendered_for_every_variant(db, tmp_path):
    publish_sample(tmp_path)
    file = tmp_path / QUIZ
    file.write_text(
        file.read_text()
        + """\
  - id: entries
    type: numeric
    parameters: {a: {low: 2, high: 9}, b: {low: 2, high: 9}}
    prompt: "Entries of a ${{a}} \\\\times {{b}}$ matrix?"
    answer: "{{a * b}}"
    explain: "${{a}} \\\\cdot {{b}} = {{a * b}}$."
"""
    )
    publish(tmp_path)
    quiz = Document.objects.filter(kind="quiz").latest("pk")
    entries = next(one for one in quiz.body["questions"] if one["id"] == "entries")
    assert len(entries["variants"]) == VARIANTS
    assert all("katex" in one["prompt"] and "{{" not in one["prompt"] for one in entries["variants"])
    assert ".k-" in quiz.body["styles"]


def test_a_mistake_in_a_seeded_question_names_its_file_and_line(db, tmp_path):
    write_sample(tmp_path)
    replace_in(
        tmp_path,
        QUIZ,
        "    answer: 14\n",
        '    answer: "{{1 / (a - a)}}"\n    parameters: {a: {low: 1, high: 9}}\n',
    )
    with pytest.raises(ContentErrors) as refused:
        publish(tmp_path)
    assert any(QUIZ in str(error) and "has no value" in str(error) for error in refused.value.errors)


def test_the_code_of_a_question_is_run_and_must_print_what_its_author_says(tmp_path):
    write_sample(tmp_path)
    file = tmp_path / QUIZ
    asked = "  - {id: p, type: predict, prompt: '?', explain: '!', code: 'print(6 * 7)  ', output: '%s'}\n"
    before = file.read_text()
    for output, wrong in (("42", 0), ("43", 1)):
        file.write_text(before + asked % output)
        assert len(list(wrong_predictions(Source(tmp_path), file))) == wrong
    file.write_text(before + asked.replace("6 * 7", "1 / 0") % "42")
    (said,) = wrong_predictions(Source(tmp_path), file)
    assert "ZeroDivisionError" in said
