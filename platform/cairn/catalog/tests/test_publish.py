"""Publishing is all or nothing, may be repeated, and keeps what was published before."""

import pytest

from cairn.catalog import queries
from cairn.catalog.actions import publish
from cairn.catalog.errors import ContentErrors
from cairn.catalog.models import Document, Release
from cairn.catalog.tests.sample import EXERCISE, LESSON, QUIZ, TOPIC, publish_sample, replace_in, write_sample
from cairn.ui.errors import NotFound

pytestmark = pytest.mark.django_db


@pytest.fixture
def root(tmp_path):
    return write_sample(tmp_path)


def test_what_is_published_can_be_read(root):
    publish(root)
    lesson = queries.document("topic", "vectors-and-matrices")
    assert '<h2 id="a-walk-in-two-numbers">' in lesson.body["html"]
    exercise = queries.document("exercise", "dot-product")
    assert exercise.body["entry"] == "dot.py"
    assert [hint["title"] for hint in exercise.body["hints"]] == ["Multiply", "Add"]
    assert exercise.body["examples"][0]["title"] == "Matches the worked example"
    assert queries.library().exercise("dot-product").content_hash == exercise.content_hash


def test_the_library_that_pages_see_is_the_one_that_was_read(root):
    from cairn.catalog.loader import load

    read, seen = load(root).library, publish_sample(root)
    assert (read.topics, read.exercises, read.projects) == (seen.topics, seen.exercises, seen.projects)
    assert list(read.paths.values()) == list(seen.paths.values())


def test_publishing_again_changes_nothing(root):
    first = publish(root)
    documents = set(Document.objects.values_list("pk", "content_hash"))
    assert publish(root) == first
    assert set(Document.objects.values_list("pk", "content_hash")) == documents


def test_a_change_makes_a_new_release_and_keeps_the_old(root):
    old = publish(root)
    before = queries.document("topic", "vectors-and-matrices")
    replace_in(root, LESSON, "An arrow.", "A long arrow.")
    new = publish(root)
    assert new.pk != old.pk
    assert Release.objects.get(is_current=True) == new
    assert "A long arrow." in queries.document("topic", "vectors-and-matrices").body["html"]
    assert queries.document_at("topic", "vectors-and-matrices", before.content_hash) == before
    assert before in old.documents.all()


def test_what_did_not_change_is_shared(root):
    old = publish(root)
    replace_in(root, LESSON, "An arrow.", "A long arrow.")
    new = publish(root)
    shared = set(old.documents.values_list("pk", flat=True)) & set(new.documents.values_list("pk", flat=True))
    assert len(shared) == old.documents.count() - 1


def test_what_did_not_change_is_not_rendered_again(root, monkeypatch):
    publish(root)
    replace_in(root, LESSON, "An arrow.", "A long arrow.")
    rendered = []
    from cairn.catalog import source

    real = source.markdown
    monkeypatch.setattr(source, "markdown", lambda text, **more: rendered.append(text) or real(text, **more))
    publish(root)
    assert len(rendered) == 1


def test_a_better_renderer_makes_documents_again_in_place(root, monkeypatch):
    release = publish(root)
    Document.objects.update(body={}, renderer="older")
    assert publish(root) == release
    assert queries.document("topic", "vectors-and-matrices").body["html"]


@pytest.mark.parametrize(
    ("name", "text"), [(TOPIC, "title: [\n"), (QUIZ, "questions: []\n"), (f"{EXERCISE}/tests.py", "def (")]
)
def test_the_release_before_stays_live_when_a_file_is_broken(root, name, text):
    live = publish(root)
    count = Document.objects.count()
    (root / name).write_text(text)
    with pytest.raises(ContentErrors) as told:
        publish(root)
    assert told.value.errors[0].file == name
    assert told.value.errors[0].line >= 1
    assert Release.objects.get(is_current=True) == live
    assert Document.objects.count() == count
    assert queries.document("topic", "vectors-and-matrices").body["html"]


def test_the_release_before_stays_live_when_the_database_fails_halfway(root, monkeypatch):
    live = publish(root)
    count = Document.objects.count()
    replace_in(root, LESSON, "An arrow.", "A long arrow.")

    def fail(**fields):
        raise OSError("disk full")

    monkeypatch.setattr(Release.objects, "create", fail)
    with pytest.raises(OSError, match="disk full"):
        publish(root)
    assert Release.objects.get(is_current=True) == live
    assert Document.objects.count() == count


def test_nothing_published_is_said_in_words(db):
    queries.forget_library()
    with pytest.raises(queries.NothingPublished) as told:
        queries.library()
    assert told.value.status == 503
    assert "curriculum sync" in told.value.message


def test_a_page_pays_one_query_for_the_structure(root, django_assert_num_queries):
    publish(root)
    queries.library()
    with django_assert_num_queries(1):
        queries.library()
    with django_assert_num_queries(2):
        queries.document("exercise", "dot-product")


def test_within_two_seconds_it_pays_none(root, django_assert_num_queries, monkeypatch):
    monkeypatch.setattr(queries, "FRESH_SECONDS", 2.0)
    publish(root)
    first = queries.library()
    with django_assert_num_queries(0):
        assert queries.library() is first
    queries.forget_library()


def test_what_is_being_written_has_no_document(root):
    publish(root)
    for kind, slug in (("topic", "eigenvectors"), ("quiz", "eigenvectors"), ("exercise", "no-such")):
        with pytest.raises(NotFound):
            queries.document(kind, slug)


def keys(value):
    if isinstance(value, dict):
        return set(value).union(*map(keys, value.values()))
    return set().union(*map(keys, value)) if isinstance(value, list) else set()


def test_the_body_never_holds_what_is_right(root):
    publish(root)
    quiz = queries.document("quiz", "vectors-and-matrices")
    telling = {"correct", "answer", "accept", "explain", "tolerance", "order", "choice_explains"}
    assert not keys(quiz.body) & telling
    assert telling <= keys(quiz.private)
    assert "Products are added up" not in str(quiz.body)
    exercise = queries.document("exercise", "dot-product")
    assert "strict=True" not in str(exercise.body)
    assert "test_lengths" not in str(exercise.body)
    assert "Refuses vectors" not in str(exercise.body)


def test_an_order_question_can_be_marked_from_what_was_shown(root):
    publish(root)
    quiz = queries.document("quiz", "vectors-and-matrices")
    shown = next(q for q in quiz.body["questions"] if q["id"] == "steps")["items"]
    order = quiz.private["questions"]["steps"]["order"]
    assert [shown[i] for i in order] == ["Multiply", "Add", "Return"]
