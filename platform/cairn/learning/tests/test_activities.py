"""Further criteria: activities that are said to be done, approval by a mentor, and what is optional."""

import pytest
from django.utils import timezone

from cairn.catalog.actions import publish
from cairn.catalog.errors import ContentErrors
from cairn.catalog.loader import load
from cairn.catalog.tests.sample import PATH, PROJECT, replace_in
from cairn.learning.models import ActivityResult, Completion
from cairn.learning.progress import State, milestone_activities, milestone_state, path_progress
from cairn.learning.queries import record_of
from cairn.learning.tests.further import publish_further, write_further
from cairn.learning.tests.test_completions import finish_all
from cairn.review.actions import review

TALK = "/activities/talk"
MILESTONE = "/paths/zero-to-llm/milestones/linear-algebra"


def text(answer):
    return answer.content.decode()


@pytest.fixture
def books(db, tmp_path):
    return publish_further(tmp_path)


@pytest.fixture
def page(client, alice, books):
    client.force_login(alice)
    return client


def state_of(user, books):
    milestone = books.path("zero-to-llm").milestone("linear-algebra")
    return milestone_state(books.criteria(milestone), record_of(user))


def stone(user, books, id):
    return next(one for one in state_of(user, books).stones if one.criterion.id == id)


# --- an activity


def test_an_activity_is_done_when_the_learner_says_so_and_how_it_went(page, alice, books):
    answer = page.post(TALK, {"note": "To four friends."}, follow=True)
    assert "The stone is laid" in text(answer)
    laid = stone(alice, books, "talk")
    assert (laid.state, laid.detail) == (State.MET, "done")
    assert "To four friends." in text(page.get(TALK))


def test_it_can_be_taken_back_and_the_note_stays(page, alice, books):
    page.post(TALK, {"note": "To four friends."})
    first = ActivityResult.objects.get()
    page.post(TALK, {"take-back": "1"})
    assert stone(alice, books, "talk").state == State.OPEN
    assert "To four friends." in text(page.get(TALK))
    page.post(TALK, {"note": "To five friends."})
    again = ActivityResult.objects.get()
    assert (again.pk, again.note) == (first.pk, "To five friends.")
    assert again.at > first.at, "it counts from when it was said again"


def test_a_better_note_later_does_not_move_the_day(page):
    page.post(TALK, {"note": "To four friends."})
    before = ActivityResult.objects.get().at
    page.post(TALK, {"note": "To four friends, and a dog."})
    assert ActivityResult.objects.get().at == before


@pytest.mark.parametrize(("note", "said"), [("Yes.", "at least 3"), ("word " * 1000, "Shorten it")])
def test_a_note_that_says_too_little_or_too_much_is_refused_and_kept_in_the_field(page, note, said):
    answer = page.post(TALK, {"note": note})
    assert answer.status_code == 400
    assert said in text(answer)
    assert note.strip() in text(answer)
    assert not ActivityResult.objects.exists()


def test_an_activity_is_for_who_is_signed_in_and_theirs_alone(client, page, bob, books):
    page.post(TALK, {"note": "To four friends."})
    client.force_login(bob)
    assert "four friends" not in text(client.get(TALK))
    client.post(TALK, {"take-back": "1"})
    assert ActivityResult.objects.get().score == 1, "of somebody else"
    client.logout()
    assert client.get(TALK).status_code == client.post(TALK).status_code == 302
    client.force_login(bob)
    assert client.get("/activities/no").status_code == client.post("/activities/no").status_code == 404


def test_the_milestone_says_what_to_do_and_leads_there(page):
    shown = text(page.get(MILESTONE))
    assert "Give a talk." in shown
    assert TALK in shown
    assert "Your own activity, optional" in shown


def test_what_is_next_leads_to_the_map_and_the_activity_but_not_to_an_optional_one(alice, books):
    milestone = books.path("zero-to-llm").milestone("linear-algebra")
    activities = list(milestone_activities(milestone, books, record_of(alice), "zero-to-llm"))
    assert [(one.kind, one.slug) for one in activities[-2:]] == [("map", "first-map"), ("activity", "talk")]


# --- optional


def test_no_cairn_waits_for_an_optional_stone(alice, mo, books):
    work = finish_all(alice)
    lines = {"clear-code": True, "approved": True}
    review(mo, work, lines, "", list(lines))
    now = timezone.now()
    for kind, slug, score in (("map", "first-map", 0.8), ("activity", "talk", 1)):
        ActivityResult.objects.create(user=alice, kind=kind, slug=slug, score=score, content_hash="x", at=now)
    state = state_of(alice, books)
    assert state.complete
    assert (state.laid, state.total, len(state.stones)) == (9, 9, 10)


def test_an_optional_stone_counts_for_nothing_but_itself(alice, books):
    ActivityResult.objects.create(user=alice, kind="activity", slug="book", score=1, content_hash="x")
    state = state_of(alice, books)
    assert stone(alice, books, "book").state == State.MET
    assert (state.laid, state.total) == (0, 9)


def test_an_optional_milestone_is_not_counted_in_the_path(alice, tmp_path, db):
    root = write_further(tmp_path)
    replace_in(
        root,
        PATH,
        "        title: Decompositions\n",
        "        title: Decompositions\n        optional: true\n",
    )
    publish(root)
    from cairn.catalog.queries import library

    progress = path_progress(library().path("zero-to-llm"), library(), record_of(alice))
    assert len(progress.milestones) == 2
    assert len(progress.asked) == 1
    assert progress.total == 9


# --- a mentor's approval


def test_a_submission_is_approved_as_a_whole(alice, mo, books):
    work = finish_all(alice)
    assert stone(alice, books, "approved").state == State.REVIEW
    review(mo, work, {"approved": True}, "", ["approved"])
    assert stone(alice, books, "approved").detail == "Mo agrees"


def test_the_mentor_finds_the_approval_beside_the_rubric(client, alice, mo, books):
    work = finish_all(alice)
    client.force_login(mo)
    shown = text(client.get(f"/review/{work.pk}"))
    assert 'name="line:approved"' in shown
    assert 'name="line:clear-code"' in shown


def test_progress_does_not_wait_for_the_approval(alice, books):
    finish_all(alice)
    milestone = books.path("zero-to-llm").milestone("linear-algebra")
    project = next(
        a
        for a in milestone_activities(milestone, books, record_of(alice), "zero-to-llm")
        if a.kind == "project"
    )
    assert project.done


# --- what authors may not write


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        (PATH, "map: first-map", "map: no-map", "There is no skill map `no-map`"),
        (
            "skill-maps/first-map.yaml",
            "topic: vectors-and-matrices",
            "topic: gone",
            "There is no topic `gone`",
        ),
        (
            f"{PROJECT}/project.yaml",
            "  - {id: approved, kind: review, title: A mentor approves}",
            "  - {id: again, kind: activity, title: A talk, activity: talk, do: Something else.}",
            "asks for something else",
        ),
        (
            PATH,
            "{id: talk, kind: activity, title: A talk, activity: talk, do: Give a talk., min_words: 3}",
            "{id: good, kind: review, title: Good}",
            "a milestone has none of its own",
        ),
    ],
)
def test_a_criterion_that_means_nothing_is_told_with_its_place(tmp_path, file, old, new, said):
    root = write_further(tmp_path)
    replace_in(root, file, old, new)
    errors = load(root).errors
    assert any(said in error.message and error.line > 0 for error in errors), errors


def test_the_release_before_stays_when_a_map_is_broken(tmp_path, books):
    replace_in(tmp_path, "skill-maps/first-map.yaml", "optional: true", "optional: perhaps")
    with pytest.raises(ContentErrors) as refused:
        publish(tmp_path)
    assert refused.value.errors[0].file == "skill-maps/first-map.yaml"
    from cairn.catalog.queries import library

    assert library().skill_map("first-map").content.title == "A first map"


def test_what_an_activity_completes_is_a_row(alice, page, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        page.post(TALK, {"note": "To four friends."})
    kinds = set(Completion.objects.filter(user=alice).values_list("kind", "path", "slug"))
    assert kinds == {("activity", "", "talk"), ("stone", "zero-to-llm", "linear-algebra/talk")}
