"""Assessments and exams over HTTP: their doors, their clock, lost connections, and who looks after them."""

import html
import re
from datetime import timedelta

import pytest
from django.utils import timezone

from cairn.accounts.models import Cohort
from cairn.learning.mastery_queries import deck_of
from cairn.submissions import exams, quizzes
from cairn.submissions.models import ExamWindow, ExtraTime, QuizAttempt, Sitting
from cairn.submissions.sheets import question_of
from cairn.submissions.tests.exam_sample import publish_exam

pytestmark = pytest.mark.django_db
EXAM, DRAWN, LATER = "/assessments/midterm", "/assessments/phase-zero", "/assessments/phase-one"
ROOM = "/exams/autumn/midterm"
SCRIPT = {"Accept": "application/json"}
HTMX = {"HX-Request": "true"}


@pytest.fixture
def exam(tmp_path):
    return publish_exam(tmp_path)


@pytest.fixture
def window(exam, alice, mo):
    now = timezone.now()
    return exams.set_window(
        mo, Cohort.objects.get(slug="autumn"), "midterm", now - timedelta(hours=1), now + timedelta(hours=2)
    )


@pytest.fixture
def as_(client):
    def sign_in(user):
        client.force_login(user)
        return client

    return sign_in


def text(response):
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", response.content.decode())))


def save(client, question, headers=SCRIPT, **fields):
    return client.post(f"{EXAM}/answers/midterm--{question}", {"version": 0, **fields}, headers=headers)


def let_pass(**time):
    """Let that much time go by, for the window and everybody in it."""
    back = timedelta(**time)
    for sitting in Sitting.objects.all():
        sitting.started_at, sitting.ends_at = sitting.started_at - back, sitting.ends_at - back
        sitting.save()
    for window in ExamWindow.objects.all():
        window.opens_at, window.closes_at = window.opens_at - back, window.closes_at - back
        window.save()


# --- the doors


def test_a_guest_may_read_an_exam_s_rules_and_is_asked_to_sign_in(exam, client):
    shown = text(client.get(EXAM))
    assert "1 h" in shown
    assert "One attempt" in shown
    assert "Paper and pencil are welcome." in shown
    assert "Sign in to start" in shown
    assert "Which is the larger one" not in shown


@pytest.mark.parametrize("address", ["/sitting", "/hand-in", "/answers/midterm--pick", "/clock"])
def test_who_is_signed_out_gets_no_further(window, client, address):
    answer = client.get(EXAM + address) if address in ("/hand-in",) else client.post(EXAM + address)
    assert answer.status_code in (302, 405)
    assert not Sitting.objects.exists()


def test_a_script_is_told_that_it_is_signed_out(window, client):
    assert save(client, "pick", value="0").status_code == 401
    assert client.get(f"{EXAM}/clock", headers=SCRIPT).json()["code"] == "signed-out"


@pytest.mark.parametrize("address", ["/hand-in", "/answers/midterm--pick"])
def test_who_did_not_start_has_nothing_to_answer(window, alice, bob, as_, address):
    exams.begin(alice, "midterm")
    assert as_(bob).post(EXAM + address, {"version": 0, "value": "0"}).status_code == 404
    assert QuizAttempt.objects.get().answers == {}


def test_an_exam_is_not_answered_through_the_pages_of_quizzes(window, alice, as_):
    """Those mark and explain at once."""
    sitting = exams.begin(alice, "midterm")
    fields = {"question": "midterm--words", "attempt": sitting.attempt_id, "value": "white"}
    page = as_(alice)
    assert page.post("/topics/midterm/quiz", fields).status_code == 404
    assert page.post(DRAWN, fields).status_code == 404
    assert page.post(EXAM, fields).status_code == 404
    assert page.post(f"{EXAM}/attempts").status_code == 404
    assert QuizAttempt.objects.get().answers == {}


@pytest.mark.parametrize("address", ["/exams", ROOM])
def test_only_mentors_of_the_cohort_and_admins_look_after_an_exam(
    window, alice, bob, mia, mo, ada, as_, address
):
    for person, status in ((alice, 403), (bob, 403), (mo, 200), (ada, 200)):
        assert as_(person).get(address).status_code == status
    assert as_(mia).get(ROOM).status_code == 404


@pytest.mark.parametrize("do", ["window", "extra", "release"])
def test_nobody_else_moves_the_clock_or_releases(window, alice, bob, mia, as_, do):
    fields = {"do": do, "learner": alice.pk, "percent": 50, "minutes": 0, "opens_at": "2020-01-01T10:00",
              "closes_at": "2020-01-02T10:00"}  # fmt: skip
    before = ExamWindow.objects.values().get()
    for person in (alice, bob, mia):
        assert as_(person).post(f"{ROOM}/acts", fields).status_code in (403, 404)
    assert ExamWindow.objects.values().get() == before
    assert not ExtraTime.objects.exists()


def test_a_mentor_gives_no_extra_time_to_learners_of_others(window, bob, mo, as_):
    answer = as_(mo).post(f"{ROOM}/acts", {"do": "extra", "learner": bob.pk, "percent": 50, "minutes": 0})
    assert answer.status_code == 404
    assert not ExtraTime.objects.exists()


# --- sitting it


def test_from_the_rules_to_the_results(window, alice, as_):
    page = as_(alice)
    assert "Start the exam" in text(page.get(EXAM))
    assert page.post(f"{EXAM}/sitting").url == EXAM
    shown = page.get(EXAM).content.decode()
    assert "Which is the larger one" in shown
    for secret in ("no secret", "Seven it is", "Snow is white", 'class="expl'):
        assert secret not in shown
    assert save(page, "words", value="white").json()["version"] == 1
    assert 'value="white"' in page.get(EXAM).content.decode()
    assert "1 of 6 questions have an answer" in text(page.get(f"{EXAM}/hand-in"))
    assert page.post(f"{EXAM}/hand-in").url == EXAM
    waiting = text(page.get(EXAM))
    assert "Your answers are with us" in waiting
    assert "Snow is white" not in waiting
    let_pass(hours=3)
    released = text(page.get(EXAM))
    assert "Snow is white" in released
    assert "16 %" in released


def test_without_script_a_form_saves_and_comes_back_to_its_question(window, alice, as_):
    page = as_(alice)
    page.post(f"{EXAM}/sitting")
    answer = save(page, "words", headers={}, value="white")
    assert answer.url == f"{EXAM}#q-midterm--words"
    assert "Saved" in text(page.get(EXAM))


def test_a_lost_connection_loses_nothing(window, alice, as_):
    """What was sent and never answered is sent again, with what was changed meanwhile."""
    page = as_(alice)
    page.post(f"{EXAM}/sitting")
    lost = {"value": "whit", "page": "laptop", "count": 1}
    save(page, "words", **lost)
    assert save(page, "words", **lost).json()["version"] == 1
    assert save(page, "words", value="white", page="laptop", count=2).json()["version"] == 2
    save(page, "words", **lost)  # the first one arrives for the third time, late
    assert QuizAttempt.objects.get().answers == {"midterm--words": "white"}


def test_an_old_tab_is_told_and_overwrites_nothing(window, alice, as_):
    page = as_(alice)
    page.post(f"{EXAM}/sitting")
    save(page, "words", value="white", page="new", count=1)
    told = save(page, "words", value="black", page="old", count=1)
    assert (told.status_code, told.json()["code"], told.json()["version"]) == (409, "newer-answer", "1")
    assert save(page, "words", headers={}, value="black").status_code == 409
    assert QuizAttempt.objects.get().answers == {"midterm--words": "white"}


def test_after_the_time_nothing_is_taken_and_the_page_says_what_counts(window, alice, as_):
    page = as_(alice)
    page.post(f"{EXAM}/sitting")
    save(page, "words", value="white")
    let_pass(minutes=62)
    late = save(page, "words", value="black", version=1)
    assert (late.status_code, late.json()["code"]) == (409, "time-is-up")
    assert "by itself when the time was up" in text(page.get(EXAM))


def test_what_cannot_be_an_answer_is_refused_with_its_reason(window, alice, as_):
    page = as_(alice)
    page.post(f"{EXAM}/sitting")
    refused = save(page, "number", value="many")
    assert refused.status_code == 400
    assert "not a number" in refused.json()["detail"]
    assert save(page, "nothing", value="1").status_code == 404


def test_the_clock_knows_of_extra_time(window, alice, mo, as_):
    page = as_(alice)
    page.post(f"{EXAM}/sitting")
    before = page.get(f"{EXAM}/clock", headers=SCRIPT).json()["seconds_left"]
    exams.grant(mo, alice, "midterm", 50, 0)
    after = page.get(f"{EXAM}/clock", headers=SCRIPT).json()["seconds_left"]
    assert 1790 <= after - before <= 1801


@pytest.mark.parametrize(("hours", "said"), [(-5, "It closed on"), (5, "It opens on")])
def test_outside_the_window_the_door_says_when(window, alice, as_, hours, said):
    let_pass(hours=-hours)
    page = as_(alice)
    assert said in text(page.get(EXAM))
    assert page.post(f"{EXAM}/sitting").status_code == 409


def test_pages_of_a_running_exam_are_never_kept_by_browsers(window, alice, as_):
    page = as_(alice)
    page.post(f"{EXAM}/sitting")
    for address in (EXAM, f"{EXAM}/hand-in"):
        assert "no-store" in page.get(address)["Cache-Control"]


@pytest.mark.parametrize(("address", "count"), [(EXAM, 8), (f"{EXAM}/hand-in", 8)])
def test_an_exam_s_pages_cost_a_fixed_number_of_queries(
    window, alice, as_, address, count, django_assert_num_queries
):
    page = as_(alice)
    page.post(f"{EXAM}/sitting")
    save(page, "words", value="white")
    with django_assert_num_queries(count):
        page.get(address)


# --- the mentor's page


def test_a_mentor_sets_the_window_on_their_own_clock(exam, alice, mo, as_):
    mo.timezone = "Europe/Paris"
    mo.save()
    fields = {"do": "window", "opens_at": "2027-07-01T09:00", "closes_at": "2027-07-01T12:00"}
    assert as_(mo).post(f"{ROOM}/acts", fields).url == ROOM
    assert ExamWindow.objects.get().opens_at.isoformat() == "2027-07-01T07:00:00+00:00"
    assert 'value="2027-07-01T09:00"' in as_(mo).get(ROOM).content.decode()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (
            {"do": "window", "opens_at": "2027-07-01T09:00", "closes_at": "2027-07-01T08:00"},
            "before it closes",
        ),
        ({"do": "window", "opens_at": "soon", "closes_at": ""}, "Give a date and a time"),
        ({"do": "extra", "percent": "999", "minutes": "0"}, "Extra time is 0 to 300"),
        ({"do": "release"}, "1 person is still writing"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(window, alice, mo, as_, fields, said):
    exams.begin(alice, "midterm")
    answer = as_(mo).post(f"{ROOM}/acts", {"learner": alice.pk, **fields})
    assert answer.status_code in (400, 409)
    assert said in text(answer)


def test_a_mentor_sees_who_writes_and_gives_extra_time(window, alice, mo, as_):
    sitting = exams.begin(alice, "midterm")
    page = as_(mo)
    assert "Writing" in text(page.get(ROOM))
    page.post(f"{ROOM}/acts", {"do": "extra", "learner": alice.pk, "percent": "0", "minutes": "15"})
    sitting.refresh_from_db()
    assert sitting.ends_at == sitting.started_at + timedelta(minutes=75)
    assert "and 15 minutes" in text(page.get(ROOM))
    shown = text(page.get(ROOM))
    assert "0 of 6" in shown
    assert "0 %" not in shown  # no score before the release


def test_extra_time_after_the_time_was_up_opens_the_exam_again(window, alice, mo, as_):
    page = as_(alice)
    page.post(f"{EXAM}/sitting")
    save(page, "words", value="white")
    let_pass(minutes=65)
    over = text(page.get(EXAM))
    assert "by itself when the time was up" in over
    assert "If your mentor gives you more time" in over
    assert page.get(f"{EXAM}/clock", headers=HTMX).status_code == 204

    mentor = as_(mo)
    assert "Time was up" in text(mentor.get(ROOM))
    mentor.post(f"{ROOM}/acts", {"do": "extra", "learner": alice.pk, "percent": 0, "minutes": 20})
    assert "They write until" in text(mentor.get(ROOM))

    page = as_(alice)
    assert page.get(f"{EXAM}/clock", headers=HTMX).headers["HX-Refresh"] == "true"
    again = page.get(EXAM)
    assert "so your exam goes on" in text(again)
    assert 'value="white"' in again.content.decode()
    assert save(page, "gaps", **{"fill": "1", "gap-0": "zeros"}).status_code == 200


@pytest.mark.parametrize(
    ("minutes", "hands_in", "said"),
    [(65, True, "They handed in"), (100, False, "stays so"), (200, False, "results are out")],
)
def test_a_mentor_reads_why_an_exam_does_not_go_on(window, alice, mo, as_, minutes, hands_in, said):
    sitting = exams.begin(alice, "midterm")
    if hands_in:
        exams.hand_in(sitting)
    let_pass(minutes=minutes)
    exams.settle_all()
    mentor = as_(mo)
    mentor.post(f"{ROOM}/acts", {"do": "extra", "learner": alice.pk, "percent": 0, "minutes": 5})
    assert said in text(mentor.get(ROOM))


def test_a_learner_opens_no_exam_again(window, alice, bob, mia, as_):
    exams.begin(alice, "midterm")
    let_pass(minutes=65)
    exams.settle_all()
    for person in (alice, bob, mia):
        fields = {"do": "extra", "learner": alice.pk, "percent": 0, "minutes": 60}
        assert as_(person).post(f"{ROOM}/acts", fields).status_code in (403, 404)
    assert Sitting.objects.get().handed_in_by == "clock"


def test_a_mentor_releases_the_results(tmp_path, alice, mo, as_):
    publish_exam(tmp_path, release="by-hand")
    now, cohort = timezone.now(), Cohort.objects.get(slug="autumn")
    exams.set_window(mo, cohort, "midterm", now - timedelta(hours=1), now + timedelta(hours=1))
    exams.hand_in(exams.begin(alice, "midterm"))
    assert "when your mentor releases them" in text(as_(alice).get(EXAM))
    page = as_(mo)
    assert page.post(f"{ROOM}/acts", {"do": "release"}).url == ROOM
    assert "1 of this cohort can read theirs now" in text(page.get(ROOM))
    assert "Snow is white" in text(as_(alice).get(EXAM))


# --- drawn quizzes


def test_a_drawn_quiz_asks_from_all_its_sources_and_explains_at_once(exam, alice, as_):
    page = as_(alice)
    assert "Begin" in text(page.get(DRAWN))
    assert page.post(f"{DRAWN}/attempts").url == DRAWN
    attempt = QuizAttempt.objects.get()
    assert {slug for slug, _, _ in attempt.drawn} == {"vectors-and-matrices", "phase-zero"}
    sheet = quizzes.sheet_of(attempt, exam.assessment("phase-zero"))
    first = sheet.questions[0]
    wrong = page.post(DRAWN, {"question": first.id, "attempt": attempt.pk, "value": "1", **_kind(first)})
    assert wrong.status_code in (302, 400)
    assert text(page.get(DRAWN)).count("of 6 answered") == 1


def _kind(asked):
    """What a form of that kind sends so that it is an answer, right or not."""
    match asked.type:
        case "order":
            return {"order": "1", **{f"place-{o.value}": str(k) for k, o in enumerate(asked.options, 1)}}
        case "multiple":
            return {"multiple": "1"}
        case "match":
            return {"match": "2", "pair-0": "0", "pair-1": "1"}
        case "fill":
            return {"fill": "1", "gap-0": "ones"}
    return {}


def answer_all(page, attempt, entry):
    for asked in quizzes.sheet_of(attempt, entry).questions:
        fields = {"question": asked.id, "attempt": attempt.pk, "value": "1"} | _kind(asked)
        assert page.post(DRAWN, fields).status_code == 302


def test_a_finished_one_counts_and_another_attempt_draws_others(exam, alice, as_):
    page = as_(alice)
    page.post(f"{DRAWN}/attempts")
    first = QuizAttempt.objects.get()
    answer_all(page, first, exam.assessment("phase-zero"))
    first.refresh_from_db()
    assert first.finished_at
    assert "Try again with other questions" in text(page.get(DRAWN))
    page.post(f"{DRAWN}/attempts")
    second = QuizAttempt.objects.latest("pk")
    assert second.seed == first.seed + 1
    assert second.drawn != first.drawn


def test_one_whose_topics_are_being_written_says_so_and_cannot_be_begun(exam, alice, as_):
    page = as_(alice)
    shown = text(page.get(LATER))
    assert "opens when its topics are written" in shown
    assert "Eigenvectors" in shown
    assert page.post(f"{LATER}/attempts").status_code == 409
    assert not QuizAttempt.objects.exists()


def test_nobody_answers_in_somebody_else_s_attempt_at_an_assessment(exam, alice, bob, as_):
    as_(alice).post(f"{DRAWN}/attempts")
    attempt = QuizAttempt.objects.get()
    question = "--".join(attempt.drawn[0][::2])
    answer = as_(bob).post(DRAWN, {"question": question, "attempt": attempt.pk, "value": "1"})
    assert answer.status_code == 404
    assert QuizAttempt.objects.get().answers == {}


@pytest.mark.parametrize(
    "address", ["/assessments/none", "/assessments/none/clock", "/exams/autumn/phase-zero"]
)
def test_what_there_is_not_is_not_found(window, mo, as_, address):
    assert as_(mo).get(address).status_code == 404


def test_what_was_missed_in_a_drawn_quiz_comes_back_in_practice(exam, alice, as_):
    page = as_(alice)
    page.post(f"{DRAWN}/attempts")
    attempt = QuizAttempt.objects.get()
    answer_all(page, attempt, exam.assessment("phase-zero"))
    attempt.refresh_from_db()
    missed = {key for key, points in attempt.results.items() if points < 1}
    of_the_topic = {key.partition("--")[2] for key in missed if key.startswith("vectors-and-matrices--")}
    assert of_the_topic
    assert {card.item for card in deck_of(alice).cards} == of_the_topic


def right_fields(attempt, asked):
    """The form that somebody who knows would send for a question of the bank."""
    quiz, own_id = quizzes.place_of(attempt, asked.id)
    question = question_of(quiz, own_id, attempt.seed)
    match question.type:
        case "single":
            return {"value": next(o.value for o in asked.options if "Seven" in o.html)}
        case "numeric":
            return {"value": str(question.answer)}
        case "match":
            places = [next(o.value for o in asked.options if word in o.html) for word in ("barks", "purrs")]
            return {"match": "2", "pair-0": places[0], "pair-1": places[1]}
        case "fill":
            return {"fill": "1", "gap-0": " zeros"}
        case "predict":
            return {"value": "0 \r\n1\r\n\r\n"}
    return {"value": question.answer}


def test_every_kind_of_question_is_answered_by_its_own_form(exam, alice, as_):
    page, entry = as_(alice), exam.assessment("phase-zero")
    kinds = set()
    for _ in range(4):  # each attempt draws half of the bank
        page.post(f"{DRAWN}/attempts")
        attempt = QuizAttempt.objects.latest("pk")
        for asked in quizzes.sheet_of(attempt, entry).questions:
            own = asked.id.startswith("phase-zero--")
            fields = right_fields(attempt, asked) if own else {"value": "1"} | _kind(asked)
            assert (
                page.post(DRAWN, {"question": asked.id, "attempt": attempt.pk, **fields}).status_code == 302
            )
        attempt.refresh_from_db()
        of_the_bank = {key: points for key, points in attempt.results.items() if key.startswith("phase-zero")}
        assert set(of_the_bank.values()) == {1.0}
        kinds |= set(of_the_bank)
    assert len(kinds) >= 5


@pytest.mark.parametrize(
    ("who", "address", "count"), [("alice", DRAWN, 4), ("mo", ROOM, 7), ("mo", "/exams", 4)]
)
def test_pages_cost_a_fixed_number_of_queries(
    window, alice, mo, as_, who, address, count, django_assert_num_queries
):
    as_(alice).post(f"{DRAWN}/attempts")
    exams.begin(alice, "midterm")
    page = as_({"alice": alice, "mo": mo}[who])
    with django_assert_num_queries(count):
        page.get(address)


REFUSED = {
    "gaps": ({"fill": "1", "gap-0": " "}, "The gap is empty", None),
    "pairs": ({"match": "2", "pair-0": "0", "pair-1": ""}, "1 of 2 has no", '<option value="0" selected>'),
    "number": ({"value": "1e999"}, "not a finite number", 'value="1e999"'),
    "words": ({"value": ""}, "Write an answer first", None),
    "prints": ({"value": "x" * 4001}, "at most 4000 characters", "x" * 4001),
    "pick": ({"value": "9"}, "has 2 answers", None),
}  # fmt: skip


@pytest.mark.parametrize("script", [True, False])
def test_what_is_refused_says_why_and_stays_in_its_form(exam, alice, as_, script):
    page = as_(alice)
    headers = HTMX if script else {}
    seen = set()
    for _ in range(4):  # each attempt draws half of the bank
        page.post(f"{DRAWN}/attempts")
        attempt = QuizAttempt.objects.latest("pk")
        for slug, _hash, question in attempt.drawn:
            if slug != "phase-zero":
                continue
            fields, said, kept = REFUSED[question]
            sent = {"question": f"{slug}--{question}", "attempt": attempt.pk, **fields}
            answer = page.post(DRAWN, sent, headers=headers)
            assert answer.status_code == 400
            assert said in text(answer)
            assert "kept" in text(answer)
            assert kept is None or kept in answer.content.decode()
            seen.add(question)
        answer_all(page, attempt, exam.assessment("phase-zero"))
    assert len(seen) >= 5


def test_who_answers_with_a_script_is_taken_to_what_came_of_it(exam, alice, as_):
    """What had the focus is gone with the form; a screen reader and a keyboard go on from here."""
    page = as_(alice)
    page.post(f"{DRAWN}/attempts")
    attempt = QuizAttempt.objects.get()
    asked = quizzes.sheet_of(attempt, exam.assessment("phase-zero")).questions[0]
    fields = {"question": asked.id, "attempt": attempt.pk, "value": "1"} | _kind(asked)
    assert page.post(DRAWN, fields, headers=HTMX).content.decode().count("autofocus") == 1
    assert "autofocus" not in page.get(DRAWN).content.decode()
