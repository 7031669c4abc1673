"""Progress as rules: what lays a stone, when a cairn stands, what comes next."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cairn.catalog import content
from cairn.catalog.library import (
    ExerciseEntry,
    Library,
    PathEntry,
    PlacedCriterion,
    ProjectEntry,
    TopicEntry,
)
from cairn.learning.pace import arrival, milestone_hours, remaining_hours
from cairn.learning.progress import (
    Read,
    Record,
    State,
    milestone_state,
    next_activity,
    path_progress,
    topic_activities,
)
from cairn.review.queries import Decision
from cairn.submissions.results import FileFacts, Outcome, ProjectOutcome, QuizOutcome, Results

T0 = datetime(2026, 11, 1, 12, tzinfo=UTC)
ID = UUID(int=1)

EXERCISE = content.ExerciseCriterion(id="softmax", title="Softmax", kind="exercise", exercises=("softmax",))
TESTS = content.ExerciseCriterion(id="works", title="Works", kind="exercise", tests=("test_a", "test_b"))
QUIZ = content.QuizCriterion(id="quiz", title="Quiz", kind="quiz", topics=("vectors",), at_least=0.8)
METRIC = content.MetricCriterion(
    id="accuracy", title="Accuracy", kind="metric", metric="accuracy", at_least=0.98, unit="percent"
)
DOCUMENT = content.DocumentCriterion(
    id="report", title="Report", kind="document", min_words=100, headings=("Method",)
)
RUBRIC = content.RubricCriterion(id="clear", title="Clear", kind="rubric", guide="Reads well.")
PROJECT = "digits"


def passed(**more):
    return Outcome("passed", T0, ID, passed_at=T0, best_score=1, passed_tests=9, total_tests=9, **more)


def failed():
    return Outcome("failed", T0, ID, best_score=4 / 7, passed_tests=4, total_tests=7)


def project(**more):
    return ProjectOutcome("failed", ID, T0, **more)


def record(exercises=None, projects=None, quizzes=None, decisions=None, read=None):
    return Record(Results(exercises or {}, projects or {}, quizzes or {}), decisions or {}, read or {})


def stone(criterion, of=Record(), also=()):  # noqa: B008 - frozen
    placed = tuple(PlacedCriterion(one, PROJECT) for one in (criterion, *also))
    return milestone_state(placed, of).stones[0]


def said(criterion, **of):
    state = stone(criterion, record(**of))
    return state.state, state.detail


def test_a_newcomer_has_laid_no_stone():
    for criterion in (EXERCISE, TESTS, QUIZ, METRIC, DOCUMENT, RUBRIC):
        assert stone(criterion).state == State.OPEN


def test_an_exercise_stone_is_laid_when_the_exercise_is_passed():
    assert said(EXERCISE, exercises={"softmax": failed()}) == (State.STARTED, "4 of 7 tests")
    assert said(EXERCISE, exercises={"softmax": passed()}) == (State.MET, "9 of 9 tests")
    assert stone(EXERCISE, record(exercises={"softmax": passed()})).met_at == T0


def test_tests_of_the_project_must_all_pass():
    assert said(TESTS, projects={PROJECT: project(tests={"test_a": "passed"})}) == (
        State.STARTED,
        "1 of 2 tests",
    )
    both = project(tests={"test_a": "passed", "test_b": "passed"})
    assert said(TESTS, projects={PROJECT: both})[0] == State.MET


def test_a_quiz_stone_needs_the_score_asked_for():
    assert said(QUIZ, quizzes={"vectors": QuizOutcome(0.799, T0, 2)}) == (
        State.STARTED,
        "best so far 79\u202f%",
    )
    assert said(QUIZ, quizzes={"vectors": QuizOutcome(0.8, T0, 1)}) == (State.MET, "80\u202f%")


def test_a_metric_stone_needs_the_number():
    assert said(METRIC, projects={PROJECT: project(metrics={"accuracy": 0.9762})}) == (
        State.STARTED,
        "best so far 97.62\u202f%",
    )
    assert said(METRIC, projects={PROJECT: project(metrics={"accuracy": 0.9812})}) == (
        State.MET,
        "98.12\u202f%",
    )
    assert said(METRIC, projects={PROJECT: project(metrics={"accuracy": float("nan")})})[0] != State.MET
    assert said(METRIC, projects={PROJECT: project()})[0] == State.OPEN


@given(st.floats(allow_nan=True), st.floats(-10, 10))
def test_bounds_mean_what_they_say(value, bound):
    def met(**limit):
        criterion = content.MetricCriterion(id="m", title="M", kind="metric", metric="m", **limit)
        return said(criterion, projects={PROJECT: project(metrics={"m": value})})[0] == State.MET

    assert met(at_least=bound) == (value >= bound)
    assert met(at_most=bound) == (value <= bound)
    assert met(above=bound) == (value > bound)


def test_a_document_needs_its_words_and_headings():
    def handed_in(words, *headings):
        return said(DOCUMENT, projects={PROJECT: project(files={"report.md": FileFacts(words, headings)})})

    assert handed_in(80, "Method") == (State.STARTED, "80 of 100 words")
    assert handed_in(120, "Results") == (State.STARTED, "heading “Method” is missing")
    assert handed_in(120, "Results", "method ") == (State.MET, "120 words")


def test_a_rubric_line_waits_for_the_checks_then_for_a_mentor_then_stands():
    low, high = project(metrics={"accuracy": 0.9}), project(metrics={"accuracy": 0.99})
    assert stone(RUBRIC, record(projects={PROJECT: low}), [METRIC]).detail == "judged after the checks"
    waiting = stone(RUBRIC, record(projects={PROJECT: high}), [METRIC])
    assert (waiting.state, waiting.detail, waiting.since) == (State.REVIEW, "with a mentor", T0)
    later = T0 + timedelta(days=1)
    word = {(PROJECT, "clear"): Decision(True, later, "Ines")}
    agreed = stone(RUBRIC, record(projects={PROJECT: high}, decisions=word), [METRIC])
    assert (agreed.state, agreed.met_at) == (State.MET, later)


def test_a_mentors_no_holds_until_the_work_is_handed_in_again():
    no = {(PROJECT, "clear"): Decision(False, T0 + timedelta(hours=1), "Ines")}
    assert stone(RUBRIC, record(projects={PROJECT: project()}, decisions=no)).state == State.STARTED
    again = replace(project(), at=T0 + timedelta(days=1))
    assert stone(RUBRIC, record(projects={PROJECT: again}, decisions=no)).state == State.REVIEW


def test_a_cairn_stands_when_its_last_stone_is_laid_and_never_without_stones():
    placed = (PlacedCriterion(EXERCISE), PlacedCriterion(QUIZ))
    half = record(exercises={"softmax": passed()})
    whole = replace(
        half, results=replace(half.results, quizzes={"vectors": QuizOutcome(1, T0 + timedelta(1), 1)})
    )
    assert not milestone_state(placed, half).complete
    assert milestone_state(placed, half).met_at is None
    assert milestone_state(placed, whole).complete
    assert milestone_state(placed, whole).met_at == T0 + timedelta(days=1)
    assert not milestone_state((), whole).complete


@given(st.data())
def test_better_results_never_take_a_stone_away(data):
    quiz, metric = data.draw(st.tuples(st.floats(0, 1), st.floats(0, 1)))
    more_quiz, more_metric = data.draw(st.tuples(st.floats(quiz, 1), st.floats(metric, 1)))
    placed = tuple(PlacedCriterion(one, PROJECT) for one in (QUIZ, METRIC))

    def laid(q, m):
        of = record(
            quizzes={"vectors": QuizOutcome(q, T0, 1)}, projects={PROJECT: project(metrics={"accuracy": m})}
        )
        return milestone_state(placed, of).laid

    assert laid(quiz, metric) <= laid(more_quiz, more_metric)


# --- a small library: two milestones, three topics, one of them being written


def topic(slug, exercises=(), written=True, minutes=60):
    return TopicEntry(
        slug,
        content.Topic(title=slug.title(), summary="…", minutes=minutes, exercises=exercises),
        "mathematics",
        written=written,
        lesson_hash="h" if written else "",
        quiz_hash="q" if written else "",
        question_count=10 if written else 0,
        outline=(("one", "One"), ("two", "Two")),
    )


def library():
    stages = [
        {"slug": "phase-0", "label": "Phase 0", "title": "Ground", "milestones": [
            {"slug": "first", "title": "First", "hours": 4, "topics": ["vectors", "unwritten"],
             "criteria": [QUIZ.model_dump(), EXERCISE.model_dump()]},
            {"slug": "second", "title": "Second", "hours": 6, "topics": ["vectors", "losses"],
             "projects": [PROJECT]},
        ]},
    ]  # fmt: skip
    path = content.Path(
        title="P",
        summary="…",
        roadmap=4,
        order=1,
        duration="8 weeks",
        hours=10,
        hours_per_week=5,
        stages=stages,
    )
    digits = content.Project(title="Digits", summary="…", hours=3, criteria=(METRIC, RUBRIC))
    return Library(
        paths={"p": PathEntry("p", path)},
        topics={
            "vectors": topic("vectors", ("softmax",)),
            "unwritten": topic("unwritten", written=False),
            "losses": topic("losses"),
        },
        exercises={"softmax": ExerciseEntry("softmax", content.Exercise(title="Softmax"), "vectors", "e")},
        projects={PROJECT: ProjectEntry(PROJECT, digits, written=True, content_hash="p")},
    )


BOOKS = library()
READ = {"vectors": Read("two", True), "losses": Read("two", True)}
QUIZZES = {"vectors": QuizOutcome(0.9, T0, 1), "losses": QuizOutcome(0.9, T0, 1)}


def following(of):
    activity = next_activity(BOOKS.path("p"), BOOKS, of)
    return (activity.kind, activity.slug) if activity else None


def test_the_path_is_walked_in_order_past_what_is_not_written():
    assert following(Record()) == ("lesson", "vectors")
    assert following(record(read=READ)) == ("quiz", "vectors")
    assert following(record(read=READ, quizzes=QUIZZES)) == ("exercise", "softmax")
    done = {"exercises": {"softmax": passed()}, "read": READ, "quizzes": QUIZZES}
    assert following(record(**done)) == ("project", PROJECT)
    assert following(record(**done, projects={PROJECT: project(metrics={"accuracy": 0.99})})) is None


def test_who_passes_the_quiz_need_not_read_the_lesson():
    assert following(record(quizzes=QUIZZES)) == ("exercise", "softmax")


def test_a_mentor_who_has_not_looked_yet_does_not_hold_anybody_back():
    handed_in = record(projects={PROJECT: project(metrics={"accuracy": 0.99})})
    progress = path_progress(BOOKS.path("p"), BOOKS, handed_in)
    assert all(activity.kind != "project" for activity in progress.upcoming)
    assert progress.milestones[1].state.stones[1].state == State.REVIEW


def test_the_current_milestone_is_the_one_that_the_next_activity_leads_to():
    assert path_progress(BOOKS.path("p"), BOOKS, Record()).current.milestone.slug == "first"
    first = record(exercises={"softmax": passed()}, read=READ, quizzes=QUIZZES)
    assert path_progress(BOOKS.path("p"), BOOKS, first).current.milestone.slug == "second"


def test_a_lesson_begun_says_where_it_stopped_and_what_is_left():
    lesson = topic_activities(BOOKS.topic("vectors"), BOOKS, record(read={"vectors": Read("two")}))[0]
    assert (lesson.state, lesson.why, lesson.minutes) == ("started", "You stopped at “Two”", 15)


def test_a_topic_being_written_has_no_activities():
    assert topic_activities(BOOKS.topic("unwritten"), BOOKS, Record()) == ()


@given(st.sets(st.sampled_from(["vectors", "losses"])), st.booleans(), st.floats(0, 1))
def test_progress_is_a_function_of_what_is_stored(read, exercise, accuracy):
    of = record(
        exercises={"softmax": passed()} if exercise else {},
        read={slug: Read("one") for slug in read},
        projects={PROJECT: project(metrics={"accuracy": accuracy})},
    )
    once, again = (path_progress(BOOKS.path("p"), BOOKS, of) for _ in range(2))
    assert once == again
    assert 0 <= once.laid <= once.total == 4


# --- pace


def test_a_laid_stone_takes_its_share_off_the_hours():
    nothing = path_progress(BOOKS.path("p"), BOOKS, Record())
    assert remaining_hours(nothing) == 10
    half_of_first = path_progress(BOOKS.path("p"), BOOKS, record(exercises={"softmax": passed()}))
    assert remaining_hours(half_of_first) == 8


def test_the_arrival_counts_from_today_or_from_a_later_start():
    progress = path_progress(BOOKS.path("p"), BOOKS, Record())
    today = date(2026, 11, 19)
    assert arrival(progress, date(2026, 10, 1), 5, today) == date(2026, 12, 3)
    assert arrival(progress, date(2026, 11, 26), 5, today) == date(2026, 12, 10)


@given(st.integers(1, 59))
def test_more_hours_a_week_never_arrive_later(hours):
    progress = path_progress(BOOKS.path("p"), BOOKS, Record())
    today = date(2026, 11, 19)
    assert arrival(progress, today, hours + 1, today) <= arrival(progress, today, hours, today)


def test_milestones_that_state_no_hours_share_what_is_left():
    path = BOOKS.path("p").content.model_dump()
    for milestone in path["stages"][0]["milestones"]:
        milestone["hours"] = 0
    silent = PathEntry("p", content.Path.model_validate(path))
    assert milestone_hours(path_progress(silent, BOOKS, Record())) == pytest.approx([5, 5])
