"""What was passed and changed since says so, once, to who passed it; what was earned stays counted."""

import pytest
from django.utils import timezone

from cairn.catalog.actions import publish
from cairn.catalog.models import Document
from cairn.catalog.queries import library
from cairn.catalog.tests.sample import EXERCISE, QUIZ, publish_sample, replace_in
from cairn.learning import notices
from cairn.learning.actions import enrol
from cairn.learning.models import Dismissal
from cairn.learning.notices import notices_of
from cairn.learning.queries import record_of
from cairn.learning.tests.test_completions import finish_all, graded
from cairn.submissions.actions import submit
from cairn.submissions.models import QuizAttempt

PAGE = "/exercises/dot-product"
MILESTONE = "/paths/zero-to-llm/milestones/linear-algebra"
CHANGED = "changed since you passed it"
TOPIC = "vectors-and-matrices"


def text(answer):
    return answer.content.decode()


@pytest.fixture
def root(db, tmp_path):
    notices.forget_comparisons()
    publish_sample(tmp_path)
    return tmp_path


@pytest.fixture
def page(client, alice, root):
    finish_all(alice)
    quiz = library().topic(TOPIC).quiz_hash
    QuizAttempt.objects.filter(user=alice).update(content_hash=quiz)
    client.force_login(alice)
    return client


def change(root, name, old, new):
    replace_in(root, name, old, new)
    publish(root)


def told(user):
    return [(one.kind, one.slug, one.what) for one in notices_of(user, record_of(user), library())]


def test_home_names_what_changed(page, alice, root):
    enrol(alice, "zero-to-llm", timezone.localdate(), 6)
    assert "Changed since you passed" not in text(page.get("/home"))
    change(root, f"{EXERCISE}/prompt.md", "Write", "Please write")
    assert "Changed since you passed it: " in text(page.get("/home"))
    page.post("/notices/exercise/dot-product")
    assert "Changed since you passed" not in text(page.get("/home"))


def test_while_nothing_changed_nothing_is_said(page, alice):
    assert told(alice) == []
    assert CHANGED not in text(page.get(PAGE)) + text(page.get(MILESTONE))


@pytest.mark.parametrize(
    ("file", "old", "new", "what"),
    [
        ("tests.py", "float(n))", "float(n), rtol=1e-6)", "Its tests changed."),
        ("prompt.md", "Write `dot(a, b)`.", "Write `dot(a, b)` without a loop.", "What it asks for"),
        ("exercise.yaml", "minutes: 15", "minutes: 15\nlimits: {seconds: 2}", "less time or memory"),
    ],
)
def test_tests_task_and_limits_matter(page, alice, root, file, old, new, what):
    change(root, f"{EXERCISE}/{file}", old, new)
    (notice,) = told(alice)
    assert notice[:2] == ("exercise", "dot-product")
    assert what in notice[2][0]
    for address in (PAGE, MILESTONE):
        shown = text(page.get(address))
        assert CHANGED in shown
        assert what in shown
        assert "still count" in shown


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("hints.md", "Place by place.", "One place after the other."),
        ("starter.py", "return 0", "return 0.0"),
        ("solution.py", "strict=True", "strict = True"),
    ],
)
def test_hints_starter_and_solution_do_not(page, alice, root, file, old, new):
    before = library().exercise("dot-product").content_hash
    change(root, f"{EXERCISE}/{file}", old, new)
    assert library().exercise("dot-product").content_hash != before
    assert told(alice) == []


def test_an_author_says_it_better_and_says_what_is_minor(page, alice, root):
    today = timezone.localdate().isoformat()
    note = f'minutes: 15\nchanges:\n  - {{day: {today}, what: "Lengths must agree."}}'
    change(root, f"{EXERCISE}/prompt.md", "Write", "Please write")
    change(root, f"{EXERCISE}/exercise.yaml", "minutes: 15", note)
    assert told(alice) == [("exercise", "dot-product", ("Lengths must agree.",))]
    change(root, f"{EXERCISE}/exercise.yaml", 'agree."}', 'agree.", minor: true}')
    assert told(alice) == []


def test_what_authors_write_of_changes_is_no_change_itself(root):
    before = library().exercise("dot-product").content_hash
    note = 'minutes: 15\nchanges:\n  - {day: 2026-11-01, what: "Lengths must agree."}'
    change(root, f"{EXERCISE}/exercise.yaml", "minutes: 15", note)
    assert library().exercise("dot-product").content_hash == before


def test_questions_are_counted(page, alice, root):
    change(root, QUIZ, "answer: 14", "answer: 15")
    assert told(alice) == [("quiz", TOPIC, ("1 question was changed.",))]
    assert "Quiz: Vectors and matrices" in text(page.get(MILESTONE))
    assert "This quiz changed since you passed it" in text(page.get(f"/topics/{TOPIC}/quiz"))


def test_a_project_tells_too(page, alice, root):
    change(root, "projects/linear-algebra-library/evaluate.py", "0.5)", "0.4)")
    assert told(alice) == [("project", "linear-algebra-library", ("Its tests changed.",))]
    assert CHANGED in text(page.get("/projects/linear-algebra-library"))


def test_who_passes_the_new_version_hears_no_more(page, alice, root):
    change(root, f"{EXERCISE}/prompt.md", "Write", "Please write")
    graded(submit(alice, "exercise", "dot-product", {"dot.py": "# once more"}))
    assert told(alice) == []
    assert CHANGED not in text(page.get(PAGE))


def test_a_quiz_as_good_again_on_the_new_questions_ends_the_notice(page, alice, root):
    change(root, QUIZ, "answer: 14", "answer: 15")
    QuizAttempt.objects.create(
        user=alice,
        topic=TOPIC,
        content_hash=library().topic(TOPIC).quiz_hash,
        seed=2,
        score=0.9,
        finished_at=timezone.now(),
    )
    assert told(alice) == []


def test_who_never_passed_it_hears_nothing(client, bob, root):
    graded(submit(bob, "exercise", "dot-product", {"dot.py": "# no"}), "failed")
    change(root, f"{EXERCISE}/prompt.md", "Write", "Please write")
    assert told(bob) == []


def test_a_notice_put_away_stays_away_until_the_next_change(page, alice, root):
    change(root, f"{EXERCISE}/prompt.md", "Write", "Please write")
    answer = page.post("/notices/exercise/dot-product", {"back": MILESTONE})
    assert answer.url == MILESTONE
    assert told(alice) == []
    assert CHANGED not in text(page.get(PAGE))
    change(root, f"{EXERCISE}/prompt.md", "Please write", "Do write")
    assert len(told(alice)) == 1


@pytest.mark.parametrize(
    "back", ["https://elsewhere.example/", "//elsewhere.example", "", "javascript:alert(1)"]
)
def test_putting_away_never_leads_elsewhere(page, back):
    assert page.post("/notices/exercise/dot-product", {"back": back}).url == "/"


def test_one_puts_away_for_oneself_only(page, client, alice, bob, root):
    change(root, f"{EXERCISE}/prompt.md", "Write", "Please write")
    client.force_login(bob)
    client.post("/notices/exercise/dot-product")
    assert len(told(alice)) == 1
    assert client.post("/notices/exercise/no").status_code == 404
    assert client.post("/notices/lesson/vectors-and-matrices").status_code == 404
    assert client.get("/notices/exercise/dot-product").status_code == 405
    client.logout()
    assert "/account/login/" in client.post("/notices/exercise/dot-product").url
    assert Dismissal.objects.count() == 1


def test_the_comparison_is_made_once(page, alice, root, django_assert_num_queries):
    change(root, f"{EXERCISE}/prompt.md", "Write", "Please write")
    record, books = record_of(alice), library()
    notices_of(alice, record, books)
    with django_assert_num_queries(1):
        assert len(notices_of(alice, record, books)) == 1


def test_a_document_that_is_gone_is_said_to_be_written_anew(page, alice, root):
    old = library().exercise("dot-product").content_hash
    change(root, f"{EXERCISE}/prompt.md", "Write", "Please write")
    found = Document.objects.get(kind="exercise", slug="dot-product", content_hash=old)
    found.releases.clear()
    found.delete()
    assert told(alice) == [("exercise", "dot-product", ("It was written anew.",))]
