"""Sitting an exam: the clock, what is kept, who may do what, and when results are shown."""

from datetime import timedelta

import pytest
from django.utils import timezone

from cairn.accounts.models import Cohort
from cairn.submissions import exams, quizzes
from cairn.submissions.exams import Writer
from cairn.submissions.marking import BadAnswer
from cairn.submissions.models import ExamWindow, QuizAttempt, Sitting
from cairn.submissions.queries import results_of
from cairn.submissions.tests.exam_sample import publish_exam
from cairn.ui.errors import Forbidden, NotFound

pytestmark = pytest.mark.django_db
EXAM = "midterm"


@pytest.fixture
def exam(books, tmp_path):
    return publish_exam(tmp_path)


@pytest.fixture
def window(exam, alice, mo):
    """Alice's cohort has the exam open, from an hour ago until in two hours."""
    now, cohort = timezone.now(), Cohort.objects.get(slug="autumn")
    return exams.set_window(mo, cohort, EXAM, now - timedelta(hours=1), now + timedelta(hours=2))


def at(sitting: Sitting, **ago: float) -> None:
    """Let the sitting, and its window, have begun that long before."""
    back = timedelta(**ago)
    Sitting.objects.filter(pk=sitting.pk).update(
        started_at=sitting.started_at - back, ends_at=sitting.ends_at - back
    )
    if sitting.window_id:
        window = ExamWindow.objects.get(pk=sitting.window_id)
        window.opens_at, window.closes_at = window.opens_at - back, window.closes_at - back
        window.save()
    sitting.refresh_from_db()


def key(question: str) -> str:
    return f"{EXAM}--{question}"


def right(sitting: Sitting, question: str):
    """What somebody who knows would send for a question of the bank, as its page sends it."""
    sheet = quizzes.sheet_of(sitting.attempt, exams.access_exam(EXAM))
    asked = sheet.question(key(question))
    if question == "pick":
        return next(o.value for o in asked.options if "Seven" in o.html)
    if question == "number":
        a, b = [
            int(word) for word in asked.prompt.replace("?", " ").replace("<", " ").split() if word.isdigit()
        ]
        return str(a * b)
    if question == "pairs":
        return [next(o.value for o in asked.options if sound in o.html) for sound in ("barks", "purrs")]
    return {"gaps": ["zeros"], "prints": "0\n1\n", "words": "White"}[question]


QUESTIONS = ("pick", "number", "pairs", "gaps", "prints", "words")


def answer_all(sitting):
    for question in QUESTIONS:
        exams.save(sitting, key(question), right(sitting, question), 0, Writer())


# --- starting


def test_there_is_one_sitting_and_its_clock_runs_on(window, alice):
    first = exams.begin(alice, EXAM)
    assert exams.begin(alice, EXAM).pk == first.pk
    assert first.ends_at == first.started_at + timedelta(minutes=60)
    assert Sitting.objects.count() == QuizAttempt.objects.count() == 1


@pytest.mark.parametrize(("opens", "closes", "said"), [(1, 3, "not open yet"), (-3, -1, "is closed")])
def test_outside_the_window_it_cannot_be_started(exam, alice, mo, opens, closes, said):
    now = timezone.now()
    exams.set_window(
        mo, Cohort.objects.get(), EXAM, now + timedelta(hours=opens), now + timedelta(hours=closes)
    )
    with pytest.raises(exams.ExamClosed, match=said):
        exams.begin(alice, EXAM)
    assert not Sitting.objects.exists()


def test_without_a_window_it_is_always_open_and_waits_for_nobody(exam, bob):
    sitting = exams.begin(bob, EXAM)
    answer_all(sitting)
    assert exams.hand_in(sitting).released_at


def test_who_starts_late_ends_at_the_close(exam, alice, mo):
    now = timezone.now()
    closes = now + timedelta(minutes=20)
    exams.set_window(mo, Cohort.objects.get(), EXAM, now - timedelta(hours=1), closes)
    assert exams.begin(alice, EXAM).ends_at == closes


def test_who_starts_late_has_the_full_time_where_the_author_says_so(tmp_path, alice, mo):
    publish_exam(tmp_path, late="full-time")
    now = timezone.now()
    exams.set_window(mo, Cohort.objects.get(), EXAM, now - timedelta(hours=1), now + timedelta(minutes=20))
    sitting = exams.begin(alice, EXAM)
    assert sitting.ends_at == sitting.started_at + timedelta(minutes=60)


def test_what_is_no_exam_cannot_be_sat(exam, alice):
    with pytest.raises(NotFound):
        exams.begin(alice, "phase-zero")
    with pytest.raises(NotFound):
        exams.begin(alice, "nothing")


# --- answering


def test_an_answer_is_kept_unmarked_and_may_change(window, alice):
    sitting = exams.begin(alice, EXAM)
    version = exams.save(sitting, key("words"), "black", 0, Writer())
    assert exams.save(sitting, key("words"), "white", version, Writer()) == 2
    attempt = QuizAttempt.objects.get()
    assert attempt.answers == {key("words"): "white"}
    assert attempt.results == {}
    assert attempt.score is None
    shown = quizzes.sheet_of(attempt, exams.access_exam(EXAM)).question(key("words"))
    assert (shown.answer, shown.answered, shown.explain, shown.right_answer) == ("white", False, "", "")


def test_half_an_answer_is_kept_and_an_emptied_one_is_none(window, alice):
    sitting = exams.begin(alice, EXAM)
    half = [right(sitting, "pairs")[0], ""]
    version = exams.save(sitting, key("pairs"), half, 0, Writer())
    asked = quizzes.sheet_of(QuizAttempt.objects.get(), exams.access_exam(EXAM)).question(key("pairs"))
    assert [part.given for part in asked.parts] == [str(half[0]), ""]
    exams.save(sitting, key("pairs"), ["", ""], version, Writer())
    assert QuizAttempt.objects.get().answers == {}


def test_an_old_tab_cannot_overwrite_a_newer_answer(window, alice):
    sitting = exams.begin(alice, EXAM)
    exams.save(sitting, key("words"), "white", 0, Writer("new-tab", 1))
    with pytest.raises(exams.NewerAnswer) as refused:
        exams.save(sitting, key("words"), "black", 0, Writer("old-tab", 1))
    assert refused.value.version == 1
    assert QuizAttempt.objects.get().answers[key("words")] == "white"
    assert exams.save(sitting, key("words"), "black", 1, Writer("old-tab", 2)) == 2


def test_an_answer_sent_again_after_a_lost_connection_changes_nothing(window, alice):
    sitting = exams.begin(alice, EXAM)
    assert exams.save(sitting, key("words"), "black", 0, Writer("tab", 1)) == 1
    assert exams.save(sitting, key("words"), "black", 0, Writer("tab", 1)) == 1
    assert exams.save(sitting, key("words"), "white", 0, Writer("tab", 2)) == 2
    assert exams.save(sitting, key("words"), "black", 0, Writer("tab", 1)) == 2  # under way for long
    assert QuizAttempt.objects.get().answers[key("words")] == "white"


@pytest.mark.parametrize(
    ("question", "value"), [("number", "many"), ("pick", 9), ("pairs", ["7", "0"]), ("gaps", "x")]
)
def test_what_cannot_be_an_answer_is_refused_and_what_was_saved_stays(window, alice, question, value):
    sitting = exams.begin(alice, EXAM)
    version = exams.save(sitting, key(question), right(sitting, question), 0, Writer())
    with pytest.raises(BadAnswer):
        exams.save(sitting, key(question), value, version, Writer())
    assert key(question) in QuizAttempt.objects.get().answers


def test_answers_count_until_the_grace_is_over(window, alice):
    sitting = exams.begin(alice, EXAM)
    at(sitting, minutes=60, seconds=10)
    exams.save(sitting, key("words"), "white", 0, Writer())
    at(sitting, seconds=30)
    with pytest.raises(exams.TimeIsUp, match="saved before counts"):
        exams.save(sitting, key("words"), "black", 1, Writer())
    assert QuizAttempt.objects.get().answers == {key("words"): "white"}


def test_nothing_can_be_answered_once_it_is_handed_in(window, alice):
    sitting = exams.hand_in(exams.begin(alice, EXAM))
    with pytest.raises(exams.TimeIsUp):
        exams.save(sitting, key("words"), "white", 0, Writer())


# --- the end


def test_time_that_is_up_hands_in_by_itself_as_of_the_end(window, alice):
    sitting = exams.begin(alice, EXAM)
    exams.save(sitting, key("words"), "white", 0, Writer())
    at(sitting, minutes=80)
    assert exams.settle_all() == 1
    sitting.refresh_from_db()
    assert (sitting.handed_in_at, sitting.handed_in_by) == (sitting.ends_at, "clock")
    assert exams.settle_all() == 0


def test_results_come_at_the_close_once_nobody_writes_any_more(window, alice, bob, mo):
    Cohort.objects.get().memberships.create(user=bob, role="learner")
    exams.grant(mo, bob, EXAM, 0, 120)
    first, second = exams.begin(alice, EXAM), exams.begin(bob, EXAM)
    answer_all(first)
    first = exams.hand_in(first)
    assert first.released_at is None
    at(second, hours=2, minutes=30)  # the window closed; Bob has half an hour left
    assert exams.settled(first).released_at is None
    exams.hand_in(second)
    exams.settle_all()
    first.refresh_from_db()
    assert first.released_at
    assert first.attempt.score == 1


def test_results_at_hand_in_are_there_at_once(tmp_path, alice, mo):
    publish_exam(tmp_path, release="at-hand-in")
    now = timezone.now()
    exams.set_window(mo, Cohort.objects.get(), EXAM, now - timedelta(hours=1), now + timedelta(hours=2))
    assert exams.hand_in(exams.begin(alice, EXAM)).attempt.score == 0


def test_results_by_hand_wait_for_the_mentor_and_no_longer(tmp_path, alice, bob, mo):
    publish_exam(tmp_path, release="by-hand")
    now, cohort = timezone.now(), Cohort.objects.get()
    cohort.memberships.create(user=bob, role="learner")
    window = exams.set_window(mo, cohort, EXAM, now - timedelta(hours=1), now + timedelta(hours=2))
    sitting = exams.begin(alice, EXAM)
    with pytest.raises(exams.StillWriting, match="1 person is"):
        exams.release(mo, window)
    assert exams.hand_in(sitting).released_at is None
    assert exams.release(mo, window) == 1
    assert exams.settled(sitting).released_at
    assert exams.hand_in(exams.begin(bob, EXAM)).released_at  # later than the mentor's word


def test_a_score_counts_for_progress_only_once_it_is_released(window, alice):
    sitting = exams.begin(alice, EXAM)
    answer_all(sitting)
    exams.hand_in(sitting)
    assert EXAM not in results_of(alice).quizzes
    at(sitting, hours=3)
    exams.settle_all()
    outcome = results_of(alice).quizzes[EXAM]
    assert (outcome.best_score, outcome.outdated) == (1, False)


def test_marks_can_be_computed_again_from_what_is_stored(window, alice, tmp_path):
    sitting = exams.begin(alice, EXAM)
    answer_all(sitting)
    exams.hand_in(sitting)
    at(sitting, hours=3)
    exams.settle_all()
    publish_exam(tmp_path, release="by-hand")  # a new release of the curriculum changes nothing of it
    attempt = QuizAttempt.objects.get()
    assert exams.marks_of(attempt) == attempt.results


# --- mentors


def test_extra_time_holds_at_once_also_while_the_exam_runs(window, alice, mo):
    sitting = exams.begin(alice, EXAM)
    exams.grant(mo, alice, EXAM, 25, 5)
    sitting.refresh_from_db()
    assert sitting.ends_at == sitting.started_at + timedelta(minutes=80)


def time_was_up(sitting: Sitting, **ago: float) -> Sitting:
    """The sitting, begun so long before and taken by the clock."""
    at(sitting, **ago)
    assert exams.settled(sitting).handed_in_by == "clock"
    return sitting


def test_extra_time_opens_an_exam_again_that_the_clock_took_and_nothing_is_lost(window, alice, mo):
    sitting = exams.begin(alice, EXAM)
    exams.save(sitting, key("words"), "white", 0, Writer("tab", 1))
    time_was_up(sitting, minutes=65)
    exams.grant(mo, alice, EXAM, 0, 15)
    sitting.refresh_from_db()
    assert (sitting.handed_in_at, sitting.handed_in_by) == (None, "")
    assert sitting.ends_at == sitting.started_at + timedelta(minutes=75)
    assert sitting.resumed_at
    assert sitting.attempt.answers == {key("words"): "white"}
    exams.save(sitting, key("gaps"), ["zeros"], 0, Writer("tab", 2))
    at(sitting, minutes=30)
    assert exams.settled(sitting).handed_in_at == sitting.ends_at
    assert set(QuizAttempt.objects.get().answers) == {key("words"), key("gaps")}


def test_extra_time_that_would_be_over_too_opens_nothing(window, alice, mo):
    sitting = time_was_up(exams.begin(alice, EXAM), minutes=80)
    exams.grant(mo, alice, EXAM, 0, 15)
    before, sitting = sitting.ends_at, Sitting.objects.get()
    assert (sitting.ends_at, sitting.handed_in_by, sitting.resumed_at) == (before, "clock", None)


def test_who_handed_in_is_not_asked_again(window, alice, mo):
    sitting = exams.hand_in(exams.begin(alice, EXAM))
    exams.grant(mo, alice, EXAM, 100, 600)
    assert Sitting.objects.get().handed_in_at == sitting.handed_in_at


@pytest.mark.parametrize("how", ["at-close", "by-hand"])
def test_once_results_are_out_no_time_opens_an_exam_again(tmp_path, alice, bob, mo, how):
    """Not even for somebody whose own are still to come: others of the cohort know the answers by now."""
    publish_exam(tmp_path, release=how)
    now, cohort = timezone.now(), Cohort.objects.get()
    cohort.memberships.create(user=bob, role="learner")
    window = exams.set_window(mo, cohort, EXAM, now - timedelta(hours=1), now + timedelta(minutes=61))
    first, second = exams.begin(alice, EXAM), exams.begin(bob, EXAM)
    exams.hand_in(second)
    time_was_up(first, minutes=62)
    if how == "by-hand":
        exams.release(mo, window)
    exams.settled(second)
    exams.grant(mo, alice, EXAM, 100, 0)
    assert Sitting.objects.get(user=alice).handed_in_by == "clock"


def test_a_close_that_is_moved_opens_again_what_ended_at_it(window, alice, mo):
    exams.set_window(mo, window.cohort, EXAM, window.opens_at, timezone.now() + timedelta(minutes=10))
    sitting = exams.begin(alice, EXAM)
    at(sitting, minutes=11)
    sitting = Sitting.objects.get()
    Sitting.objects.update(handed_in_at=sitting.ends_at, handed_in_by="clock")  # and no results yet
    closes = timezone.now() + timedelta(minutes=20)
    exams.set_window(mo, window.cohort, EXAM, window.opens_at, closes)
    sitting.refresh_from_db()
    assert (sitting.ends_at, sitting.handed_in_at) == (closes, None)


def test_nobody_but_their_mentor_or_an_admin_opens_an_exam_again(window, alice, bob, mia, ada):
    sitting = time_was_up(exams.begin(alice, EXAM), minutes=65)
    for stranger in (alice, bob, mia):
        with pytest.raises(Forbidden):
            exams.grant(stranger, alice, EXAM, 100, 0)
    assert Sitting.objects.get().handed_in_by == "clock"
    exams.grant(ada, alice, EXAM, 100, 0)
    sitting.refresh_from_db()
    assert sitting.handed_in_at is None


def test_a_moved_close_moves_who_started_late(window, alice, mo):
    exams.set_window(mo, window.cohort, EXAM, window.opens_at, timezone.now() + timedelta(minutes=10))
    sitting = exams.begin(alice, EXAM)
    closes = timezone.now() + timedelta(minutes=40)
    exams.set_window(mo, window.cohort, EXAM, window.opens_at, closes)
    sitting.refresh_from_db()
    assert sitting.ends_at == closes


def test_only_their_mentor_or_an_admin_moves_the_clock(window, alice, bob, mia, mo, ada):
    now = timezone.now()
    for stranger in (bob, mia, alice):
        with pytest.raises(Forbidden):
            exams.set_window(stranger, window.cohort, EXAM, now, now + timedelta(hours=1))
        with pytest.raises(Forbidden):
            exams.grant(stranger, alice, EXAM, 100, 0)
        with pytest.raises(Forbidden):
            exams.release(stranger, window)
    exams.grant(ada, alice, EXAM, 10, 0)
    assert exams.release(ada, window) == 0


@pytest.mark.parametrize(("percent", "minutes"), [(-1, 0), (0, -1), (301, 0), (0, 601)])
def test_extra_time_beyond_reason_is_refused(window, alice, mo, percent, minutes):
    with pytest.raises(exams.BadWindow, match="Nothing changed"):
        exams.grant(mo, alice, EXAM, percent, minutes)


def test_a_window_opens_before_it_closes(window, mo):
    with pytest.raises(exams.BadWindow):
        exams.set_window(mo, window.cohort, EXAM, window.closes_at, window.opens_at)


def test_a_mentor_sees_who_sits_it_in_three_queries(window, alice, mo, django_assert_num_queries):
    sitting = exams.begin(alice, EXAM)
    exams.save(sitting, key("words"), "white", 0, Writer())
    with django_assert_num_queries(3):
        (seat,) = exams.seats(window.cohort, EXAM)
    assert (seat.state, seat.saved) == ("writing", 1)
    assert 58 <= seat.minutes_left <= 60


def test_a_sitting_is_its_learner_s_alone(window, alice, bob):
    exams.begin(alice, EXAM)
    with pytest.raises(NotFound):
        exams.access_sitting(bob, EXAM)


def test_an_answer_costs_a_fixed_number_of_queries(window, alice, django_assert_num_queries):
    sitting = exams.begin(alice, EXAM)
    with django_assert_num_queries(8):
        exams.save(sitting, key("words"), "white", 0, Writer())
