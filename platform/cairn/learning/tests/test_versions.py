"""What is kept of a learner's work: what each change makes anew, and what it leaves alone."""

import pytest
from django.core.cache import cache
from django.utils import timezone

from cairn.learning import actions, versions
from cairn.learning.models import Completion, MasteryCard, Note, PracticeDay, Reading
from cairn.learning.queries import record_of
from cairn.learning.versions import PARTS, WHOSE, Version, changed, kept, shared, version_of
from cairn.runs.models import Run
from cairn.submissions import quizzes
from cairn.submissions.actions import submit
from cairn.submissions.models import QuizAttempt, Submission
from cairn.submissions.queries import results_of

TOPIC = "vectors-and-matrices"


def passes(work):
    """The run of a submission ends as a node's report makes it."""
    run = Run.objects.get(pk=work.run_id)
    run.state, run.verdict, run.finished_at = Run.State.FINISHED, "passed", timezone.now()
    run.tests_passed = run.tests_total = 4
    run.score = 1.0
    run.save()


@pytest.mark.parametrize(
    ("model", "grown"),
    [
        (Reading, Version(1, 0, 0, 0)),
        (Note, Version(1, 0, 0, 0)),
        (Completion, Version(1, 0, 0, 0)),
        (Submission, Version(1, 1, 0, 0)),
        (Run, Version(1, 1, 0, 0)),
        (QuizAttempt, Version(1, 0, 1, 0)),
        (MasteryCard, Version(1, 0, 0, 1)),
        (PracticeDay, Version(1, 0, 0, 1)),
        (None, Version(1, 1, 1, 1)),
    ],
)
def test_a_change_grows_the_number_and_the_one_of_its_kind(noor, model, grown):
    changed(noor.pk, of=model)
    assert version_of(noor) == grown


def test_every_part_is_of_models_that_are_watched():
    assert PARTS.keys() <= WHOSE.keys()
    assert set(PARTS.values()) == set(Version._fields) - {"number"}


def test_a_person_s_own_row_makes_everything_anew(noor):
    noor.timezone = "Asia/Kolkata"
    noor.save()
    assert version_of(noor) == (1, 1, 1, 1)


def test_a_lesson_read_reads_no_submission_again(noor, books, django_assert_num_queries):
    submit(noor, "exercise", "dot-product", {"dot.py": "# mine"})
    record_of(noor)
    Reading.objects.create(user=noor, topic=TOPIC, section="one")
    with django_assert_num_queries(3):  # the numbers, what mentors said, and lessons with activities
        record = record_of(noor)
    assert record.read[TOPIC].section == "one"
    assert record.results.exercises["dot-product"].status == "running"


def test_what_is_read_in_parts_is_what_is_stored(noor, books):
    """Whatever changed in whatever order, the record is the one that reading all of it gives."""
    work = submit(noor, "exercise", "dot-product", {"dot.py": "# mine"})
    assert record_of(noor).results == results_of(noor)
    attempt = quizzes.start(noor, TOPIC)
    quizzes.answer(attempt, "how-much", "1")
    assert record_of(noor).results == results_of(noor)
    passes(work)
    assert record_of(noor).results == results_of(noor)
    assert record_of(noor).results.exercises["dot-product"].status == "passed"
    actions.read_to(noor, TOPIC, finished=True)
    assert record_of(noor).results == results_of(noor)
    work.delete()
    assert record_of(noor).results == results_of(noor)
    assert not record_of(noor).results.exercises


def test_an_empty_cache_costs_time_and_never_a_wrong_page(noor, books):
    submit(noor, "exercise", "dot-product", {"dot.py": "# mine"})
    before = record_of(noor)
    cache.clear()
    versions.forget_shared()
    assert record_of(noor) == before


def test_another_process_keeps_no_older_object(noor, books):
    """Here one of them is this process before a change, and what it holds ready."""
    held = record_of(noor)
    Submission.objects.filter(user=noor).delete()
    submit(noor, "exercise", "dot-product", {"dot.py": "# mine"})
    assert record_of(noor) is not held
    assert "dot-product" in record_of(noor).results.exercises


class TestShared:
    def test_the_same_object_is_given_again(self, noor, books):
        first = shared(noor, 1, "name", lambda: {"made": 1})
        assert shared(noor, 1, "name", lambda: {"made": 2}) is first
        assert shared(noor, 2, "name", lambda: {"made": 2}) == {"made": 2}

    def test_one_from_the_cache_is_good_enough(self, noor, books):
        kept(noor, 1, "name", lambda: "from another process")
        assert shared(noor, 1, "name", lambda: "made here") == "from another process"

    def test_it_is_let_go_when_a_cache_would(self, noor, books, monkeypatch):
        now = 1000.0
        monkeypatch.setattr(versions.time, "monotonic", lambda: now)
        shared(noor, 1, "name", lambda: "old")
        cache.clear()
        now += versions.KEPT_SECONDS
        assert shared(noor, 1, "name", lambda: "new") == "new"

    def test_only_the_last_are_held(self, noor, books, monkeypatch):
        monkeypatch.setattr(versions, "SHARED_MOST", 2)
        for number in (1, 2, 1, 3):
            shared(noor, number, "name", lambda number=number: [number])
        cache.clear()
        assert shared(noor, 1, "name", lambda: "anew") == [1]
        assert shared(noor, 2, "name", lambda: "anew") == "anew"

    def test_two_people_share_nothing(self, noor, alice, books):
        shared(noor, 1, "name", lambda: "noor's")
        assert shared(alice, 1, "name", lambda: "alice's") == "alice's"
