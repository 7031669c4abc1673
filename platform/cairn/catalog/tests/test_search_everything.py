"""Whatever has a page is found, leads there, and says no more than the page does."""

import json

import pytest
import yaml

from cairn.catalog.actions import publish
from cairn.catalog.models import SearchEntry
from cairn.catalog.queries import library
from cairn.catalog.search import KINDS, Question, address, find, find_groups
from cairn.catalog.search_words import words
from cairn.catalog.tests.sample import PATH, TOPIC, replace_in, write_sample

pytestmark = pytest.mark.django_db

MIDTERM = """\
title: Midterm on arrows
summary: Half of the way, in one sitting.
draw: 2
topics: [vectors-and-matrices]
exam: {minutes: 60, rules: [A slide rule is welcome.]}
bank:
  - {id: q, type: text, prompt: Name the ermine's colour, answer: white, accept: [white], explain: Snowfall.}
"""
DRAWN = "title: What phase 0 left\nsummary: Drawn anew each time.\ndraw: 2\ntopics: [eigenvectors]\n"
SKILL_MAP = {
    "title": "Mathematics at work",
    "summary": "Join what belongs together.",
    "ideas": [{"id": "dot", "text": "Dot product"}, {"id": "slope", "text": "Gradient"}],
    "uses": [{"id": "texts", "text": "Comparing texts"}, {"id": "step", "text": "Walking downhill"}],
    "lines": [
        {"idea": "dot", "use": "texts", "why": "Cosine tells the angle."},
        {"idea": "slope", "use": "step", "why": "Steepest descent."},
    ],
    "mistakes": [{"idea": "slope", "use": "texts", "why": "Nothing is climbed."}],
}
TALK = """\
          - {id: map, kind: map, title: The map is drawn, map: at-work}
          - {id: talk, kind: activity, title: A talk to friends, activity: talk, do: Explain an arrow aloud.}
"""
DOTS = {
    "title": "Grey dots",
    "summary": "Dots on paper.",
    "about": "Made by *stippling*.",
    "holds": "images",
    "licence": "CC0 1.0",
    "origin": {"kind": "generated"},
    "fingerprint": "0" * 64,
    "loader": "dots.py",
}
RESOURCES = """\
resources:
  - {title: Arrows explained, kind: book, by: Ada Fletcher, note: Slow and thorough.}
  - {title: Archers' round table, kind: community}
  - {title: Quiver, kind: conference, month: 7}
"""


@pytest.fixture
def root(tmp_path):
    """The sample, and one of everything else that a curriculum may hold."""
    root = write_sample(tmp_path)
    for folder in ("assessments", "skill-maps", "datasets/loaders"):
        (root / folder).mkdir(parents=True)
    (root / "assessments/midterm.yaml").write_text(MIDTERM)
    (root / "assessments/phase-zero.yaml").write_text(DRAWN)
    (root / "skill-maps/at-work.yaml").write_text(yaml.safe_dump(SKILL_MAP))
    (root / "datasets/loaders/dots.py").write_text("def load():\n    return {}\n")
    (root / "datasets/datasets.yaml").write_text(json.dumps({"dots": DOTS}))
    quiz = "          - {id: quiz, kind: quiz, title: Quiz passed, topics: [vectors-and-matrices]}\n"
    replace_in(root, PATH, quiz, quiz + TALK)
    (root / TOPIC).write_text((root / TOPIC).read_text() + RESOURCES)
    publish(root)
    return root


def found(text):
    return {(one.entry.kind, one.entry.slug) for one in find(Question.of(text))}


@pytest.mark.parametrize(
    ("text", "thing"),
    [
        ("midterm", ("assessment", "midterm")),
        ("exam sitting", ("assessment", "midterm")),
        ("slide rule", ("assessment", "midterm")),  # one of its rules
        ("phase 0 left", ("assessment", "phase-zero")),
        ("mathematics at work", ("map", "at-work")),
        ("downhill", ("map", "at-work")),  # one of its uses
        ("talk to friends", ("activity", "talk")),
        ("arrow aloud", ("activity", "talk")),
        ("grey dots", ("dataset", "dots")),
        ("stippling", ("dataset", "dots")),  # its card
        ("arrows explained", ("resource", "arrows-explained")),
        ("fletcher", ("resource", "arrows-explained")),
        ("round table", ("community", "archers-round-table")),
        ("quiver", ("conference", "quiver")),
    ],
)
def test_each_thing_is_found_by_what_its_page_says(root, text, thing):
    assert thing in found(text)


def test_every_kind_has_a_name_a_label_and_something_to_find(root):
    assert set(KINDS) == set(SearchEntry.Kind)
    assert set(SearchEntry.objects.values_list("kind", flat=True)) == set(SearchEntry.Kind.values)
    assert SearchEntry.Kind.MAP.label == "Skill map"


def test_whatever_is_found_opens_for_whoever_looks(client, root, django_user_model):
    client.force_login(django_user_model.objects.create_user("mira", "mira@example.org", "x"))
    for entry in SearchEntry.objects.all():
        page, _, place = address(entry).partition("#")
        answer = client.get(page)
        assert answer.status_code == 200, page
        assert entry.title in answer.content.decode().replace("&#x27;", "'")
        assert not place or f'id="{place}"' in answer.content.decode()


def test_a_guest_may_open_all_but_what_only_learners_do(client, root):
    closed = {one.kind for one in SearchEntry.objects.all() if client.get(address(one)).status_code != 200}
    assert closed == {"activity"}


def test_an_assessment_of_topics_being_written_is_marked_so(root):
    written = dict(SearchEntry.objects.filter(kind="assessment").values_list("slug", "written"))
    assert written == {"midterm": True, "phase-zero": False}


@pytest.mark.parametrize(
    "secret",
    [
        "ermine's colour",  # a question of the exam's own bank
        "white",  # its answer
        "Snowfall",
        "Cosine tells the angle",  # why two things are joined
        "Steepest descent",
        "Nothing is climbed",
    ],
)
def test_what_a_page_keeps_back_is_not_found(root, secret):
    assert found(secret) == set()
    asked = " ".join(words(secret))
    for text in SearchEntry.objects.values_list("text", flat=True):
        assert asked not in " ".join(words(text))


def test_what_nothing_recommends_any_more_is_gone(root):
    replace_in(root, TOPIC, "  - {title: Quiver, kind: conference, month: 7}\n", "")
    publish(root)
    assert found("quiver") == set()


def test_a_resource_recommended_twice_is_found_once(root):
    (root / "topics/mathematics/eigenvectors/topic.yaml").open("a").write(RESOURCES)
    publish(root)
    assert SearchEntry.objects.filter(kind="resource").count() == 1


def test_a_kind_alone_says_how_much_there_is_of_the_others(client, root):
    page = client.get("/search", {"q": "arrow", "kind": "activity"}).content.decode()
    assert "/activities/talk" in page
    assert "/topics/vectors-and-matrices" not in page
    assert "kind=assessment" in page
    counts = {group.kind: group.count for group in find_groups(Question.of("arrow"), 100, "activity")}
    assert counts["activity"] == 1
    assert counts["assessment"] == 1


def test_the_box_calls_each_by_its_kind(client, root):
    said = client.get("/search/suggestions", {"q": "mathematics at"}).content.decode()
    assert "<small>Skill map</small>" in said


def test_the_api_finds_it_too(client, root):
    (one,) = client.get("/api/v1/search", {"q": "quiver", "kind": "conference"}).json()
    assert (one["kind"], one["url"]) == ("conference", "/resources#r-quiver")


def test_nothing_else_is_recommended_than_the_index_holds(client, root):
    from cairn.catalog.search_items import recommended

    page = client.get("/resources").content.decode()
    assert page.count('<li id="r-') == len(recommended(library())) == 3
