"""Resources are ticked off once for all places; gatherings are dates that say whether they are announced."""

from datetime import UTC, date, datetime

import pytest
import vobject
from hypothesis import given
from hypothesis import strategies as st

from cairn.accounts.models import User
from cairn.catalog.content import Edition, Resource
from cairn.catalog.queries import library
from cairn.learning import gatherings, resources
from cairn.learning.models import ResourceMark
from cairn.learning.templatetags.learning import kind_title

TODAY = date(2026, 11, 21)


def resource(**more):
    return Resource(title="Summit", kind="conference", **more)


def edition(starts, ends, place=""):
    return Edition(starts=starts, ends=ends, place=place)


class TestWhen:
    def test_the_next_announced_edition(self):
        one = resource(
            month=12,
            editions=[
                edition(date(2025, 12, 2), date(2025, 12, 7)),
                edition(date(2026, 12, 8), date(2026, 12, 12), "Here"),
            ],
        )
        found = gatherings.next_of(one, TODAY)
        assert (found.starts, found.place, found.announced) == (date(2026, 12, 8), "Here", True)

    def test_one_that_is_under_way(self):
        one = resource(editions=[edition(date(2026, 11, 20), date(2026, 11, 22))])
        assert gatherings.next_of(one, TODAY).starts == date(2026, 11, 20)

    def test_the_usual_month_where_nothing_is_announced(self):
        found = gatherings.next_of(resource(month=4), TODAY)
        assert (found.starts, found.ends, found.announced) == (date(2027, 4, 1), date(2027, 4, 30), False)

    def test_a_year_whose_edition_is_over_is_not_offered_again(self):
        one = resource(month=11, editions=[edition(date(2026, 11, 2), date(2026, 11, 6))])
        assert gatherings.next_of(one, TODAY).starts == date(2027, 11, 1)

    @pytest.mark.parametrize(("years", "year"), [("odd", 2027), ("even", 2028), ("every", 2027)])
    def test_every_other_year(self, years, year):
        assert gatherings.next_of(resource(month=9, years=years), TODAY).starts.year == year

    def test_nothing_for_what_has_no_dates(self):
        assert gatherings.next_of(resource(), TODAY) is None

    @given(
        month=st.integers(1, 12),
        years=st.sampled_from(["every", "odd", "even"]),
        today=st.dates(date(2020, 1, 1), date(2090, 1, 1)),
    )
    def test_never_over_and_never_more_than_two_years_ahead(self, month, years, today):
        found = gatherings.next_of(resource(month=month, years=years), today)
        assert today <= found.ends
        assert found.starts.year - today.year <= 2 + (years != "every")
        assert found.starts.month == month


def test_an_edition_that_ends_before_it_starts_is_no_content():
    with pytest.raises(ValueError, match="ends before it starts"):
        edition(date(2026, 2, 2), date(2026, 2, 1))


def test_the_calendar_is_read_by_another_library():
    one = resource(editions=[edition(date(2026, 12, 8), date(2026, 12, 12), "Here")])
    found = gatherings.coming([one, Resource(title="Usual", kind="community", month=1)], TODAY)
    text = gatherings.calendar_of(found, "example.org", datetime(2026, 11, 21, tzinfo=UTC)).decode()
    first, second = vobject.readOne(text).contents["vevent"]
    assert (first.dtstart.value, first.dtend.value) == (date(2026, 12, 8), date(2026, 12, 13))
    assert (first.status.value, second.status.value) == ("CONFIRMED", "TENTATIVE")
    assert "usual month" in second.summary.value


@pytest.fixture
def recommended(tmp_path, books):
    """The sample with two resources, one of them recommended twice."""
    book = "\nresources:\n  - {title: A book, kind: book}\n"
    from cairn.catalog.actions import publish

    for topic in ("mathematics/vectors-and-matrices", "mathematics/decompositions"):
        file = next(tmp_path.rglob(f"topics/{topic}/topic.yaml"), None)
        if file is not None:
            file.write_text(file.read_text() + book)
    path = next(tmp_path.rglob("paths/zero-to-llm.yaml"))
    path.write_text(path.read_text() + "\nresources:\n  - {title: Forum, kind: community, month: 3}\n")
    publish(path.parent.parent)
    from cairn.catalog import queries

    queries.forget_library()
    return library()


class TestTicks:
    def test_what_is_recommended_in_several_places_is_one_resource(self, recommended):
        found = resources.listed(recommended)
        assert set(found) == {"a-book", "forum"}
        assert found["a-book"].places

    def test_a_tick_counts_and_can_be_taken_back(self, page, noor, recommended):
        page.post("/resources/a-book/mark", {"done": "yes", "place": "/resources?kind=book"})
        page.post("/resources/a-book/mark", {"done": "yes"})
        assert list(resources.marks_of(noor)) == ["a-book"]
        assert "1 of 2" in page.get("/resources").content.decode()
        page.post("/resources/a-book/mark", {"done": "no"})
        assert resources.marks_of(noor) == {}

    def test_back_goes_to_our_own_pages_only(self, page, recommended):
        answer = page.post("/resources/a-book/mark", {"done": "yes", "place": "https://evil.example/"})
        assert answer.url == "/resources"

    def test_what_nothing_recommends_cannot_be_ticked(self, page, recommended):
        assert page.post("/resources/nothing/mark", {"done": "yes"}).status_code == 404
        assert not ResourceMark.objects.exists()

    def test_a_guest_reads_and_cannot_tick(self, client, recommended):
        body = client.get("/resources").content.decode()
        assert "A book" in body
        assert "/mark" not in body
        assert client.post("/resources/a-book/mark", {"done": "yes"}).status_code == 302
        assert not ResourceMark.objects.exists()

    def test_ticks_are_ones_own(self, page, client, noor, recommended):
        page.post("/resources/a-book/mark", {"done": "yes"})
        bob = User.objects.create_user("bob", "bob@example.org", "granite-cairn-9")
        client.force_login(bob)
        assert "0 of 2" in client.get("/resources").content.decode()

    def test_the_list_costs_few_queries(self, page, recommended, django_assert_num_queries):
        page.get("/resources")
        with django_assert_num_queries(2):  # person, ticks
            page.get("/resources")

    def test_gatherings_are_for_everybody(self, client, recommended):
        assert "usually in March" in client.get("/gatherings").content.decode()
        assert "Forum" in client.get("/gatherings.ics").content.decode()


def test_every_kind_has_a_word_for_many_and_a_word_for_done():
    kinds = Resource.model_fields["kind"].annotation.__args__
    assert set(kinds) == set(resources.DONE)
    titles = [kind_title(kind) for kind in kinds]
    assert titles[:2] == ["Books", "Courses"]
    assert {"Documentation", "Code", "Communities"} <= set(titles)
