"""The learner's pages over HTTP: what they show, to whom, and what they refuse."""

from datetime import timedelta

import pytest
from django.utils import timezone

from cairn.accounts.models import User
from cairn.learning.models import Enrolment, Reading
from cairn.review.models import Review
from cairn.runs.models import Run
from cairn.submissions import quizzes
from cairn.submissions.actions import save_draft, submit, try_out
from cairn.submissions.models import QuizAttempt

PATH = "/paths/zero-to-llm"
MILESTONE = f"{PATH}/milestones/linear-algebra"
LESSON = "/topics/vectors-and-matrices"
UNWRITTEN = "/topics/eigenvectors"
QUIZ = f"{LESSON}/quiz"
EXERCISE = "/exercises/dot-product"
PROJECT = "/projects/linear-algebra-library"
HTMX = {"HX-Request": "true"}


def text(answer):
    return answer.content.decode()


def passed(submission):
    """As a node reports it: every test passed."""
    Run.objects.filter(pk=submission.run_id).update(
        state=Run.State.FINISHED,
        verdict="passed",
        score=1,
        tests_passed=4,
        tests_total=4,
        finished_at=timezone.now(),
    )


# --- every page, for a guest and for a learner


@pytest.mark.parametrize("address", [PATH, MILESTONE, LESSON, UNWRITTEN, QUIZ, EXERCISE, PROJECT])
def test_guests_may_read_everything(client, books, address):
    answer = client.get(address)
    assert answer.status_code == 200
    assert "/account/login/" in text(answer)


@pytest.mark.parametrize("address", [PATH, MILESTONE, LESSON, UNWRITTEN, QUIZ, EXERCISE, PROJECT])
def test_no_page_needs_an_inline_style_or_script(page, address):
    shown = text(page.get(address))
    assert " style=" not in shown
    assert "<script>" not in shown
    assert "onclick" not in shown


@pytest.mark.parametrize(
    "address",
    [
        "/paths/no",
        f"{PATH}/milestones/no",
        "/topics/no",
        "/topics/no/quiz",
        f"{UNWRITTEN}/quiz",
        "/exercises/no",
        "/projects/no",
        f"{EXERCISE}?restore=x",
        f"{EXERCISE}?run=00000000-0000-0000-0000-000000000000",
    ],
)
def test_what_there_is_not_is_not_found(page, address):
    assert page.get(address).status_code == 404


# --- the path and the enrolment


def test_the_path_opens_the_milestone_to_work_at_and_marks_what_is_being_written(page):
    shown = text(page.get(PATH))
    assert "Topics that lead here" in shown
    assert "Exercises passed" in shown
    assert "Being written" in shown
    assert shown.count('class="panel cur"') == 1


def test_enrolling_keeps_start_and_pace_and_says_when_one_arrives(page, noor):
    today = timezone.localdate()
    answer = page.post(
        f"{PATH}/enrolment", {"starts_on": today.isoformat(), "hours_per_week": "11"}, follow=True
    )
    enrolment = Enrolment.objects.get(user=noor)
    assert (enrolment.path, enrolment.starts_on, enrolment.hours_per_week) == ("zero-to-llm", today, 11)
    arrival = today + timedelta(days=14)  # 12 and 10 hours at 11 a week
    assert f"{arrival:%B} {arrival.year}" in text(answer)
    assert "when you reach milestone 0.2" in text(answer)


def test_enrolling_twice_changes_the_pace(page, noor):
    for hours in ("5", "9"):
        page.post(
            f"{PATH}/enrolment", {"starts_on": timezone.localdate().isoformat(), "hours_per_week": hours}
        )
    assert Enrolment.objects.get(user=noor).hours_per_week == 9


@pytest.mark.parametrize(
    ("days", "hours", "said"),
    [
        (-400, "5", "more than a year back"),
        (400, "5", "more than a year ahead"),
        (0, "0", "between 1 and 60"),
        (0, "61", "between 1 and 60"),
        (0, "many", "not a whole number"),
        (0, "", "how many hours"),
    ],
)
def test_a_start_or_pace_that_makes_no_plan_is_refused_at_its_field(page, days, hours, said):
    start = timezone.localdate() + timedelta(days=days)
    answer = page.post(f"{PATH}/enrolment", {"starts_on": start.isoformat(), "hours_per_week": hours})
    assert answer.status_code == 400
    assert said in text(answer)
    assert not Enrolment.objects.exists()


def test_a_date_that_is_none_is_refused(page):
    answer = page.post(f"{PATH}/enrolment", {"starts_on": "tomorrow", "hours_per_week": "5"})
    assert answer.status_code == 400
    assert "not a date" in text(answer)


def test_a_guest_who_enrols_signs_in_first_and_comes_back_to_the_path(client, books, noor):
    answer = client.post(f"{PATH}/enrolment", {"starts_on": "2026-11-19", "hours_per_week": "5"})
    assert answer.status_code == 302
    client.force_login(noor)
    assert client.get(answer.url.split("next=")[1], follow=True).redirect_chain[-1][0] == PATH


def test_the_milestone_lists_every_criterion_with_where_to_work_at_it(page):
    shown = text(page.get(MILESTONE))
    for title in (
        "Products are right",
        "Fast enough",
        "The code reads well",
        "Exercises passed",
        "Quiz passed",
    ):
        assert title in shown
    assert EXERCISE in shown
    assert QUIZ in shown
    assert "Names say what they hold." in shown
    assert "Metric, at most 2" in shown


def test_a_stone_is_laid_on_the_milestone_once_its_quiz_is_passed(page, noor):
    QuizAttempt.objects.create(
        user=noor,
        topic="vectors-and-matrices",
        content_hash="x",
        seed=1,
        score=0.9,
        finished_at=timezone.now(),
    )
    assert "90\u202f%" in text(page.get(MILESTONE))
    assert "1 of 6</b> stones laid" in text(page.get(MILESTONE))


# --- lesson


def test_the_lesson_shows_its_text_its_outline_and_what_comes_after(page):
    shown = text(page.get(LESSON))
    assert "A model never sees a picture" in shown
    assert "#one-number-from-two-lists" in shown
    assert "Check what you know" in shown
    assert "Dot product" in shown


def test_where_reading_stopped_is_remembered(page, noor):
    answer = page.put(f"{LESSON}/reading", "section=one-number-from-two-lists")
    assert answer.status_code == 204
    assert Reading.objects.get(user=noor).section == "one-number-from-two-lists"
    assert "Go on where you stopped" in text(page.get(LESSON))


def test_the_button_at_the_end_finishes_the_lesson_and_leads_to_the_quiz(page, noor):
    answer = page.post(f"{LESSON}/reading", {"finished": "1"})
    assert answer.url == QUIZ
    assert Reading.objects.get(user=noor).finished_at
    page.put(f"{LESSON}/reading", "section=one-number-from-two-lists")
    assert Reading.objects.get(user=noor).finished_at, "reading again does not undo it"


def test_a_section_that_the_lesson_has_not_is_refused(page):
    assert page.put(f"{LESSON}/reading", "section=elsewhere").status_code == 400
    assert page.put(f"{UNWRITTEN}/reading", "finished=1").status_code == 400
    assert not Reading.objects.exists()


def test_reading_is_not_kept_for_guests(client, books):
    assert client.put(f"{LESSON}/reading", "finished=1").status_code == 302
    assert not Reading.objects.exists()


def test_a_topic_being_written_says_so_and_what_it_builds_on(page):
    shown = text(page.get(UNWRITTEN))
    assert "Being written" in shown
    assert "Directions that stay." in shown
    assert LESSON in shown


# --- quiz


def answer(page, question, headers=None, **fields):
    attempt = QuizAttempt.objects.order_by("-pk").first()
    return page.post(
        QUIZ,
        {"question": question, "attempt": attempt.pk if attempt else "", **fields},
        headers=headers or {},
    )


def test_an_answer_by_form_leads_back_to_its_question_explained(page):
    answered = answer(page, "what-is-a-dot-product", value="1")
    assert answered.url == f"{QUIZ}#q-what-is-a-dot-product"
    shown = text(page.get(QUIZ))
    assert "Your answer" in shown
    assert "That is the sum." in shown
    assert "Reread this section" in shown
    assert "1 of 5 answered" in shown


def test_an_answer_by_script_gets_its_question_and_the_progress(page):
    answered = answer(page, "how-much", HTMX, value="14")
    assert answered.status_code == 200
    assert "That is right" in text(answered)
    assert "1 of 5 answered" in text(answered)
    assert "<html" not in text(answered)


def test_what_is_right_is_not_on_the_page_before_the_answer(page):
    shown = text(page.get(QUIZ))
    assert "It adds up products" not in shown
    assert "That is the sum" not in shown
    assert "Two rows, three columns" not in shown


@pytest.mark.parametrize(
    ("question", "fields", "said"),
    [
        ("what-is-a-dot-product", {"value": "7"}, "has 2 answers"),
        ("all-vectors", {"multiple": "1"}, "at least one"),
        ("how-much", {"value": "a lot"}, "not a number"),
        ("steps", {"order": "1", "place-0": "1", "place-1": "1", "place-2": "2"}, "share a place"),
    ],
)
def test_an_answer_out_of_range_is_refused_beside_its_question(page, question, fields, said):
    answer(page, "shape", value="2, 3")
    for headers in ({}, HTMX):
        refused = answer(page, question, headers, **fields)
        assert refused.status_code == 400
        assert said in text(refused)
        assert "1 of 5 answered" in text(refused)


def test_a_changed_mind_comes_too_late_and_says_so(page):
    answer(page, "what-is-a-dot-product", value="1")
    late = answer(page, "what-is-a-dot-product", value="0")
    assert late.status_code == 409


def test_the_last_answer_shows_the_score_and_what_it_means(page, noor):
    finish(page, noor)
    shown = text(page.get(QUIZ))
    assert "100\u202f%" in shown
    assert "Passed" in shown
    assert EXERCISE in shown


def finish(page, noor):
    answer(page, "what-is-a-dot-product", value="0")
    answer(page, "all-vectors", value=["0", "1"], multiple="1")
    answer(page, "how-much", value="14")
    answer(page, "shape", value="(2,3)")
    items = quizzes.sheet_for(noor, "vectors-and-matrices").question("steps").options
    right = [item.value for word in ("Multiply", "Add", "Return") for item in items if word in item.html]
    answer(page, "steps", order="1", **{f"place-{value}": str(place) for place, value in enumerate(right, 1)})


def test_trying_again_asks_everything_anew(page, noor):
    finish(page, noor)
    assert page.post(f"{QUIZ}/attempts").url == QUIZ
    assert "0 of 5 answered" in text(page.get(QUIZ))
    assert QuizAttempt.objects.count() == 2


def test_nobody_answers_in_somebody_elses_attempt(page, client, noor):
    answer(page, "how-much", value="14")
    client.force_login(User.objects.create_user("other", "other@example.org", "granite-cairn-9"))
    assert answer(client, "shape", value="2, 3").status_code == 404


def test_who_was_signed_out_meanwhile_signs_in_and_comes_back_to_the_quiz(client, books):
    by_form = client.post(QUIZ, {"question": "how-much", "value": "14"})
    by_script = client.post(QUIZ, {"question": "how-much", "value": "14"}, headers=HTMX)
    assert by_form.url == by_script["HX-Redirect"] == f"/account/login/?next={QUIZ}"


@pytest.mark.parametrize("attempt", ["x", "-1", "9" * 30])
def test_an_attempt_that_is_none_is_not_found(page, attempt):
    assert page.post(QUIZ, {"question": "how-much", "value": "14", "attempt": attempt}).status_code == 404


# --- exercise


def test_the_editor_holds_the_starter_then_the_draft(page, noor):
    assert "return 0" in text(page.get(EXERCISE))
    save_draft(noor, "exercise", "dot-product", {"dot.py": "# my draft"}, 0)
    shown = text(page.get(EXERCISE))
    assert "# my draft" in shown
    assert 'version="1"' in shown


def test_an_attempt_can_be_restored_by_its_author_only(page, client, noor):
    first = submit(noor, "exercise", "dot-product", {"dot.py": "# first"})
    save_draft(noor, "exercise", "dot-product", {"dot.py": "# later"}, 0)
    assert "# first" in text(page.get(f"{EXERCISE}?restore={first.pk}"))
    client.force_login(User.objects.create_user("other", "other@example.org", "granite-cairn-9"))
    assert client.get(f"{EXERCISE}?restore={first.pk}").status_code == 404


def test_the_page_shows_the_newest_run_and_the_attempts(page, noor):
    submit(noor, "exercise", "dot-product", {"dot.py": "# first"})
    run = try_out(noor, "dot-product", {"dot.py": "# second"})
    shown = text(page.get(EXERCISE))
    assert str(run.pk) in shown
    assert "Attempt 1" in shown


def test_a_run_of_somebody_else_is_not_shown(page, books):
    other = User.objects.create_user("other", "other@example.org", "granite-cairn-9")
    run = try_out(other, "dot-product", {"dot.py": "# theirs"})
    assert page.get(f"{EXERCISE}?run={run.pk}").status_code == 404


def test_once_passed_the_page_names_the_stone_and_what_is_next(page, noor):
    passed(submit(noor, "exercise", "dot-product", {"dot.py": "def dot(a, b): ..."}))
    shown = text(page.get(EXERCISE))
    assert "You passed this exercise" in shown
    assert "Exercises passed" in shown
    assert "Next: Norm of a vector" in shown


def test_hidden_tests_and_the_solution_are_never_on_the_page(page):
    shown = text(page.get(EXERCISE))
    assert "Matches the worked example" in shown
    for secret in ("Refuses vectors of different length", "Counts ones", "strict=True"):
        assert secret not in shown


def test_hints_lie_inside_each_other_so_that_each_opens_after_the_one_before(page):
    shown = text(page.get(EXERCISE))
    first, second = shown.index("1. Multiply"), shown.index("2. Add")
    assert "</details>" not in shown[first:second]


# --- project


def test_the_project_has_its_brief_its_criteria_and_an_editor_for_each_file(page):
    shown = text(page.get(PROJECT))
    assert "A library of three functions." in shown
    assert 'name="file:linear.py"' in shown
    assert 'name="file:report.md"' in shown
    assert "Fast enough" in shown


def test_what_a_mentor_said_is_beside_the_work(page, noor):
    ines = User.objects.create_user("ines", "ines@example.org", "granite-cairn-9", first_name="Ines")
    work = submit(noor, "project", "linear-algebra-library", {"linear.py": "def dot(a, b): ..."})
    Review.objects.create(
        submission=work, mentor=ines, lines={"clear-code": True}, comment="Good <b>names</b>."
    )
    shown = text(page.get(PROJECT))
    assert "Good &lt;b&gt;names&lt;/b&gt;." in shown
    assert "Ines agrees" in shown


@pytest.mark.parametrize("address", [EXERCISE, PROJECT])
def test_when_a_run_ends_the_page_asks_only_for_what_it_came_to(page, noor, address):
    passed(submit(noor, "exercise", "dot-product", {"dot.py": "def dot(a, b): ..."}))
    part = text(page.get(f"{address}?part=outcome"))
    assert "<html" not in part
    assert "<form" not in part
    assert ("You passed this exercise" in part) == (address == EXERCISE)
    assert ("Fast enough" in part) == (address == PROJECT)


# --- cost


@pytest.mark.parametrize(
    ("address", "most"), [(LESSON, 4), (EXERCISE, 6), (QUIZ, 4), (PATH, 6), (MILESTONE, 5)]
)
def test_a_page_costs_a_fixed_number_of_queries(page, noor, django_assert_max_num_queries, address, most):
    for number in range(3):
        submit(noor, "exercise", "dot-product", {"dot.py": f"# {number}"})
    page.get(address)
    with django_assert_max_num_queries(most):
        page.get(address)
