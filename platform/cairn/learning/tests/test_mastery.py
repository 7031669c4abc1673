"""Practice over HTTP: what comes back, when, and what happens to what changed."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from cairn.accounts.models import User
from cairn.catalog.actions import publish
from cairn.catalog.tests.sample import EXERCISE, PATH, QUIZ, TOPIC, replace_in
from cairn.learning import mastery_actions, queries
from cairn.learning.mastery_queries import EXERCISE as KIND_EXERCISE
from cairn.learning.mastery_queries import QUESTION, Key, ahead_of, deck_of, deck_shown, due_today
from cairn.learning.models import MasteryCard
from cairn.learning.versions import changed
from cairn.runs.models import Run
from cairn.submissions import quizzes
from cairn.submissions.actions import save_draft, submit
from cairn.submissions.models import Draft, QuizAttempt, Submission
from cairn.submissions.queries import draft_for
from cairn.ui.errors import NotFound

VECTORS = "vectors-and-matrices"
WHAT = "what-is-a-dot-product"
HTMX = {"HX-Request": "true"}
GOOD = {"dot.py": "def dot(a, b):\n    return 1\n"}


def text(answer):
    return answer.content.decode()


def missed(user, *, days_ago=1, **answers):
    """Answers to the quiz, given some days ago: by default one that is wrong."""
    attempt = quizzes.start(user, VECTORS)
    for question, value in (answers or {WHAT: 1}).items():
        quizzes.answer(attempt, question.replace("_", "-"), value)
    QuizAttempt.objects.filter(pk=attempt.pk).update(started_at=F("started_at") - timedelta(days=days_ago))
    return attempt


def judged(user, verdict, files, *, days_ago=0):
    submission = submit(user, "exercise", "dot-product", files)
    Run.objects.filter(pk=submission.run_id).update(
        state=Run.State.FINISHED, verdict=verdict, finished_at=timezone.now()
    )
    Submission.objects.filter(pk=submission.pk).update(created_at=timezone.now() - timedelta(days=days_ago))
    return submission


def content_hash(books):
    return books.topic(VECTORS).quiz_hash


def form(books, value="0", question=WHAT, **more):
    return {"topic": VECTORS, "question": question, "content": content_hash(books), "value": value, **more}


# --- what comes back


def test_a_guest_signs_in_first(client, books):
    assert client.get("/practice").headers["Location"].startswith("/account/login/")
    assert client.post("/practice/exercises/dot-product").status_code == 302


def test_who_missed_nothing_is_told_how_things_come_here(page, noor):
    missed(noor, **{WHAT: 0})  # right
    assert "Nothing to repeat yet" in text(page.get("/practice"))


def test_what_was_missed_yesterday_is_asked_today_without_telling_the_answer(page, noor):
    missed(noor)
    shown = text(page.get("/practice"))
    assert "What does the dot product return?" in shown
    assert "missed once, asked daily" in shown
    assert "It adds up products" not in shown


def test_what_was_missed_today_waits_for_tomorrow(page, noor):
    missed(noor, days_ago=0)
    shown = text(page.get("/practice"))
    assert "Nothing is due today" in shown
    assert "come back tomorrow" in shown


def test_an_answer_right_at_first_and_wrong_later_comes_back(noor):
    missed(noor, days_ago=9, **{WHAT: 0})
    attempt = QuizAttempt.objects.create(
        user=noor, topic=VECTORS, content_hash="x", seed=1, results={WHAT: 0.0}, answers={WHAT: 1}
    )
    deck = deck_of(noor)
    assert deck.cards[Key(QUESTION, VECTORS, WHAT)].seen == attempt.pk


def test_reading_the_page_writes_nothing(page, noor):
    missed(noor)
    page.get("/practice")
    assert not MasteryCard.objects.exists()


# --- answering


def test_a_right_answer_is_explained_and_lies_further_off(page, noor, books):
    missed(noor)
    shown = text(page.post("/practice", form(books)))
    assert "That is right" in shown
    assert "Finish" in shown
    card = MasteryCard.objects.get(user=noor)
    assert card.misses == 1
    assert card.due_on - card.reviewed_on >= timedelta(days=1)
    assert "Done for today" in text(page.get("/practice"))


def test_missed_twice_is_asked_daily(page, noor, books):
    missed(noor)
    shown = text(page.post("/practice", form(books, "1"), headers=HTMX))
    assert "missed twice, asked daily" in shown
    assert "It comes back tomorrow" in shown
    assert 'hx-swap-oob="true"' in shown
    assert "<html" not in shown


def test_a_partly_right_answer_is_hard_but_not_forgotten(page, noor, books):
    missed(noor, all_vectors=["2"])
    page.post("/practice", form(books, ["0"], "all-vectors", multiple="1"))
    partly = MasteryCard.objects.get()
    assert partly.misses == 2
    assert partly.stability > 0


def test_answering_twice_counts_once(page, noor, books):
    missed(noor)
    page.post("/practice", form(books, "1"))
    before = MasteryCard.objects.get().misses
    assert "nothing changed" in text(page.post("/practice", form(books, "1")))
    assert MasteryCard.objects.get().misses == before


def test_what_cannot_be_an_answer_is_refused_at_its_question(page, noor, books):
    missed(noor, how_much="3")
    answer = page.post("/practice", form(books, "many", "how-much"))
    assert answer.status_code == 400
    assert "is not a number" in text(answer)
    assert not MasteryCard.objects.exists()


@pytest.mark.parametrize("field", ["topic", "question"])
def test_no_question_of_somebody_else_and_none_that_was_not_missed(page, noor, books, field):
    other = User.objects.create_user("bob", "bob@example.org", "granite-cairn-9")
    missed(other)
    assert page.post("/practice", form(books)).status_code == 404
    missed(noor)
    assert page.post("/practice", form(books) | {field: "no\x00such"}).status_code == 404


def test_a_later_quiz_answer_moves_the_card_on_from_where_practice_left_it(noor, books):
    missed(noor, days_ago=2)
    mastery_actions.answer(noor, VECTORS, WHAT, content_hash(books), "1")
    QuizAttempt.objects.create(
        user=noor, topic=VECTORS, content_hash=content_hash(books), seed=2, results={WHAT: 1.0}
    )
    key = Key(QUESTION, VECTORS, WHAT)
    after = deck_of(noor).cards[key].memory
    assert after.misses == 2
    assert after.stability > MasteryCard.objects.get().stability


# --- content that changed or vanished


def test_a_question_that_changed_is_asked_as_it_is_now(page, noor, tmp_path, books):
    missed(noor)
    stale = form(books)
    replace_in(tmp_path, QUIZ, "What does the dot product return?", "What is a dot product?")
    publish(tmp_path)
    answer = page.post("/practice", stale)
    assert answer.status_code == 409
    assert "What is a dot product?" in text(answer)
    assert not MasteryCard.objects.exists()


def test_a_question_that_is_gone_is_retired(page, noor, tmp_path):
    missed(noor)
    replace_in(tmp_path, QUIZ, WHAT, "another-question")
    publish(tmp_path)
    assert page.get("/practice").status_code == 200
    assert not deck_of(noor).cards


def test_a_quiz_that_is_gone_takes_its_cards_along(page, noor, tmp_path):
    missed(noor)
    (tmp_path / QUIZ).unlink()
    asked = "kind: quiz, title: Quiz passed, topics: [{}]"
    replace_in(tmp_path, PATH, asked.format(VECTORS), asked.format("eigenvectors"))
    publish(tmp_path)
    assert page.get("/practice").status_code == 200
    assert not deck_of(noor).cards


def test_an_exercise_that_is_gone_is_retired(page, noor, tmp_path):
    judged(noor, "failed", {"dot.py": "x = 1\n"}, days_ago=3)
    judged(noor, "passed", GOOD, days_ago=2)
    assert deck_of(noor).exercises
    for file in sorted((tmp_path / EXERCISE).rglob("*"), reverse=True):
        file.unlink() if file.is_file() else file.rmdir()
    (tmp_path / EXERCISE).rmdir()
    replace_in(tmp_path, TOPIC, "[dot-product, vector-norm]", "[vector-norm]")
    replace_in(tmp_path, PATH, "[dot-product, vector-norm]", "[vector-norm]")
    publish(tmp_path)
    assert page.get("/practice").status_code == 200
    assert not deck_of(noor).exercises


# --- exercises


@pytest.fixture
def failed_then_passed(noor):
    judged(noor, "failed", {"dot.py": "x = 1\n"}, days_ago=3)
    judged(noor, "passed", GOOD, days_ago=2)


def test_one_that_passed_at_once_does_not_come_back(noor):
    judged(noor, "passed", GOOD, days_ago=2)
    assert not deck_of(noor).cards


def test_one_that_never_passed_is_not_repeated_but_still_to_do(noor):
    judged(noor, "failed", GOOD, days_ago=2)
    assert not deck_of(noor).cards


def test_solving_again_begins_at_the_starter(page, noor, failed_then_passed):
    save_draft(noor, "exercise", "dot-product", GOOD, 0)
    assert "Solve again: Dot product" in text(page.get("/practice"))
    assert page.post("/practice/exercises/dot-product").headers["Location"] == "/exercises/dot-product"
    assert draft_for(noor, "exercise", "dot-product").files == {"dot.py": "def dot(a, b):\n    return 0\n"}


def test_a_draft_that_was_never_handed_in_is_left_alone(page, noor, failed_then_passed):
    mine = {"dot.py": "an idea\n"}
    save_draft(noor, "exercise", "dot-product", mine, 0)
    assert "was left as it is" in text(page.post("/practice/exercises/dot-product", follow=True))
    assert draft_for(noor, "exercise", "dot-product").files == mine


@pytest.mark.parametrize(("verdict", "sooner"), [("failed", True), ("passed", False)])
def test_the_next_verdict_decides_when_it_comes_again(noor, failed_then_passed, verdict, sooner):
    key = Key(KIND_EXERCISE, "", "dot-product")
    before = deck_of(noor).cards[key].memory
    assert mastery_actions.begin_again(noor, "dot-product")
    judged(noor, verdict, {"dot.py": "y = 2\n"})
    deck = deck_of(noor)
    assert (deck.cards[key].memory.stability < before.stability) == sooner
    assert not deck.exercises


def test_the_same_code_as_before_counts_when_it_was_written_again(page, noor, failed_then_passed):
    mastery_actions.begin_again(noor, "dot-product")
    assert "Nothing of this exercise" in text(page.post("/practice/exercises/dot-product/check", follow=True))
    save_draft(noor, "exercise", "dot-product", GOOD, Draft.objects.get(user=noor).version)
    assert "Solved again" in text(page.post("/practice/exercises/dot-product/check", follow=True))
    assert not deck_of(noor).exercises


def test_nobody_begins_again_what_they_never_failed(noor, books):
    with pytest.raises(NotFound):
        mastery_actions.begin_again(noor, "dot-product")


# --- cost


def test_the_page_costs_the_same_for_any_number_of_cards(page, noor, django_assert_num_queries):
    missed(noor, **{WHAT: 1})
    page.get("/practice")
    with django_assert_num_queries(2):  # person, and whether anything changed
        page.get("/practice")
    attempt = quizzes.start(noor, VECTORS)
    quizzes.answer(attempt, "how-much", "1")
    quizzes.answer(attempt, "shape", "9")
    with django_assert_num_queries(4):  # and the cards and the answers; exercises are as they were
        page.get("/practice")


# --- what is kept


def test_an_answer_that_is_missed_after_the_page_was_seen_is_in_the_deck(page, noor):
    missed(noor)
    assert "missed once" in text(page.get("/practice"))
    assert len(deck_shown(noor).cards) == 1
    missed(noor, **{"how-much": "1"})
    assert len(deck_shown(noor).cards) == 2


def test_practice_shows_what_was_answered_at_once(page, noor, books):
    missed(noor, **{WHAT: 1, "how-much": "1"})
    assert "0 of 2 answered today" in text(page.get("/practice"))
    page.post("/practice", form(books))
    assert "1 of 2 answered today" in text(page.get("/practice"))


def test_an_exercise_that_passes_at_last_comes_back_on_a_page_seen_before(page, noor):
    first = judged(noor, "failed", {"dot.py": "x"}, days_ago=9)
    changed(noor.pk, of=type(first))  # the helper dates it back round the objects
    assert "Solve again" not in text(page.get("/practice"))
    again = judged(noor, "passed", GOOD, days_ago=8)
    changed(noor.pk, of=type(again))
    assert "Solve again" in text(page.get("/practice"))


def test_another_clock_dates_every_answer_anew(page, noor):
    missed(noor)
    before = deck_shown(noor)
    noor.timezone = "Pacific/Kiritimati"
    noor.save()
    assert deck_shown(noor) is not before
    assert deck_shown(noor).today == queries.today_for(noor)


def test_what_is_published_anew_changes_the_deck_at_once(page, noor, tmp_path):
    missed(noor)
    assert "Vectors and matrices" in text(page.get("/practice"))
    replace_in(tmp_path, TOPIC, "Vectors and matrices", "Arrows and tables")
    publish(tmp_path)
    assert "Arrows and tables" in text(page.get("/practice"))


@pytest.mark.parametrize("days", [0, 3])
def test_what_is_kept_is_what_is_stored(page, noor, books, days):
    """Whatever was read before, the deck that pages show is the one that reading all of it gives."""
    missed(noor, days_ago=days)
    deck_shown(noor)
    page.post("/practice", form(books))
    deck_shown(noor)
    missed(noor, days_ago=0, **{"how-much": "1"})
    deck_shown(noor)
    judged(noor, "failed", GOOD)
    judged(noor, "passed", GOOD)
    changed(noor.pk, of=Run)
    assert deck_shown(noor) == deck_of(noor)
    assert ahead_of(noor).batch() == tuple(deck_of(noor).batch())
    assert ahead_of(noor).batch(more=True) == tuple(deck_of(noor).batch(more=True))


def test_home_learns_in_short_what_is_due(noor, books):
    missed(noor, **{WHAT: 1, "how-much": "1"})
    due = due_today(noor)
    assert (due.count, due.topics, due.minutes, due.exercises) == (2, ("Vectors and matrices",), 2, 0)
