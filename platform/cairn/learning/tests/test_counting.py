"""The rules behind the numbers can be read beside them; what is passed on one path counts on all."""

import re

import pytest
from django.utils import timezone

from cairn.catalog.actions import publish
from cairn.catalog.queries import library
from cairn.catalog.tests.sample import FILES, PATH, write_sample
from cairn.learning import counting
from cairn.learning.actions import enrol
from cairn.learning.models import Note
from cairn.learning.progress import Record, milestone_state, path_progress
from cairn.learning.queries import record_of
from cairn.learning.tests.further import publish_further
from cairn.learning.tests.test_completions import finish_all
from cairn.submissions.models import QuizAttempt

SECOND = "paths/two-weeks.yaml"
MILESTONE = "/paths/zero-to-llm/milestones/linear-algebra"


def text(answer):
    return answer.content.decode()


@pytest.fixture
def two_paths(db, tmp_path):
    """The sample, with a second path that has the same topic and project in a milestone of another name."""
    root = write_sample(tmp_path)
    other = (
        FILES[PATH].replace("slug: linear-algebra\n", "slug: first-week\n").replace("order: 1", "order: 2")
    )
    (root / SECOND).write_text(other.replace("From zero to a small language model", "Two weeks"))
    publish(root)
    return library()


# --- on all paths


def test_what_is_passed_on_one_path_counts_on_all(alice, two_paths):
    finish_all(alice)
    record = record_of(alice)
    walked = [path_progress(two_paths.path(slug), two_paths, record) for slug in ("zero-to-llm", "two-weeks")]
    assert [progress.laid for progress in walked] == [5, 5]
    assert [progress.next for progress in walked] == [None, None], "and nothing is asked twice"


def test_the_milestone_of_the_other_path_shows_the_same_stones(client, alice, two_paths):
    finish_all(alice)
    client.force_login(alice)
    pages = [text(client.get(a)) for a in (MILESTONE, "/paths/two-weeks/milestones/first-week")]
    assert all("5 of 6</b> stones laid" in shown for shown in pages)


def test_each_path_leads_to_the_others(client, alice, two_paths):
    client.force_login(alice)
    assert 'href="/paths/two-weeks"' in text(client.get("/paths/zero-to-llm"))
    assert 'href="/paths/zero-to-llm"' in text(client.get("/paths/two-weeks"))


def test_a_project_gives_both_paths_one_row_and_each_milestone_its_own(alice, two_paths):
    from cairn.learning.completion_actions import settle
    from cairn.learning.models import Completion

    finish_all(alice)
    settle(alice)
    stones = Completion.objects.filter(user=alice, kind="stone")
    assert (
        sorted(stones.filter(slug__startswith="linear-algebra-library/").values_list("path")) == [("",)] * 3
    )
    assert sorted(stones.filter(slug__endswith="/quiz").values_list("path", "slug")) == [
        ("two-weeks", "first-week/quiz"),
        ("zero-to-llm", "linear-algebra/quiz"),
    ]


# --- in words


def test_the_rule_names_the_numbers_that_it_explains(db, tmp_path):
    books = publish_further(tmp_path)
    milestone = books.path("zero-to-llm").milestone("linear-algebra")
    said = counting.of_milestone(milestone_state(books.criteria(milestone), Record()))
    assert "asks for 9 criteria" in said
    assert "One more is optional" in said
    assert "0 of 9 laid make 0\u202f%" in said
    whole = counting.of_path(path_progress(books.path("zero-to-llm"), books, Record()))
    assert "2 milestones with 10 stones" in whole
    assert "What you pass on another path counts here too." in whole
    assert "0 cairns of 2 stand." in whole


def test_one_is_said_as_one():
    assert counting.of_milestone(milestone_state((), Record())).startswith(
        "This milestone asks for 0 criteria"
    )


@pytest.mark.parametrize("address", ["/paths/zero-to-llm", MILESTONE])
def test_the_rule_can_be_read_on_the_page(client, two_paths, address):
    shown = text(client.get(address))
    assert "How this is counted" in shown
    assert counting.LAID in shown


def test_home_tells_the_rule_of_the_path_it_shows(client, alice, two_paths):
    enrol(alice, "zero-to-llm", timezone.localdate(), 6)
    client.force_login(alice)
    assert counting.LAID in text(client.get("/home"))


def test_the_map_says_when_a_topic_is_finished(client, alice, two_paths):
    client.force_login(alice)
    assert counting.TOPIC not in text(client.get("/map"))
    finish_all(alice)
    assert counting.TOPIC in text(client.get("/map"))


# --- what remains, and a stone that settles


def test_the_milestone_says_what_remains_of_each_stone(client, alice, two_paths):
    QuizAttempt.objects.create(
        user=alice,
        topic="vectors-and-matrices",
        content_hash="q",
        seed=1,
        score=0.5,
        finished_at=timezone.now(),
    )
    client.force_login(alice)
    shown = text(client.get(MILESTONE))
    assert "best so far 50\u202f%" in shown
    finish_all(alice)
    shown = text(client.get(MILESTONE))
    assert shown.count('<span class="done">') == 3, "two exercises and a quiz"


def test_a_stone_settles_where_it_is_first_seen_and_only_then(client, alice, two_paths):
    client.force_login(alice)
    assert 'class="cairn settle"' not in text(client.get(MILESTONE))
    finish_all(alice)
    assert 'class="cairn settle"' in text(client.get(MILESTONE))
    assert 'class="cairn settle"' not in text(client.get(MILESTONE))


# --- notes


@pytest.mark.parametrize(
    ("address", "about"),
    [
        ("/topics/vectors-and-matrices", "topic:vectors-and-matrices"),
        (MILESTONE, "milestone:zero-to-llm/linear-algebra"),
    ],
)
def test_a_note_begins_where_one_reads_and_knows_what_it_is_about(client, alice, two_paths, address, about):
    assert "Write a note" not in text(client.get(address)), "a guest has no journal"
    client.force_login(alice)
    form = re.search(r'<form class="write-note".*?</form>', text(client.get(address)), re.DOTALL)
    assert form
    fields = dict(re.findall(r'name="(template|about)" value="([^"]*)"', form.group()))
    answer = client.post("/journal", fields)
    assert "/edit" in answer.url
    assert Note.objects.get(user=alice).about == about == fields["about"]


def test_an_experiment_s_log_begins_on_its_run_for_its_owner_only(client, alice, mo, two_paths):
    work = finish_all(alice)
    client.force_login(mo)
    assert "Write a note" not in text(client.get(f"/runs/{work.run_id}"))
    client.force_login(alice)
    fields = dict(
        re.findall(r'name="(template|about)" value="([^"]*)"', text(client.get(f"/runs/{work.run_id}")))
    )
    assert fields == {"template": "experiment", "about": f"run:{work.run_id}"}
    assert client.post("/journal", fields).status_code == 302
    note = Note.objects.get(user=alice)
    assert note.about == f"run:{work.run_id}"
    assert "## Set-up" in note.text
