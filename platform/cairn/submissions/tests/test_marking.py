"""What answers are worth, as rules that hold for every question."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cairn.catalog.content import ChoiceQuestion, NumericQuestion, OrderQuestion, TextQuestion
from cairn.submissions.marking import BadAnswer, mark, read_answer, read_number


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
     ("0,125", 0.125), ("1 234,5", 1234.5), ("1,234.5", 1234.5), ("1.234,5", 1234.5), ("+7", 7)],
)  # fmt: skip
def test_numbers_are_read_as_people_write_them(written, number):
    assert read_number(written) == pytest.approx(number)


def test_the_unit_may_be_written_or_left_out():
    assert read_number("12 cm", "cm") == read_number("12", "cm") == read_number("12CM", "cm") == 12
    assert read_number("80 %", "%") == 80


@pytest.mark.parametrize(
    ("written", "said"),
    [("about two", "not a number"), ("1,000", "two|thousands"), ("5 kg", "kg"), ("1/0", "finite"),
     ("1e999", "finite"), ("nan", "not a number"), ("1.2.3", "not a number"), ("", "not a number")],
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
