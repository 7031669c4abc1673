"""A go at a quiz: begun, answered one by one, explained at once, sealed, begun again."""

import re

import pytest
from django.utils import timezone

from cairn.accounts.models import User
from cairn.catalog.actions import publish
from cairn.catalog.tests.sample import QUIZ, publish_sample, replace_in
from cairn.submissions import quizzes
from cairn.submissions.marking import BadAnswer, less_hint, mark
from cairn.submissions.models import QuizAttempt
from cairn.submissions.sheets import question_of
from cairn.ui.errors import NotFound

TOPIC = "vectors-and-matrices"
RIGHT = {
    "what-is-a-dot-product": 0,
    "all-vectors": [0, 1],
    "how-much": "14",
    "shape": "2, 3",
}


@pytest.fixture
def noor(db, tmp_path):
    publish_sample(tmp_path)
    return User.objects.create_user("noor", "noor@example.org", "granite-cairn-9")


def right_order(attempt):
    """The values of the order question's items, from first to last, as somebody who knows would send them."""
    items = quizzes.sheet_for(attempt.user, TOPIC).question("steps").options
    return [item.value for word in ("Multiply", "Add", "Return") for item in items if word in item.html]


def answer_all(attempt, **instead):
    for question, value in RIGHT.items():
        quizzes.answer(attempt, question, instead.get(question, value))
    return quizzes.answer(attempt, "steps", right_order(attempt))


def test_an_unfinished_attempt_is_resumed(noor):
    attempt = quizzes.start(noor, TOPIC)
    quizzes.answer(attempt, "how-much", "14")
    again = quizzes.start(noor, TOPIC)
    assert again.pk == attempt.pk
    assert quizzes.sheet_for(noor, TOPIC).answered == 1


def test_nothing_that_is_right_is_shown_before_the_answer(noor):
    sheet = quizzes.sheet_for(noor, TOPIC)
    for question in sheet.questions:
        assert not question.explain
        assert not question.right_answer
        assert all(o.correct is None and not o.explain and o.place is None for o in question.options)


def test_the_right_order_is_never_the_one_shown(noor):
    attempt = quizzes.start(noor, TOPIC)
    for seed in range(40):
        attempt.seed = seed
        attempt.save()
        shown = [item.value for item in quizzes.sheet_for(noor, TOPIC).question("steps").options]
        assert shown != right_order(attempt)


def test_an_answer_is_saved_marked_and_explained_at_once(noor):
    attempt = quizzes.start(noor, TOPIC)
    marked = quizzes.answer(attempt, "what-is-a-dot-product", 1)
    assert marked.verdict == "wrong"
    assert "adds up" in marked.explain
    chosen = next(option for option in marked.options if option.chosen)
    assert chosen.correct is False
    assert "That is the sum." in chosen.explain
    assert [option.correct for option in marked.options].count(True) == 1
    assert marked.section == "one-number-from-two-lists"
    attempt.refresh_from_db()
    assert attempt.answers == {"what-is-a-dot-product": 1}


def test_an_explained_answer_stands(noor):
    attempt = quizzes.start(noor, TOPIC)
    quizzes.answer(attempt, "what-is-a-dot-product", 1)
    with pytest.raises(quizzes.AlreadyAnswered, match="first answer stands"):
        quizzes.answer(attempt, "what-is-a-dot-product", 0)
    attempt.refresh_from_db()
    assert attempt.results == {"what-is-a-dot-product": 0.0}


def test_a_double_press_of_the_button_does_no_harm(noor):
    attempt = quizzes.start(noor, TOPIC)
    first = quizzes.answer(attempt, "how-much", "14")
    assert quizzes.answer(attempt, "how-much", "14") == first


@pytest.mark.parametrize(
    ("question", "value", "said"),
    [
        ("what-is-a-dot-product", 2, "has 2 answers"),
        ("all-vectors", [], "at least one"),
        ("how-much", "fourteen", "not a number"),
        ("shape", "", "Write an answer"),
        ("steps", ["0", "0", "1"], "share a place"),
        ("steps", ["0", "1", "9"], "not one of them"),
    ],
)
def test_an_answer_out_of_range_is_refused_and_loses_nothing(noor, question, value, said):
    attempt = quizzes.start(noor, TOPIC)
    kept = "how-much" if question != "how-much" else "shape"
    quizzes.answer(attempt, kept, RIGHT[kept])
    with pytest.raises(BadAnswer, match=said):
        quizzes.answer(attempt, question, value)
    attempt.refresh_from_db()
    assert list(attempt.answers) == [kept]


def test_an_unknown_question_is_not_found(noor):
    with pytest.raises(NotFound, match="no question"):
        quizzes.answer(quizzes.start(noor, TOPIC), "who-knows", 1)


def test_the_last_answer_seals_the_score(noor):
    attempt = quizzes.start(noor, TOPIC)
    assert answer_all(attempt).verdict == "right"
    attempt.refresh_from_db()
    assert attempt.score == 1
    assert attempt.finished_at
    assert quizzes.sheet_for(noor, TOPIC).passed


def test_partial_credit_counts_in_the_score(noor):
    attempt = quizzes.start(noor, TOPIC)
    answer_all(attempt, **{"all-vectors": [0], "what-is-a-dot-product": 1})
    attempt.refresh_from_db()
    assert attempt.score == pytest.approx((0 + 0.5 + 1 + 1 + 1) / 5)
    assert quizzes.sheet_for(noor, TOPIC).passed


def test_an_attempt_cannot_be_finished_while_questions_are_open(noor):
    attempt = quizzes.start(noor, TOPIC)
    quizzes.answer(attempt, "how-much", "14")
    with pytest.raises(quizzes.QuestionsOpen, match="4 of 5"):
        quizzes.finish(attempt)


def test_a_finished_attempt_takes_no_more_answers_and_a_new_one_asks_all_again(noor):
    attempt = quizzes.start(noor, TOPIC)
    answer_all(attempt)
    with pytest.raises(quizzes.AttemptFinished):
        quizzes.answer(attempt, "how-much", "15")
    new = quizzes.start(noor, TOPIC)
    assert new.pk != attempt.pk
    assert new.seed != attempt.seed
    assert quizzes.sheet_for(noor, TOPIC).answered == 0


def test_a_changed_quiz_begins_a_new_attempt_and_the_old_result_stays(noor, tmp_path):
    attempt = quizzes.start(noor, TOPIC)
    answer_all(attempt)
    replace_in(tmp_path, QUIZ, "answer: 14", "answer: 15")
    publish(tmp_path)
    assert quizzes.start(noor, TOPIC).content_hash != attempt.content_hash
    attempt.refresh_from_db()
    assert attempt.score == 1


def test_attempts_are_their_owners_alone(noor):
    attempt = quizzes.start(noor, TOPIC)
    other = User.objects.create_user("other", "other@example.org", "granite-cairn-9")
    with pytest.raises(NotFound):
        quizzes.access_attempt(other, attempt.pk)


# --- hints, and numbers of one's own

MORE = """\
  - id: hinted
    type: text
    prompt: Name the colour of snow.
    answer: white
    accept: [white]
    hint: Like milk.
    hint_cost: 0.25
    explain: White.
  - id: seeded
    type: numeric
    parameters: {a: {low: 2, high: 9}, b: {low: 2, high: 9}}
    prompt: "What is {{a}} times {{b}}?"
    answer: "{{a * b}}"
    hint: Add {{a}} to itself, {{b}} times.
    explain: "It is {{a * b}}."
"""


@pytest.fixture
def more(noor, tmp_path):
    file = tmp_path / QUIZ
    file.write_text(file.read_text() + MORE)
    publish(tmp_path)
    return noor


def numbers(user):
    prompt = quizzes.sheet_for(user, TOPIC).question("seeded").prompt
    return tuple(map(int, re.findall(r"\d+", prompt)))


def test_a_hint_is_not_on_the_page_before_it_is_taken(more):
    attempt = quizzes.start(more, TOPIC)
    before = quizzes.sheet_for(more, TOPIC).question("hinted")
    assert (before.has_hint, before.hint, before.hint_cost) == (True, "", 0.25)
    quizzes.take_hint(attempt, "hinted")
    assert quizzes.sheet_for(more, TOPIC).question("hinted").hint == "Like milk."


def test_a_hint_that_was_taken_is_noted_and_costs_what_its_author_says(more):
    attempt = quizzes.start(more, TOPIC)
    quizzes.take_hint(attempt, "hinted")
    quizzes.take_hint(attempt, "hinted")
    assert quizzes.answer(attempt, "hinted", "white").points == 0.75
    attempt.refresh_from_db()
    assert (attempt.hints, attempt.results["hinted"]) == (["hinted"], 0.75)


def test_a_hint_without_a_cost_is_free_and_one_after_the_answer_is_not_noted(more):
    attempt = quizzes.start(more, TOPIC)
    quizzes.take_hint(attempt, "seeded")
    a, b = numbers(more)
    assert quizzes.answer(attempt, "seeded", str(a * b)).points == 1
    quizzes.answer(attempt, "hinted", "white")
    quizzes.take_hint(attempt, "hinted")
    attempt.refresh_from_db()
    assert attempt.hints == ["seeded"]


def test_where_there_is_no_hint_none_is_taken(more):
    with pytest.raises(NotFound, match="no hint"):
        quizzes.take_hint(quizzes.start(more, TOPIC), "how-much")


def test_an_attempt_keeps_its_numbers_and_the_next_one_has_others(more):
    attempt = quizzes.start(more, TOPIC)
    first = numbers(more)
    assert numbers(more) == first
    for question, value in RIGHT.items():
        quizzes.answer(attempt, question, value)
    quizzes.answer(attempt, "steps", right_order(attempt))
    quizzes.answer(attempt, "hinted", "white")
    marked = quizzes.answer(attempt, "seeded", str(first[0] * first[1]))
    assert (marked.points, marked.right_answer) == (1, str(first[0] * first[1]))
    quizzes.start(more, TOPIC)
    assert numbers(more) != first


def test_two_learners_need_not_have_the_same_numbers(more):
    people = [User.objects.create_user(f"p{i}", f"p{i}@example.org", "granite-cairn-9") for i in range(12)]
    assert len({numbers(person) for person in people}) > 3


def test_marks_can_be_computed_again_from_answers_hints_and_seed(more):
    attempt = quizzes.start(more, TOPIC)
    quizzes.take_hint(attempt, "hinted")
    quizzes.answer(attempt, "hinted", "white")
    a, b = numbers(more)
    quizzes.answer(attempt, "seeded", str(a * b + 1))
    attempt.refresh_from_db()
    for question, given in attempt.answers.items():
        quiz, own_id = quizzes.place_of(attempt, question)
        asked = question_of(quiz, own_id, attempt.seed)
        cost = asked.hint_cost if question in attempt.hints else 0
        assert less_hint(mark(asked, given), cost) == attempt.results[question]


def test_finished_attempts_are_listed_in_order(more):
    assert quizzes.attempts_at(more, TOPIC) == []
    QuizAttempt.objects.create(
        user=more, topic=TOPIC, content_hash="x", seed=1, score=0.5, finished_at=timezone.now()
    )
    QuizAttempt.objects.create(user=more, topic=TOPIC, content_hash="x", seed=2)
    assert [one.score for one in quizzes.attempts_at(more, TOPIC)] == [0.5]
