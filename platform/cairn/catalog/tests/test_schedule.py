"""How a path lays out its time: what its file may say, and what it is told where that can't be."""

import pytest

from cairn.catalog.content import Schedule
from cairn.catalog.loader import load
from cairn.catalog.tests.sample import replace_in, write_sample

PATH = "paths/zero-to-llm.yaml"
NEEDS = "needs: [school algebra]\n"
FIRST = '        number: "0.1"\n'
SECOND = '        number: "0.2"\n'


@pytest.fixture
def root(tmp_path):
    return write_sample(tmp_path)


def only_error(root):
    [error] = load(root).errors
    return error


def test_a_week_with_a_review_is_read(root):
    lines = "  week: [theory, theory, theory, practice, practice, any, project]\n"
    lines += "  shares: [1, 1, 1, 1, 1, 0, 3]\n"
    review = "  review: {minutes: 30, days: [saturday, sunday]}\n"
    replace_in(root, PATH, NEEDS, f"schedule:\n{lines}{review}{NEEDS}")
    loaded = load(root)
    assert not loaded.errors
    schedule = loaded.library.path("zero-to-llm").content.schedule
    assert schedule.review.days == ("saturday", "sunday")
    assert schedule.week[5] == "any"


def test_days_and_what_is_looked_back_on_are_read(root):
    replace_in(root, PATH, NEEDS, f"schedule: {{day_minutes: 180}}\n{NEEDS}")
    review = "        review: {title: Day 1, minutes: 30}\n"
    replace_in(root, PATH, SECOND, f"{SECOND}        day: 2\n{review}")
    loaded = load(root)
    assert not loaded.errors
    asked = loaded.library.path("zero-to-llm").milestone("decompositions")
    assert (asked.day, asked.review.title, asked.review.minutes) == (2, "Day 1", 30)


def test_a_path_without_one_is_as_it_was(root):
    assert load(root).library.path("zero-to-llm").content.schedule is None
    assert "schedule" not in load(root).library.path("zero-to-llm").content.model_dump()


@pytest.mark.parametrize(
    ("said", "message", "line"),
    [
        ("  week: [theory]", "`week` has 1 days; write seven, Monday first", 8),
        ("  week: [theory, fun, any, any, any, any, any]", "`week`", 9),
        ("  shares: [0, 0, 0, 0, 0, 0, 0]", "give one of them at least 1", 8),
        ("  shares: [-1, 0, 0, 0, 0, 0, 1]", "`shares`", 9),
        ("  review: {minutes: 3}", "`minutes`", 9),
        ("  review: {minutes: 30, days: []}", "`days`", 9),
        ("  review: {minutes: 30, days: [sun]}", "`days`", 9),
        ("  reveiw: {minutes: 30}", "`reveiw` is not a key", 9),
    ],
)
def test_what_is_no_week_is_told_with_its_line(root, said, message, line):
    replace_in(root, PATH, NEEDS, f"schedule:\n{said}\n{NEEDS}")
    error = load(root).errors[0]
    assert message in error.message
    assert (error.file, error.line) == (PATH, line)


def test_a_day_needs_a_length(root):
    replace_in(root, PATH, FIRST, f"{FIRST}        day: 1\n")
    error = only_error(root)
    assert "does not say how long its days are" in error.message
    assert "day_minutes" in error.remedy


def test_days_run_forward(root):
    replace_in(root, PATH, NEEDS, f"schedule: {{day_minutes: 180}}\n{NEEDS}")
    replace_in(root, PATH, FIRST, f"{FIRST}        day: 3\n")
    replace_in(root, PATH, SECOND, f"{SECOND}        day: 2\n")
    error = only_error(root)
    assert "begins on day 2, after a milestone of day 3" in error.message


def test_the_names_of_a_review_fit_together(root):
    long = "linear-algebra-" + "a" * 55
    replace_in(root, PATH, "- slug: linear-algebra\n", f"- slug: {long}\n")
    replace_in(root, PATH, FIRST, f"{FIRST}        review: {{title: Before, minutes: 30}}\n")
    assert "too long together" in only_error(root).message


def test_a_schedule_is_the_same_after_it_was_stored():
    said = Schedule(shares=(1,) * 7, day_minutes=90)
    assert Schedule.model_validate_json(said.model_dump_json()) == said
