"""Assessments in the plan and among what is next: where they stand, and when they count as done."""

from datetime import UTC, timedelta

import pytest
from django.utils import timezone

from cairn.accounts.models import Cohort
from cairn.catalog.actions import publish
from cairn.catalog.queries import library
from cairn.catalog.tests.sample import replace_in
from cairn.learning import plan_queries
from cairn.learning.actions import enrol
from cairn.learning.plan_items import done_on, entries_of
from cairn.learning.plan_pages import url_of
from cairn.learning.progress import assessment_activity, milestone_activities, project_minutes
from cairn.learning.queries import record_of
from cairn.learning.versions import version_of
from cairn.submissions import exams
from cairn.submissions.models import QuizAttempt
from cairn.submissions.tests.exam_sample import publish_exam

PATH = "zero-to-llm"
pytestmark = pytest.mark.django_db
QUIZ = "          - {id: quiz, kind: quiz, title: Quiz passed, topics: [vectors-and-matrices]}\n"
PHASE = (
    "          - {id: phase, kind: quiz, title: Phase, assessments: [phase-zero], at_least: 0.8}\n"
    "          - {id: later, kind: quiz, title: Later, assessments: [phase-one]}\n"
)
EXAM = "  - {id: exam, kind: quiz, title: The exam, assessments: [midterm]}\n"


@pytest.fixture
def asked(tmp_path):
    """The sample: its project asks for an exam, its first milestone for two drawn assessments."""
    publish_exam(tmp_path)
    replace_in(tmp_path, f"paths/{PATH}.yaml", QUIZ, QUIZ + PHASE)
    rubric = "  - {id: clear-code,"
    replace_in(tmp_path, "projects/linear-algebra-library/project.yaml", rubric, EXAM + rubric)
    publish(tmp_path)
    return library()


def attempt(user, slug, score):
    return QuizAttempt.objects.create(
        user=user, topic=slug, content_hash="x", seed=1, score=score, finished_at=timezone.now()
    )


def done(user, asked):
    found = done_on(entries_of(asked, PATH), asked, PATH, record_of(user), {}, UTC)
    return {key for key in found if key.startswith("assessment:")}


def test_they_stand_in_the_plan_with_their_minutes_and_lead_to_their_sitting(asked):
    entries = entries_of(asked, PATH)
    exam, phase, later = (entries[f"assessment:{one}"] for one in ("midterm", "phase-zero", "phase-one"))
    assert [one.item.minutes for one in (exam, phase, later)] == [60, 6, 3]
    assert [one.written for one in (exam, phase, later)] == [True, True, False]
    assert url_of(exam) == "/assessments/midterm"
    assert exam.item.key in entries["project:linear-algebra-library"].item.needs
    assert "project:linear-algebra-library" in phase.item.needs
    whole = round(asked.project("linear-algebra-library").content.hours * 60)
    assert project_minutes("linear-algebra-library", asked) == whole - 60


def test_what_is_next_holds_them_but_not_what_is_being_written(asked, alice):
    milestone = asked.path(PATH).milestone("linear-algebra")
    kinds = [(one.kind, one.slug) for one in milestone_activities(milestone, asked, record_of(alice), PATH)]
    place = kinds.index(("assessment", "midterm"))
    assert kinds[place + 1] == ("project", "linear-algebra-library")
    assert kinds[-1] == ("assessment", "phase-zero")


def test_a_drawn_one_is_done_with_the_score_that_the_criterion_asks_for(asked, alice):
    attempt(alice, "phase-zero", 0.75)
    assert done(alice, asked) == set()
    assert assessment_activity("phase-zero", asked, record_of(alice), 0.8).state == "started"
    attempt(alice, "phase-zero", 0.85)
    assert done(alice, asked) == {"assessment:phase-zero"}


def test_an_exam_is_done_when_it_is_handed_in_though_its_results_are_not_released(asked, alice, mo):
    now = timezone.now()
    hours = timedelta(hours=1)
    exams.set_window(mo, Cohort.objects.get(slug="autumn"), "midterm", now - hours, now + 2 * hours)
    enrol(alice, PATH, now.date(), 7)
    sitting = exams.begin(alice, "midterm")
    assert done(alice, asked) == set()
    before = version_of(alice)
    exams.hand_in(sitting)
    assert version_of(alice) > before
    assert done(alice, asked) == {"assessment:midterm"}
    assert "midterm" not in record_of(alice).results.quizzes
    pieces = plan_queries.plan_of(alice, PATH).schedule.pieces
    assert [one.done for one in pieces if one.item.key == "assessment:midterm"] == [True]


def test_who_failed_an_exam_has_sat_it(asked, alice):
    exams.hand_in(exams.begin(alice, "midterm"))  # without a window: results at hand-in
    exams.settle_all()
    assert assessment_activity("midterm", asked, record_of(alice)).done


def test_home_and_the_plan_lead_there(asked, alice, client):
    enrol(alice, PATH, timezone.localdate(), 7)
    client.force_login(alice)
    shown = client.get(f"/plan?path={PATH}&view=list").content.decode()
    assert 'href="/assessments/midterm"' in shown
    answer = client.get(f"/paths/{PATH}/milestones/linear-algebra")
    assert 'href="/assessments/phase-zero"' in answer.content.decode()
