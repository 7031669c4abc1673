"""What answers are worth, as rules that hold for every question."""

import contextlib
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cairn.catalog.content import (
    ChoiceQuestion,
    FillQuestion,
    MatchQuestion,
    NumericQuestion,
    OrderQuestion,
    PredictQuestion,
    TextQuestion,
)
from cairn.submissions.marking import BadAnswer, less_hint, mark, read_answer, read_number
from cairn.submissions.units import factor


def choices(kind, correct):
    return ChoiceQuestion(
        id="q",
        prompt="?",
        explain="!",
        type=kind,
        choices=tuple({"text": f"choice {i}", "correct": c} for i, c in enumerate(correct)),
    )


def order(count):
    return OrderQuestion(
        id="q", prompt="?", explain="!", type="order", items=[f"item {i}" for i in range(count)]
    )


def numeric(answer, tolerance=1e-9, unit=""):
    return NumericQuestion(
        id="q", prompt="?", explain="!", type="numeric", answer=answer, tolerance=tolerance, unit=unit
    )


TEXT = TextQuestion(id="q", prompt="?", explain="!", type="text", answer="(2, 3)", accept=[r"\(?2,\s*3\)?"])
masks = st.lists(st.booleans(), min_size=2, max_size=10).filter(any)


@given(st.integers(2, 10), st.data())
def test_a_single_question_gives_its_point_to_one_choice_only(count, data):
    right = data.draw(st.integers(0, count - 1))
    question = choices("single", [i == right for i in range(count)])
    assert [mark(question, i) for i in range(count)] == [float(i == right) for i in range(count)]


@given(masks, st.data())
def test_multiple_stays_between_0_and_1_and_only_the_right_set_earns_1(correct, data):
    chosen = data.draw(st.lists(st.integers(0, len(correct) - 1), min_size=1, unique=True))
    question = choices("multiple", correct)
    points = mark(question, read_answer(question, chosen))
    assert 0 <= points <= 1
    assert (points == 1) == (set(chosen) == {i for i, c in enumerate(correct) if c})


@given(masks, st.data())
def test_multiple_does_not_care_in_which_order_boxes_were_ticked(correct, data):
    chosen = data.draw(st.lists(st.integers(0, len(correct) - 1), min_size=1, unique=True))
    shuffled = data.draw(st.permutations(chosen))
    question = choices("multiple", correct)
    assert mark(question, read_answer(question, chosen)) == mark(question, read_answer(question, shuffled))


@given(masks.filter(lambda mask: not all(mask)))
def test_ticking_everything_earns_nothing(correct):
    assert mark(choices("multiple", correct), list(range(len(correct)))) == 0


def test_half_of_the_right_ones_earn_half():
    assert mark(choices("multiple", [True, True, False, False]), [0]) == 0.5
    assert mark(choices("multiple", [True, True, False, False]), [0, 2]) == 0


@given(st.integers(3, 8).flatmap(lambda n: st.permutations(range(n))))
def test_an_order_earns_1_only_if_it_is_the_right_one(given_order):
    question = order(len(given_order))
    points = mark(question, read_answer(question, list(given_order)))
    assert 0 <= points <= 1
    assert (points == 1) == (list(given_order) == sorted(given_order))


def test_an_order_off_by_one_swap_keeps_part_of_its_credit_and_a_reversed_one_none():
    assert mark(order(4), [0, 1, 3, 2]) == pytest.approx((2 / 4 + 1 / 3) / 2)
    assert mark(order(4), [3, 2, 1, 0]) == 0


@given(st.floats(-1e6, 1e6), st.floats(0, 10))
def test_the_answer_itself_is_always_right(answer, tolerance):
    assert mark(numeric(answer, tolerance), repr(answer)) == 1


@given(st.integers(-10_000, 10_000))
def test_the_edges_of_the_tolerance_are_right_and_what_lies_beyond_is_not(tenths):
    question = numeric(tenths / 10, tolerance=0.05)
    assert mark(question, f"{tenths / 10 + 0.05:.2f}") == 1
    assert mark(question, f"{tenths / 10 - 0.05:.2f}") == 1
    assert mark(question, f"{tenths / 10 + 0.06:.2f}") == 0


@pytest.mark.parametrize(
    ("written", "number"),
    [("0.5", 0.5), ("0,5", 0.5), (",5", 0.5), (" 3 ", 3), ("\u22122", -2), ("1e-3", 0.001), ("3/4", 0.75),
     ("0,125", 0.125), ("1 234,5", 1234.5), ("1,234.5", 1234.5), ("1.234,5", 1234.5), ("+7", 7),
     ("\u2212 0,5", -0.5), ("2.5\u00d710^-1", 0.25), ("2.5*10^3", 2500), ("1,234,567", 1234567),
     ("1.234.567", 1234567), ("12\u202f345", 12345), ("\ufeff5\u200b", 5), ("-0", 0), ("1e-999", 0)],
)  # fmt: skip
def test_numbers_are_read_as_people_write_them(written, number):
    assert read_number(written) == pytest.approx(number)


def test_the_unit_may_be_written_or_left_out():
    assert read_number("12 cm", "cm") == read_number("12", "cm") == read_number("12CM", "cm") == 12
    assert read_number("80 %", "%") == 80


@pytest.mark.parametrize(
    ("written", "said"),
    [("about two", "not a number"), ("1,000", "two|thousands"), ("5 kg", "kg"), ("1/0", "finite"),
     ("1e999", "finite"), ("nan", "not a number"), ("1.2.3", "not a number"), ("", "not a number"),
     ("9" * 450, "finite"), ("1e300/1e-300", "finite"), ("inf", "not a number"), ("0x10", "x10"),
     ("--3", "not a number"), ("1½", "½"), ("1,2,3", "not a number")],
)  # fmt: skip
def test_what_is_no_number_or_two_numbers_is_refused_with_a_reason(written, said):
    with pytest.raises(BadAnswer, match=said):
        read_number(written, "cm")


def test_text_ignores_case_and_outer_space_and_must_match_whole():
    assert mark(TEXT, read_answer(TEXT, "  (2,3) ")) == 1
    assert mark(TEXT, read_answer(TEXT, "(2, 3) or so")) == 0


@pytest.mark.parametrize(
    ("question", "value", "said"),
    [
        (choices("single", [True, False]), 2, "has 2 answers"),
        (choices("single", [True, False]), -1, "has 2 answers"),
        (choices("single", [True, False]), "x", "Choose one"),
        (choices("single", [True, False]), None, "Choose one"),
        (choices("single", [True, False]), True, "Choose one"),
        (choices("multiple", [True, False]), [], "at least one"),
        (choices("multiple", [True, False]), [0, 7], "has 2 answers"),
        (order(3), [0, 1], "each of the 3"),
        (order(3), [0, 1, 1], "share a place"),
        (TEXT, "   ", "Write an answer"),
        (TEXT, "x" * 501, "at most 500"),
        (numeric(1), "one", "not a number"),
    ],
)
def test_an_answer_out_of_range_is_refused_with_a_sentence(question, value, said):
    with pytest.raises(BadAnswer, match=said) as refused:
        read_answer(question, value)
    assert "kept" in refused.value.message


# --- units


@pytest.mark.parametrize(
    ("written", "unit", "number"),
    [
        ("1500 ms", "s", 1.5),
        ("2 min", "s", 120),
        ("0.5 GiB", "MiB", 512),
        ("1 kB", "B", 1000),
        ("25 %", "", 0.25),
        ("0.5 km", "m", 500),
        ("180°", "rad", 3.14159265),
        ("1/4 h", "min", 15),
        ("2 gb", "GB", 2),
        ("8 bit", "B", 1),
        ("3 widgets", "widgets", 3),
    ],
)
def test_another_unit_of_the_same_kind_is_converted(written, unit, number):
    assert read_number(written, unit) == pytest.approx(number)


def test_a_unit_that_is_part_of_the_answer_must_be_written_and_fit():
    question = NumericQuestion(
        id="q", prompt="?", explain="!", type="numeric", answer=1.5, unit="s", unit_required=True
    )
    assert mark(question, read_answer(question, "1500 ms")) == 1
    assert mark(question, read_answer(question, "1500 s")) == 0
    with pytest.raises(BadAnswer, match="unit is part of the answer"):
        read_answer(question, "1.5")
    with pytest.raises(BadAnswer, match="not a unit that measures this"):
        read_answer(question, "1.5 kg")


@given(
    st.sampled_from(["ns", "ms", "s", "min", "h", "d"]), st.sampled_from(["ns", "ms", "s", "min", "h", "d"])
)
def test_converting_there_and_back_changes_nothing(one, other):
    there, back = factor(one, other), factor(other, one)
    assert there is not None
    assert back is not None
    assert there * back == pytest.approx(1)


# --- match, predict, fill


def match(rights, extra=()):
    pairs = [{"left": f"left {i}", "right": right} for i, right in enumerate(rights)]
    return MatchQuestion(id="q", prompt="?", explain="!", type="match", pairs=pairs, extra=extra)


def predict(output):
    return PredictQuestion(id="q", prompt="?", explain="!", type="predict", code="print()", output=output)


FILL = FillQuestion(
    id="q", prompt="?", explain="!", type="fill", code="np.{{kind}}(3) @ {{other}}",
    blanks={"kind": {"answer": "zeros", "accept": ["ones|full"]}, "other": {"answer": 'w["a"]'}},
)  # fmt: skip


@given(st.integers(2, 8).flatmap(lambda n: st.permutations(range(n))))
def test_a_match_earns_the_share_of_its_pairs(answer):
    question = match([f"right {i}" for i in range(len(answer))])
    right = sum(given == place for place, given in enumerate(answer))
    assert mark(question, read_answer(question, [str(one) for one in answer])) == right / len(answer)


def test_a_right_side_may_belong_to_several_left_ones():
    question = match(["vector", "matrix", "vector"], extra=["scalar"])
    assert question.rights == ("vector", "matrix", "scalar")
    assert mark(question, [0, 1, 0]) == 1
    assert mark(question, [0, 2, 0]) == pytest.approx(2 / 3)


@given(st.lists(st.text("ab 1", min_size=1).filter(str.strip), min_size=1, max_size=5), st.data())
def test_white_space_at_line_ends_is_forgiven_and_nothing_else(printed, data):
    question = predict("\n".join(printed))
    spaces = [data.draw(st.text(" \t", max_size=3)) for _ in printed]
    typed = "\r\n".join(line + space for line, space in zip(printed, spaces, strict=True)) + "\n\n"
    assert mark(question, read_answer(question, typed)) == 1
    assert mark(question, read_answer(question, typed.replace("\n", "\nx", 1))) < 1


def test_each_printed_line_earns_its_share_and_lines_too_many_cost():
    question = predict("1\n2\n3\n4")
    assert mark(question, read_answer(question, "1\n2\n0\n4")) == 0.75
    assert mark(question, read_answer(question, "1\n2\n3\n4\n5")) == 0.8
    assert mark(question, read_answer(question, "0")) == 0


@pytest.mark.parametrize(
    ("gaps", "points"),
    [
        (["zeros", 'w["a"]'], 1),
        (["ones", "w['a']"], 1),
        ([" zeros ", "w[ 'a' ]"], 1),
        (["Zeros", "w['a']"], 0.5),
        (["onesies", "w"], 0),
    ],
)
def test_gaps_forgive_spaces_and_the_kind_of_quotes_but_not_case(gaps, points):
    assert mark(FILL, read_answer(FILL, gaps)) == points


@pytest.mark.parametrize(
    ("question", "value", "said"),
    [
        (match(["a", "b"]), ["0", ""], "1 of 2 has no other half"),
        (match(["a", "b"]), ["0"], "each of the 2"),
        (match(["a", "b"]), ["0", "5"], "not one of them"),
        (predict("1"), " \n ", "what it prints"),
        (predict("1"), "x" * 4001, "at most 4000"),
        (FILL, ["zeros", " "], "1 of 2 gaps is empty"),
        (FILL, "zeros", "each of the 2 gaps"),
        (FILL, ["zeros", 3], "at most"),
        (FILL, ["zeros", "x" * 501], "at most"),
    ],
)
def test_half_an_answer_is_refused_with_a_sentence(question, value, said):
    with pytest.raises(BadAnswer, match=said):
        read_answer(question, value)


def test_an_exam_keeps_half_an_answer_and_marks_what_is_there():
    question = match(["a", "b"])
    half = read_answer(question, ["0", ""], whole=False)
    assert mark(question, half) == 0.5
    assert mark(FILL, read_answer(FILL, ["zeros", ""], whole=False)) == 0.5


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_hint_takes_its_cost_and_never_more_than_there_is(points, cost):
    assert less_hint(points, cost) == pytest.approx(max(0, points - cost))


# --- what keyboards make of plain characters


def test_negative_zero_is_zero():
    assert mark(numeric(0.0), read_answer(numeric(0.0), "-0")) == 1
    assert mark(numeric(-0.0), read_answer(numeric(-0.0), "0")) == 1


def test_a_phone_s_quotes_dashes_and_spaces_are_the_plain_ones():
    assert mark(FILL, read_answer(FILL, ["zeros", "w[\u201ca\u201d]"])) == 1
    assert mark(predict("['a'] -1"), read_answer(predict("['a'] -1"), "[\u2018a\u2019]\u00a0\u22121")) == 1
    quoted = TextQuestion(
        id="q", prompt="?", explain="!", type="text", answer="bayes' rule", accept=["bayes' rule"]
    )
    assert mark(quoted, read_answer(quoted, "Bayes\u2019  rule")) == 1


def test_a_letter_is_the_same_however_its_accent_is_written():
    question = TextQuestion(
        id="q", prompt="?", explain="!", type="text", answer="Poincaré", accept=["poincaré"]
    )
    assert mark(question, read_answer(question, "Poincare\u0301")) == 1


@pytest.mark.parametrize("question", [TEXT, predict("1"), FILL])
def test_what_cannot_be_seen_is_not_stored_and_is_no_answer(question):
    """A database of ours takes no NUL."""
    value = ["a\x00b", "\u200bc"] if question is FILL else "a\x00b\u200bc"
    assert "".join(read_answer(question, value)) == "abc"
    with pytest.raises(BadAnswer):
        read_answer(question, ["\x00", "\u200b"] if question is FILL else "\x00\u200b ")


@given(st.text(max_size=60))
def test_whatever_is_typed_as_a_number_is_a_finite_one_or_is_refused(text):
    with contextlib.suppress(BadAnswer):
        assert math.isfinite(read_number(text, "s"))
