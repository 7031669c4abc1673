"""When something was first completed: told by stored results alone, however often it is made again."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from cairn.catalog.actions import publish
from cairn.catalog.models import Release
from cairn.catalog.tests.sample import EXERCISE, PATH, replace_in
from cairn.learning.actions import read_to
from cairn.learning.completion_actions import events_of, rebuild, settle
from cairn.learning.completions import Event, Item, completed
from cairn.learning.models import ActivityResult, Completion
from cairn.review.models import Review
from cairn.runs.models import Run
from cairn.submissions import regrading
from cairn.submissions.actions import submit
from cairn.submissions.models import QuizAttempt
from cairn.submissions.results import QuizRow, Row
from grader.contract import Report, TestResult, TestStatus, Verdict

T0 = datetime(2026, 11, 1, 12, tzinfo=UTC)
MILESTONE = Item("milestone", "linear-algebra", "zero-to-llm")
TOPIC, PROJECT = "vectors-and-matrices", "linear-algebra-library"


def at(minutes):
    return T0 + timedelta(minutes=minutes)


def passed(slug, minutes, content_hash="v1"):
    row = Row(
        *(UUID(int=minutes + 1), "exercise", slug, content_hash, {}, at(minutes)),
        *("finished", "passed", 1.0, 4, 4, at(minutes), None),
    )
    return Event(at(minutes), "exercise", slug, content_hash, row)


def project(minutes, seconds=1.0, words=30):
    report = {"tests": [{"name": "test_dot", "status": "passed"}], "metrics": {"seconds": seconds}}
    files = {"report.md": {"words": words, "headings": []}}
    row = Row(
        *(UUID(int=minutes + 1), "project", PROJECT, "v1", files, at(minutes)),
        *("finished", "passed", 1.0, 1, 1, at(minutes), report),
    )
    return Event(at(minutes), "project", PROJECT, "v1", row)


def quiz(score, minutes):
    return Event(at(minutes), "quiz", TOPIC, "q1", QuizRow(TOPIC, "q1", score, at(minutes)))


def agreed(minutes, met=True):
    from cairn.review.queries import Decision

    return Event(at(minutes), "decision", PROJECT, "", {"clear-code": Decision(met, at(minutes), "Mo")})


def everything():
    return [
        passed("dot-product", 1),
        passed("vector-norm", 2),
        quiz(0.8, 3),
        project(4),
        agreed(5),
    ]


def done(events, library):
    return completed(events, lambda _: library)


# --- the rule


def test_a_milestone_is_completed_by_the_result_that_lays_its_last_stone(sample):
    found = done(everything(), sample)
    assert found[MILESTONE].at == at(5)
    assert found[Item("stone", f"{PROJECT}/products")].at == at(4)
    assert found[Item("stone", "linear-algebra/quiz", "zero-to-llm")].at == at(3)
    assert found[Item("exercise", "dot-product")].content_hash == "v1"
    assert found[Item("project", PROJECT)].at == at(4)
    assert found[Item("lesson", TOPIC)].at == at(3), "who passes the quiz need not read"
    assert Item("path", "zero-to-llm", "zero-to-llm") not in found


def test_what_was_completed_first_is_what_counts(sample):
    better = [
        quiz(0.2, 0),
        quiz(0.8, 3),
        quiz(1.0, 9),
        passed("dot-product", 1),
        passed("dot-product", 8, "v2"),
    ]
    found = done(better, sample)
    assert found[Item("quiz", TOPIC)].at == at(3)
    assert found[Item("exercise", "dot-product")].at == at(1)
    assert found[Item("exercise", "dot-product")].content_hash == "v1"


def test_a_later_hand_in_that_lacks_something_takes_nothing_away(sample):
    assert done([*everything(), project(9, words=0)], sample)[MILESTONE].at == at(5)


def test_a_worse_quiz_completes_nothing(sample):
    assert Item("quiz", TOPIC) not in done([quiz(0.69, 1)], sample)


@given(st.permutations(range(5)), st.data())
def test_the_order_in_which_results_are_read_does_not_matter(library, order, data):
    events = everything()
    assert done([events[i] for i in order], library) == done(events, library)


@given(st.permutations(["dot-product", "vector-norm", "quiz", "project", "agreed"]))
def test_whatever_comes_last_completes_the_milestone(library, order):
    make = {
        "dot-product": lambda m: passed("dot-product", m),
        "vector-norm": lambda m: passed("vector-norm", m),
        "quiz": lambda m: quiz(1.0, m),
        "project": project,
        "agreed": agreed,
    }
    events = [make[name](minutes) for minutes, name in enumerate(order)]
    for count in range(5):
        assert MILESTONE not in done(events[:count], library)
    assert done(events, library)[MILESTONE].at == at(4)


@given(st.lists(st.sampled_from(range(5)), max_size=12))
def test_more_results_take_nothing_back(library, picks):
    """Each result may complete more; what was completed before keeps its moment and its content."""
    events = [[*everything(), quiz(0.3, 6), project(7, 9.0)][i] for i in picks]
    events = [Event(at(i), e.kind, e.slug, e.content_hash, e.result) for i, e in enumerate(events)]
    before = {}
    for count in range(len(events) + 1):
        now = done(events[:count], library)
        assert before.items() <= now.items()
        before = now


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    from cairn.catalog.loader import load
    from cairn.catalog.tests.sample import write_sample

    return load(write_sample(tmp_path_factory.mktemp("sample"))).library


# --- the rows


@pytest.fixture
def commits(django_capture_on_commit_callbacks):
    """Do what is done on commit."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


def rows(user):
    return sorted(
        Completion.objects.filter(user=user).values_list("kind", "path", "slug", "at", "content_hash")
    )


def graded(submission, verdict="passed", report=None):
    run = submission.run
    run.state, run.verdict, run.score = Run.State.FINISHED, verdict, float(verdict == "passed")
    run.tests_passed = run.tests_total = 1
    run.report, run.finished_at = report, timezone.now()
    run.save()


def finish_all(user):
    for slug, name in (("dot-product", "dot.py"), ("vector-norm", "solution.py")):
        graded(submit(user, "exercise", slug, {name: "# done"}))
    now = timezone.now()
    QuizAttempt.objects.create(user=user, topic=TOPIC, content_hash="q", seed=1, score=0.9, finished_at=now)
    read_to(user, TOPIC, finished=True)
    files = {"linear.py": "# done", "report.md": "word " * 30}
    work = submit(user, "project", PROJECT, files)
    test = TestResult(name="test_dot", title="The dot product is right", status=TestStatus.PASSED)
    report = Report(job_id=str(work.run_id), status=Verdict.PASSED, tests=(test,), metrics={"seconds": 1.0})
    graded(work, report=report.model_dump(mode="json"))
    return work


def test_each_result_writes_what_it_completed(sample, alice, mo, commits):
    with commits():
        work = finish_all(alice)
    kinds = {kind for kind, *_ in rows(alice)}
    assert kinds == {"exercise", "quiz", "lesson", "project", "stone"}
    with commits():
        Review.objects.create(submission=work, mentor=mo, lines={"clear-code": True})
    completion = Completion.objects.get(user=alice, kind="milestone")
    assert (completion.path, completion.slug) == ("zero-to-llm", "linear-algebra")
    assert completion.at == Review.objects.get().updated_at


def test_rebuilt_from_nothing_the_rows_are_the_same(sample, alice, mo, commits):
    with commits():
        work = finish_all(alice)
        Review.objects.create(submission=work, mentor=mo, lines={"clear-code": True})
    written = rows(alice)
    assert len(written) > 10
    Completion.objects.all().delete()
    assert rebuild() == (2, len(written))
    assert rows(alice) == written
    assert rebuild() == (2, 0), "and what is right is left alone"


def test_a_wrong_row_is_put_right_and_a_strange_one_goes(sample, alice, commits):
    with commits():
        finish_all(alice)
    written = rows(alice)
    Completion.objects.filter(kind="quiz").update(at=T0)
    Completion.objects.create(user=alice, kind="path", path="zero-to-llm", slug="zero-to-llm", at=T0)
    assert settle(alice) == 2
    assert rows(alice) == written


def test_what_a_mentor_takes_back_is_no_longer_completed(sample, alice, mo, commits):
    with commits():
        work = finish_all(alice)
        review = Review.objects.create(submission=work, mentor=mo, lines={"clear-code": True})
    with commits():
        review.lines = {"clear-code": False}
        review.save()
    assert not Completion.objects.filter(user=alice, kind="milestone").exists()


def test_a_milestone_that_asks_for_more_later_stays_completed(sample, alice, mo, tmp_path, commits):
    with commits():
        work = finish_all(alice)
        Review.objects.create(submission=work, mentor=mo, lines={"clear-code": True})
    before = rows(alice)
    replace_in(
        tmp_path,
        PATH,
        "title: Quiz passed, topics: [vectors-and-matrices]",
        "title: Quiz passed, topics: [vectors-and-matrices], at_least: 1",
    )
    publish(tmp_path)
    assert Release.objects.count() == 2
    with commits():
        read_to(alice, TOPIC, finished=True)
    assert rebuild() == (2, 0)
    assert rows(alice) == before


def test_an_accepted_regrade_is_settled_too(sample, alice, tmp_path, commits):
    with commits():
        graded(submit(alice, "exercise", "dot-product", {"dot.py": "# done"}))
    (before,) = [row for row in rows(alice) if row[0] == "exercise"]
    replace_in(tmp_path, f"{EXERCISE}/prompt.md", "Write", "Please write")
    publish(tmp_path)
    with commits():
        asked = regrading.regrade(regrading.candidates("exercise", "dot-product"))
    run = asked.queued[0].run
    with commits():
        run.state, run.verdict, run.finished_at = Run.State.FINISHED, Verdict.FAILED, timezone.now()
        run.save()
    assert before in rows(alice), "until it is accepted"
    with commits():
        regrading.accept("exercise", "dot-product")
    assert rows(alice) == []
    assert settle(alice) == 0


def test_a_try_and_a_failed_attempt_complete_nothing(sample, alice, commits):
    with commits():
        graded(submit(alice, "exercise", "dot-product", {"dot.py": "# no"}), "failed")
    assert rows(alice) == []


def test_an_activity_taken_back_is_no_longer_completed(sample, alice, commits):
    with commits():
        one = ActivityResult.objects.create(
            user=alice, kind="activity", slug="talk", content_hash="a", score=1
        )
    assert [row[:3] for row in rows(alice)] == [("activity", "", "talk")]
    with commits():
        one.score = 0
        one.save()
    assert rows(alice) == []


def test_somebody_elses_results_are_not_mine(sample, alice, bob, commits):
    with commits():
        finish_all(alice)
    assert events_of(bob) == []
    assert rows(bob) == []


def test_the_command_says_what_it_did(sample, alice, commits, capsys):
    with commits():
        finish_all(alice)
    Completion.objects.filter(kind="quiz").delete()
    call_command("progress", "rebuild", "alice")
    assert "Looked at 1 learners; 1 rows were missing or wrong." in capsys.readouterr().out
    with pytest.raises(CommandError, match="nobody called noone"):
        call_command("progress", "rebuild", "noone")


def test_settling_needs_a_fixed_number_of_queries(sample, alice, django_assert_num_queries):
    finish_all(alice)
    settle(alice)
    with django_assert_num_queries(10):  # two of them are the savepoint of this test's transaction
        settle(alice)
