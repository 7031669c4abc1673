"""The map page: what each topic is to whom, and the way to a goal. Places and ways are tested in catalog."""

import re

import pytest
from django.utils import timezone

from cairn.learning.models import Reading
from cairn.learning.tests.test_pages import finish, passed
from cairn.submissions.actions import submit

VECTORS, EIGENVECTORS = "vectors-and-matrices", "eigenvectors"


def text(answer):
    return answer.content.decode()


def label(shown, slug):
    return re.search(rf'id="topic-{slug}"[^>]*aria-label="([^"]*)"', shown)[1]


def finish_vectors(page, noor):
    Reading.objects.create(user=noor, topic=VECTORS, finished_at=timezone.now())
    finish(page, noor)
    for slug, file in (("dot-product", "dot.py"), ("vector-norm", "solution.py")):
        passed(submit(noor, "exercise", slug, {file: "pass\n"}))


def test_a_guest_sees_what_is_written_and_where_to_begin(client, books):
    shown = text(client.get("/map"))
    assert label(shown, VECTORS) == "Vectors and matrices, open to you"
    assert label(shown, EIGENVECTORS) == "Eigenvectors, being written"
    assert "Where you can begin" in shown


def test_what_is_finished_and_what_opens(page, noor):
    assert label(text(page.get("/map")), VECTORS).endswith("open to you")
    finish_vectors(page, noor)
    shown = text(page.get("/map"))
    assert label(shown, VECTORS).endswith("finished")
    assert "Where you can begin" not in shown


def test_the_way_to_a_goal_is_a_list_and_marked(client, books):
    shown = text(client.get("/map", {"to": EIGENVECTORS}))
    assert "The way to Eigenvectors" in shown
    assert re.findall(r'class="at num">(\d)</span><span><a href="([^"]*)"', shown) == [
        ("1", f"/topics/{VECTORS}"),
        ("2", f"/topics/{EIGENVECTORS}"),
    ]
    assert label(shown, EIGENVECTORS) == "2 Eigenvectors, being written, on your way"
    assert "1 of 2 is written so far" in shown
    assert 'class="bend way"' in shown


def test_what_is_finished_is_not_on_the_way(page, noor):
    finish_vectors(page, noor)
    shown = text(page.get("/map", {"to": EIGENVECTORS}))
    assert label(shown, VECTORS) == "Vectors and matrices, finished"
    assert label(shown, EIGENVECTORS).startswith("1 Eigenvectors")
    assert "What you finished is left out" in shown


def test_anybody_may_say_what_they_know(client, books):
    shown = text(client.get("/map", {"to": EIGENVECTORS, "from": VECTORS}))
    assert label(shown, EIGENVECTORS).startswith("1 Eigenvectors")
    shown = text(client.get("/map", {"to": VECTORS, "from": EIGENVECTORS}))
    assert "You are there" in shown


@pytest.mark.parametrize("slug", ["no-such-topic", "<script>x</script>", "\0", "x" * 5000])
def test_a_goal_that_does_not_exist_is_said_so(client, books, slug):
    answer = client.get("/map", {"to": slug})
    assert answer.status_code == 200
    assert "There is no topic" in text(answer)
    assert "<script>x" not in text(answer)


def test_the_page_needs_no_inline_style_or_script(client, books):
    shown = text(client.get("/map", {"to": EIGENVECTORS}))
    assert " style=" not in shown
    assert "<script>" not in shown


def test_it_costs_the_same_queries_however_much_is_finished(page, noor, django_assert_max_num_queries):
    page.get("/map")
    with django_assert_max_num_queries(6):
        page.get("/map")
    finish_vectors(page, noor)
    with django_assert_max_num_queries(6):
        page.get("/map")


@pytest.mark.parametrize("slug", [VECTORS, EIGENVECTORS])
def test_each_topic_says_its_paths_and_its_way(client, books, slug):
    shown = text(client.get(f"/topics/{slug}"))
    assert 'On the path <a href="/paths/zero-to-llm">' in shown
    assert f'href="/map?to={slug}"' in shown


def test_everybody_finds_map_and_search(client, page, books):
    for browser in (client, page):
        shown = text(browser.get("/map"))
        assert 'href="/map" aria-current="page"' in shown
        assert 'action="/search"' in shown
