"""Made-up people: the same from the same seed, never beside real ones. Pages cost the same among many."""

import os
import subprocess
import sys
from collections import Counter
from datetime import date

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bench.machine import ROOT
from bench.population import NotHere, Shape, Walker, World, _world, fill
from cairn.accounts.models import User
from cairn.catalog import queries as catalog
from cairn.catalog.tests.sample import publish_sample
from cairn.learning.models import Completion, Enrolment, MasteryCard, Note, PracticeDay, Reading
from cairn.review.models import Review
from cairn.runs.models import Run
from cairn.submissions.models import QuizAttempt, Submission

UNTIL = date(2026, 11, 21)
PATH = "zero-to-llm"
PAGES = {
    "/home": 2,
    f"/paths/{PATH}": 3,
    "/plan": 3,
    f"/paths/{PATH}/milestones/linear-algebra": 2,
    "/": 1,
    "/topics/vectors-and-matrices": 2,
    "/journal": 4,
    "/map": 2,
    "/search?q=vector": 3,
}
"""Most queries of a page once the process knows the release."""


def quietly(said):
    """Where progress would be told."""


@pytest.fixture
def books(db, tmp_path, monkeypatch):
    library = publish_sample(tmp_path)
    monkeypatch.setattr(catalog, "FRESH_SECONDS", 3600.0)
    yield library
    catalog.forget_library()


def test_a_learner_is_the_same_in_every_population_of_a_seed(books):
    world = _world()
    lives = [Walker(Shape(size, 7, UNTIL), world, 3, 1, 2).life() for size in (10, 1_000)]
    assert lives[0] == lives[1]
    assert lives[0] != Walker(Shape(10, 8, UNTIL), world, 3, 1, 2).life()


def test_every_kind_of_work_is_written_as_it_was_dated(books):
    filled = fill(Shape(60, 1, UNTIL), quietly)
    assert filled.learners == 60
    for model in (Completion, Enrolment, MasteryCard, Note, PracticeDay, QuizAttempt, Reading, Review, Run):
        assert model.objects.exists(), model
    days = Submission.objects.values_list("created_at__date", flat=True)
    assert max(days) <= UNTIL
    assert len(set(days)) > 20


def test_most_have_done_little_and_few_have_done_much(books):
    topics = tuple(f"topic-{number}" for number in range(100))
    world = World({PATH: topics}, {PATH: ()}, {}, {}, {})
    events = sorted(Walker(Shape(400, 1, UNTIL), world, n, 1, 2).life().events for n in range(400))
    mean, middle, last = sum(events) / 400, events[200], events[-1]
    assert 150 < mean < 250
    assert middle < mean < last / 4


def test_people_who_may_be_real_are_left_alone(books):
    User.objects.create_user("somebody", "somebody@example.org")
    with pytest.raises(NotHere, match="may be real"):
        fill(Shape(5, 1, UNTIL), quietly)
    assert User.objects.count() == 1


def test_a_production_site_is_never_filled(books, settings):
    settings.PRODUCTION = True
    with pytest.raises(NotHere, match="production"):
        fill(Shape(5, 1, UNTIL), quietly)
    assert not User.objects.exists()


def test_a_database_is_filled_once(books):
    fill(Shape(5, 1, UNTIL), quietly)
    with pytest.raises(NotHere, match="already"):
        fill(Shape(5, 1, UNTIL), quietly)


@pytest.mark.parametrize("learners", [5, 50])
def test_pages_cost_the_same_number_of_queries_among_few_and_among_many(books, learners):
    fill(Shape(learners, 1, UNTIL), quietly)
    busiest = Counter(Reading.objects.values_list("user", flat=True)).most_common(1)[0][0]
    Enrolment.objects.update_or_create(
        user_id=busiest, path=PATH, defaults={"starts_on": UNTIL, "hours_per_week": 8}
    )
    assert costs(User.objects.get(pk=busiest)) == PAGES


def costs(person):
    client = Client()
    client.force_login(person)
    counted = {}
    for url in PAGES:
        client.get(url)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(url).status_code == 200
        counted[url] = len(captured)
    return counted


def test_the_command_runs_by_itself_and_leaves_a_production_site_alone(tmp_path):
    command = [sys.executable, "-m", "bench.population", "--learners", "3"]
    inherited = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    production = {"CAIRN_PRODUCTION": "true", "SECRET_KEY": "k" * 60, "ALLOWED_HOSTS": "cairn.example.org"}
    answer = subprocess.run(
        command,
        cwd=ROOT,
        env=inherited | production | {"CAIRN_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert "This is a production site. Nothing was written." in answer.stderr
