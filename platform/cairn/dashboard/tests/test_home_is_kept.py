"""Home is kept between visits, and yet never out of date: whatever is stored shows at once."""

import ast
import pathlib
from datetime import timedelta

import pytest
from django.apps import apps
from django.utils import timezone

from cairn.accounts.models import User
from cairn.learning import actions, journal_actions, mastery_actions, plan_actions
from cairn.learning.models import Enrolment, MasteryCard
from cairn.learning.versions import WHOSE, changed, version_of
from cairn.review.models import Review
from cairn.runs.models import Run
from cairn.submissions import quizzes
from cairn.submissions.actions import submit
from cairn.submissions.models import QuizAttempt

TOPIC = "vectors-and-matrices"


@pytest.fixture
def walking(page, noor):
    actions.enrol(noor, "zero-to-llm", timezone.localdate() - timedelta(days=15), 8)
    return page


def shown(page):
    return page.get("/home").content.decode()


def ended(work, verdict="passed"):
    """The run of a submission ends, as a node's report makes it."""
    run = Run.objects.get(pk=work.run_id)
    run.state, run.verdict, run.finished_at = Run.State.FINISHED, verdict, timezone.now()
    run.tests_passed = run.tests_total = 4
    run.score = 1.0
    run.save()


def missed_yesterday(noor):
    attempt = quizzes.start(noor, TOPIC)
    quizzes.answer(attempt, "how-much", "1")
    attempt.refresh_from_db()
    attempt.started_at = timezone.now() - timedelta(days=2)
    attempt.save()


def test_a_second_look_asks_for_the_session_the_person_and_whether_anything_changed(
    walking, noor, django_assert_num_queries
):
    submit(noor, "exercise", "dot-product", {"dot.py": "# mine"})
    shown(walking)
    with django_assert_num_queries(2):
        shown(walking)


def test_what_was_handed_in_shows_at_once(walking, noor):
    assert "Nothing handed in yet" in shown(walking)
    submit(noor, "exercise", "dot-product", {"dot.py": "# mine"})
    assert "Nothing handed in yet" not in shown(walking)


def test_a_verdict_shows_at_once(walking, noor):
    work = submit(noor, "exercise", "dot-product", {"dot.py": "# mine"})
    assert "4 of 4 tests" not in shown(walking)
    ended(work)
    assert "4 of 4 tests" in shown(walking)


def test_a_cancelled_run_shows_at_once(walking, noor):
    from cairn.runs.actions import cancel

    work = submit(noor, "exercise", "dot-product", {"dot.py": "# mine"})
    assert "Nothing handed in yet" not in shown(walking)
    cancel(work.run, noor)
    assert "Nothing handed in yet" in shown(walking)


def test_an_answer_makes_a_quiz_started_and_says_how_far_it_is(walking, noor):
    before = shown(walking)
    attempt = quizzes.start(noor, TOPIC)
    quizzes.answer(attempt, "how-much", "1")
    after = shown(walking)
    count = len(quizzes.document("quiz", TOPIC).body["questions"])
    assert f"1 of {count}" not in before
    assert f"1 of {count}" in after
    assert "Started" in after


def test_a_lesson_read_shows_at_once(walking, noor):
    assert "1 piece of work" not in shown(walking)
    actions.read_to(noor, TOPIC, finished=True)
    assert "1 piece of work" in shown(walking)


def test_a_note_shows_at_once_and_is_gone_with_its_deletion(walking, noor):
    shown(walking)
    note = journal_actions.begin_note(noor, "blank")
    assert "1 study day in a row" in shown(walking)
    journal_actions.delete_note(noor, note.pk)
    assert "in a row." not in shown(walking).split("How days are counted")[0]


def test_a_review_that_comes_due_and_one_that_is_answered_show_at_once(walking, noor):
    assert "No question is due today" in shown(walking)
    missed_yesterday(noor)
    assert "Start 1 question" in shown(walking)
    document = quizzes.document("quiz", TOPIC)
    mastery_actions.answer(noor, TOPIC, "how-much", document.content_hash, "1")
    assert MasteryCard.objects.get(user=noor).practised_on
    assert "No question is due today" in shown(walking)


def test_what_a_mentor_says_and_a_new_name_of_theirs_show_at_once(walking, noor):
    ines = User.objects.create_user("ines", "ines@example.org", first_name="Ines", is_mentor=True)
    work = submit(noor, "project", "linear-algebra-library", {"linear.py": "x = 1"})
    assert "Good names." not in shown(walking)
    said = Review.objects.create(submission=work, mentor=ines, lines={}, comment="Good names.")
    assert "Good names." in shown(walking)
    said.comment = "Better names."
    said.save()
    assert "Better names." in shown(walking)
    ines.first_name = "Inês"
    ines.save()
    assert "Inês" in shown(walking)


def test_another_path_another_name_and_another_clock_show_at_once(walking, noor):
    assert "Good" in shown(walking)
    noor.first_name, noor.timezone = "Nora", "Asia/Kolkata"
    noor.save()
    assert "Nora" in shown(walking)
    assert "Asia/Kolkata" in shown(walking)
    Enrolment.objects.get(user=noor).delete()
    assert "Choose a path" in shown(walking)


def test_a_day_off_and_other_hours_count_at_once(walking, noor):
    today = timezone.localdate()
    before = version_of(noor)
    shown(walking)
    plan_actions.take_off(noor, today, today + timedelta(days=6 - today.weekday()))
    assert "left." not in shown(walking).split("How days are counted")[0]
    plan_actions.work_on(noor, today, today + timedelta(days=6 - today.weekday()))
    assert "left." in shown(walking).split("How days are counted")[0]
    assert version_of(noor) > before


def test_one_persons_work_leaves_what_is_kept_for_others(walking, noor, django_assert_num_queries):
    other = User.objects.create_user("other", "other@example.org")
    shown(walking)
    submit(other, "exercise", "dot-product", {"dot.py": "# mine"})
    with django_assert_num_queries(2):
        shown(walking)


def test_a_person_can_be_deleted_with_all_their_work(noor, books):
    actions.enrol(noor, "zero-to-llm", timezone.localdate(), 8)
    QuizAttempt.objects.create(user=noor, topic=TOPIC, content_hash="x", seed=1)
    noor.delete()
    assert not User.objects.exists()


def test_the_first_change_and_the_next_both_count(noor):
    assert version_of(noor) == (0, 0, 0, 0)
    changed(noor.pk)
    changed(noor.pk)
    assert version_of(noor) == (2, 2, 2, 2)


# Writers that go round the objects, and why each may.
KNOWN = {
    ("learning/plan_actions.py", "DayOff"): "calls changed",
    ("learning/plan_actions.py", "Enrolment"): "calls changed",
    ("learning/completion_actions.py", "Completion"): "follows from results, which home reads itself",
    ("runs/experiments.py", "Run"): "a run's note and tags, which home does not show",
    ("learning/journal_actions.py", "Note"): "calls changed, or shares only, which home does not show",
}


def test_whoever_writes_round_the_objects_is_known_here():
    names = {model.__name__ for model in WHOSE}
    root = pathlib.Path(apps.get_app_config("learning").path).parent
    found = {
        (str(file.relative_to(root)), name)
        for file in root.rglob("*.py")
        if "tests" not in file.parts and "migrations" not in file.parts
        for name in _round(ast.parse(file.read_text()), names)
    }
    assert found <= set(KNOWN)


def _round(tree, names):
    """Models on whose manager the module calls ``update`` or a bulk verb in one chain."""
    verbs = ("update", "bulk_create", "bulk_update", "aupdate", "abulk_create")
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in verbs:
            inner = node.func.value
            while isinstance(inner, ast.Call | ast.Attribute):
                inner = inner.func if isinstance(inner, ast.Call) else inner.value
            if isinstance(inner, ast.Name) and inner.id in names:
                yield inner.id


def test_the_test_above_sees_such_a_writer():
    tree = ast.parse("Run.objects.filter(pk=1).update(state='x')\nDraft.objects.update(version=1)")
    assert list(_round(tree, {"Run"})) == ["Run"]
