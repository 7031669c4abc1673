"""The search: what is found, what comes first, what never is, and that any input is answered."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cairn.catalog import search_index
from cairn.catalog.actions import publish
from cairn.catalog.errors import ContentErrors
from cairn.catalog.models import SearchEntry
from cairn.catalog.queries import library
from cairn.catalog.search import Question, excerpt, find, find_groups, marked, suggest
from cairn.catalog.search_words import fold, words
from cairn.catalog.tests.sample import EXERCISE, LESSON, PATH, TOPIC, replace_in, write_sample

pytestmark = pytest.mark.django_db


@pytest.fixture
def root(tmp_path):
    root = write_sample(tmp_path)
    publish(root)
    return root


def found(text, kind=""):
    return [(one.entry.kind, one.entry.slug) for one in find(Question.of(text), kind=kind)]


def shown(parts):
    return "".join(f"[{text}]" if hit else text for text, hit in parts)


@pytest.mark.parametrize(
    ("text", "thing"),
    [
        ("vectors", ("topic", "vectors-and-matrices")),
        ("directions that stay", ("topic", "eigenvectors")),  # a summary, of a topic being written
        ("sees lists of numbers", ("topic", "vectors-and-matrices")),  # its lesson
        ("norm of a vector", ("exercise", "vector-norm")),
        ("Write dot", ("exercise", "dot-product")),  # its prompt
        ("put the steps in order", ("quiz", "vectors-and-matrices")),  # a question
        ("linear algebra library", ("project", "linear-algebra-library")),
        ("library of three functions", ("project", "linear-algebra-library")),  # its brief
        ("decompositions", ("milestone", "decompositions")),
        ("small language model", ("path", "zero-to-llm")),
    ],
)
def test_everything_published_is_found(root, text, thing):
    assert thing in found(text)


def test_the_last_word_may_be_half_typed(root):
    assert ("topic", "eigenvectors") in found("eig")
    assert ("topic", "eigenvectors") in found("directions th")


def test_a_word_is_found_in_the_singular_with_accents_and_in_capitals(root):
    assert ("topic", "eigenvectors") in found("EIGENVECTOR")
    assert ("topic", "eigenvectors") in found("Eígenvectörs")


def test_all_words_must_be_there(root):
    assert found("eigenvectors arrows") == []


def test_a_title_comes_before_a_summary_and_that_before_a_text(root):
    replace_in(root, "topics/mathematics/eigenvectors/topic.yaml", "Directions that stay.", "Quokka.")
    replace_in(root, LESSON, "An arrow.", "A quokka. " * 50)
    replace_in(root, f"{EXERCISE}/exercise.yaml", "Dot product", "Count a quokka")
    publish(root)
    assert found("quokka") == [
        ("exercise", "dot-product"),
        ("topic", "eigenvectors"),
        ("topic", "vectors-and-matrices"),
    ]


def test_of_equal_titles_the_topic_comes_before_its_quiz(root):
    assert found("vectors and matrices")[:2] == [
        ("topic", "vectors-and-matrices"),
        ("quiz", "vectors-and-matrices"),
    ]


def test_the_hit_is_marked_where_it_stands(root):
    (one,) = find(Question.of("lists numbers"), kind="topic")
    assert shown(one.title) == "Vectors and matrices"
    assert shown(one.excerpt) == "[Lists] of [numbers] become arrows."
    (deep,) = find(Question.of("zip"))
    assert "[zip] stops at the shorter one" in shown(deep.excerpt)


def test_a_long_text_is_cut_between_words_around_the_hit():
    text = "before " * 80 + "needle " + "after " * 80
    said = shown(excerpt([text], Question.of("needle")))
    assert said.startswith("… before ")
    assert said.endswith("after …")
    assert "[needle]" in said
    assert len(said) < 220


@given(text=st.text(max_size=300), asked=st.text(max_size=40))
def test_marking_loses_nothing(text, asked):
    question = Question.of(asked)
    if question.words:
        assert "".join(part for part, _ in marked(text, question)) == text


@given(st.text(max_size=100))
def test_folding_keeps_every_place(text):
    assert len(fold(text)) == len(text)


@pytest.mark.parametrize(
    "secret",
    [
        "Refuses vectors of different length",
        "test_lengths",
        "strict zip return sum",
        "Products are added up",
        "Two rows three columns",  # an explanation
        "Place by place",  # a hint
        "Multiply",  # a choice: items of an order question
    ],
)
def test_nothing_private_is_indexed(root, secret):
    assert not [one for one in found(secret) if one[0] in ("quiz", "exercise", "topic", "project")]
    asked = words(secret)
    for text in SearchEntry.objects.values_list("text", flat=True):
        assert " ".join(asked) not in " ".join(words(text))


def test_only_the_current_release_is_found(root):
    replace_in(root, TOPIC, "Vectors and matrices", "Arrows and tables")
    publish(root)
    assert ("topic", "vectors-and-matrices") not in found("vectors matrices")
    assert ("topic", "vectors-and-matrices") in found("arrows tables")
    replace_in(root, PATH, "      - slug: decompositions", "      - slug: spectra")
    publish(root)
    assert SearchEntry.objects.filter(kind="milestone").values_list("slug", flat=True).count() == 2
    assert [slug for _, slug in found("decompositions")] == ["spectra"]


def test_a_broken_file_leaves_the_index_alone(root):
    before = set(SearchEntry.objects.values_list("pk", "made_from"))
    (root / TOPIC).write_text("title: [\n")
    with pytest.raises(ContentErrors):
        publish(root)
    assert set(SearchEntry.objects.values_list("pk", "made_from")) == before
    assert found("vectors")


def test_a_failure_in_the_index_keeps_the_release_before(root, monkeypatch):
    replace_in(root, TOPIC, "Vectors and matrices", "Arrows and tables")
    monkeypatch.setattr(search_index, "_index_words", lambda rows: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        publish(root)
    assert ("topic", "vectors-and-matrices") in found("vectors matrices")


def test_publishing_again_leaves_every_row_alone(root):
    before = set(SearchEntry.objects.values_list("pk", "made_from"))
    publish(root)
    assert set(SearchEntry.objects.values_list("pk", "made_from")) == before


def test_an_index_that_was_lost_comes_back_with_the_next_publishing(root):
    SearchEntry.objects.all().delete()
    assert found("vectors") == []
    publish(root)
    assert found("vectors")


def test_formulas_leave_no_letters():
    html = 'So <span class="katex"><span>x<br>y</span></span> is <b>b</b>ig.<style>p{}</style><h2>Next</h2>'
    assert search_index.plain_text(html) == "So … is big. … Next"


NASTY = [
    '"',
    "'",
    "*",
    "NEAR(a b)",
    "a AND",
    "title:x",
    "-a",
    "a:*",
    "a & !b",
    "(",
    "\\",
    "%",
    "\0",
    "a\0b",
    "\u2019",
    "a'b",
]


@pytest.mark.parametrize("text", NASTY)
def test_no_syntax_of_a_database_can_be_asked(client, root, text):
    for address in ("/search", "/search/suggestions"):
        assert client.get(address, {"q": text}).status_code == 200


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(text=st.text(max_size=200))
def test_any_text_can_be_asked(root, text):
    suggest(Question.of(text))
    find_groups(Question.of(text))


@pytest.mark.parametrize("address", ["/search", "/search/suggestions", "/api/v1/search"])
def test_a_question_that_is_too_long_is_refused_with_the_limit(client, root, address):
    answer = client.get(address, {"q": "x" * 10_000})
    assert answer.status_code == 400
    assert "up to 200 characters; this one has 10,000" in answer.content.decode()


def test_the_page_groups_by_kind_and_marks(client, root):
    page = client.get("/search", {"q": "dot"}).content.decode()
    assert "<mark>Dot</mark> product" in page
    assert 'id="of-exercise"' in page
    assert 'id="of-quiz"' in page
    assert "/exercises/dot-product" in page


def test_one_kind_can_be_shown_alone(client, root):
    page = client.get("/search", {"q": "dot", "kind": "exercise"}).content.decode()
    assert 'id="of-exercise"' in page
    assert "/topics/vectors-and-matrices/quiz" not in page


def test_what_was_typed_is_never_markup(client, root):
    page = client.get("/search", {"q": "<script>alert(1)</script>"}).content.decode()
    assert "<script>alert" not in page


@pytest.mark.parametrize(
    ("asked", "said"),
    [("", "Each word must be there"), ("?!", "no letter or digit"), ("zebra", "Nothing found")],
)
def test_a_page_without_results_says_why(client, root, asked, said):
    assert said in client.get("/search", {"q": asked}).content.decode()


def test_a_suggestion_costs_one_query(client, root, django_assert_num_queries):
    with django_assert_num_queries(1):
        fragment = client.get("/search/suggestions", {"q": "eig"}).content.decode()
    assert 'role="option"' in fragment
    assert "being written" in fragment


def test_a_page_of_results_costs_three_queries(client, root, django_assert_max_num_queries):
    library()
    with django_assert_max_num_queries(3):  # the current release, what is found, its texts
        client.get("/search", {"q": "vector"})


def test_the_api_searches(client, root):
    first, *_ = client.get("/api/v1/search", {"q": "eigenvec"}).json()
    assert (first["kind"], first["slug"], first["written"]) == ("topic", "eigenvectors", False)
    assert first["url"] == "/topics/eigenvectors"
    assert all(
        one["kind"] == "quiz" for one in client.get("/api/v1/search", {"q": "dot", "kind": "quiz"}).json()
    )


@pytest.mark.parametrize("query", [{}, {"q": "?"}, {"q": "dot", "kind": "people"}])
def test_the_api_says_what_it_needs(client, root, query):
    answer = client.get("/api/v1/search", query)
    assert answer.status_code == 400
    assert answer.json()["type"] == "urn:cairn:bad-search"


def test_before_anything_is_published_the_page_says_so(client):
    assert client.get("/search", {"q": "dot"}).status_code == 503
