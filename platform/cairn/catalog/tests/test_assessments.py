"""Assessments as files: what they name must be there, and they know when they can be taken."""

import pytest

from cairn.catalog.actions import publish
from cairn.catalog.errors import ContentErrors
from cairn.catalog.models import Document, Release
from cairn.catalog.queries import library
from cairn.catalog.tests.sample import PATH, QUIZ, publish_sample, replace_in

pytestmark = pytest.mark.django_db
ASKED = "title: Assessment\nsummary: What is kept.\ndraw: 3\ntopics: [vectors-and-matrices]\n"
BANK = (
    "bank: [{id: q, type: text, prompt: A secret colour, answer: white, accept: [white], explain: Snow.}]\n"
)


def write(root, text, slug="phase-zero"):
    (root / "assessments").mkdir(exist_ok=True)
    (root / f"assessments/{slug}.yaml").write_text(text)


@pytest.fixture
def root(tmp_path):
    publish_sample(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("text", "slug", "said"),
    [
        (ASKED.replace("vectors-and-matrices", "vectors"), "phase-zero", "There is no topic `vectors`"),
        (ASKED.replace("draw: 3", "draw: 30"), "phase-zero", "30 questions are to be drawn, and there are 5"),
        (ASKED.replace("draw: 3", "draw: 2").split("topics")[0], "phase-zero", "there are 0"),
        (ASKED, "eigenvectors", "There is a topic `eigenvectors`, too"),
        (ASKED + "exam: {minutes: 0}\n", "phase-zero", "minutes"),
        (ASKED + "exam: {minutes: 60, release: soon}\n", "phase-zero", "release"),
    ],
)
def test_what_cannot_be_taken_is_refused_with_its_file(root, text, slug, said):
    before = Release.objects.get(is_current=True).pk
    write(root, text, slug)
    with pytest.raises(ContentErrors) as refused:
        publish(root)
    assert any(said in str(error) and f"assessments/{slug}" in str(error) for error in refused.value.errors)
    assert Release.objects.get(is_current=True).pk == before


def test_its_own_questions_are_kept_apart_from_what_every_page_reads(root):
    write(root, ASKED + BANK)
    publish(root)
    entry = library().assessment("phase-zero")
    assert (entry.bank_count, entry.content.bank) == (1, ())
    assert "secret colour" not in str(Release.objects.get(is_current=True).structure)
    assert Document.objects.get(kind="quiz", slug="phase-zero").content_hash == entry.bank_hash


def test_a_changed_quiz_changes_what_its_results_depend_on(root):
    write(root, ASKED)
    publish(root)
    before = library().assessment("phase-zero").content_hash
    publish(root)
    assert library().assessment("phase-zero").content_hash == before
    replace_in(root, QUIZ, "answer: 14", "answer: 15")
    publish(root)
    assert library().assessment("phase-zero").content_hash != before


def test_one_with_a_topic_that_is_being_written_knows_which(root):
    write(root, ASKED.replace("[vectors", "[eigenvectors, vectors"))
    publish(root)
    books = library()
    assert [topic.slug for topic in books.unwritten(books.assessment("phase-zero"))] == ["eigenvectors"]


def test_a_criterion_that_asks_for_one_that_there_is_not_is_refused(root):
    replace_in(root, PATH, "topics: [eigenvectors]}", "assessments: [nothing]}")
    with pytest.raises(ContentErrors, match="There is no assessment `nothing`"):
        publish(root)
