"""The plans of the five real paths: every rule holds on what the authors wrote."""

from datetime import date
from pathlib import Path

import pytest

from cairn.catalog.loader import load
from cairn.learning.plan_items import entries_of, rhythm_of, spans_of
from cairn.learning.plan_pages import url_of
from cairn.learning.planner import WEEK_KEY, Terms, Work, plan, spread

CURRICULUM = Path(__file__).parents[4] / "curriculum"
MONDAY = date(2026, 3, 2)
PATHS = sorted(file.stem for file in (CURRICULUM / "paths").glob("*.yaml"))


@pytest.fixture(scope="module")
def library():
    return load(CURRICULUM).library


def schedule_of(library, path):
    content = library.path(path).content
    rhythm = rhythm_of(content)
    minutes = spread(round(content.hours_per_week), rhythm.weights)
    items = [entry.item for entry in entries_of(library, path).values()]
    return items, plan(items, Terms(MONDAY, minutes, rhythm=rhythm, spans=spans_of(content)), {})


def test_there_are_paths():
    assert len(PATHS) >= 5


@pytest.mark.parametrize("path", PATHS)
def test_a_path_is_planned_whole_and_in_order(library, path):
    items, schedule = schedule_of(library, path)
    pieces = [piece for piece in schedule.pieces if not piece.item.key.startswith(WEEK_KEY)]
    assert sum(piece.minutes for piece in pieces) == sum(item.minutes for item in items)
    first, last = {}, {}
    for place, piece in enumerate(schedule.pieces):
        first.setdefault(piece.item.key, place)
        last[piece.item.key] = place
    for item in items:
        assert all(last[need] < first[item.key] for need in item.needs if need in last)


@pytest.mark.parametrize("path", PATHS)
def test_everything_asked_of_everybody_is_planned_and_nothing_optional(library, path):
    entries = entries_of(library, path)
    for stage in library.path(path).content.stages:
        for milestone in () if stage.optional else stage.milestones:
            for slug in () if milestone.optional else milestone.topics:
                assert library.topic(slug).content.optional or f"lesson:{slug}" in entries
            for slug in () if milestone.optional else milestone.projects:
                assert f"project:{slug}" in entries


@pytest.mark.parametrize("path", PATHS)
def test_a_project_begins_after_all_of_the_milestones_before_it(library, path):
    _, schedule = schedule_of(library, path)
    open_groups = {}
    for place, piece in enumerate(schedule.pieces):
        if piece.item.key.startswith(WEEK_KEY):
            continue
        open_groups[piece.item.group] = place  # the last piece of each milestone
    for place, piece in enumerate(schedule.pieces):
        if piece.item.work == Work.PROJECT and piece.part == 1:
            before = [end for group, end in open_groups.items() if group < piece.item.group]
            assert all(end < place for end in before)


def test_the_eight_weeks_keep_their_rhythm(library):
    """Nearly all theory lies on Monday to Wednesday; the weekends have projects and a review."""
    _, schedule = schedule_of(library, "multimodal-8-weeks")
    assert 7 <= (schedule.ends_on - MONDAY).days / 7 < 8.5
    minutes = {work: [0] * 7 for work in Work}
    for piece in schedule.pieces:
        minutes[piece.item.work][piece.day.weekday()] += piece.minutes
    theory, project = minutes[Work.THEORY], minutes[Work.PROJECT]
    assert sum(theory[:3]) > sum(theory[3:])
    assert sum(project[5:]) > sum(project[:5])
    assert minutes[Work.REVIEW] == [0, 0, 0, 0, 0, 0, 8 * 30]


def test_the_thirty_days_go_three_hours_a_day(library):
    _, schedule = schedule_of(library, "huggingface-30-days")
    assert (schedule.ends_on - MONDAY).days + 1 == 30
    a_day = {}
    for piece in schedule.pieces:
        a_day[piece.day] = a_day.get(piece.day, 0) + piece.minutes
    assert max(a_day.values()) <= 180
    assert sum(minutes > 165 for minutes in a_day.values()) > 20


def days_of(library, path, *keys):
    _, schedule = schedule_of(library, path)
    return [(schedule.day_of(key) - MONDAY).days + 1 for key in keys]


def test_the_midterm_is_on_day_fifteen_after_a_review_and_before_its_project(library):
    month = "huggingface-30-days"
    keys = (f"review:{month}_midterm", "assessment:midterm", "project:midterm-exam")
    assert days_of(library, month, *keys) == [15, 15, 15]
    entries = entries_of(library, month)
    assert entries[keys[0]].item.key in entries[keys[1]].item.needs
    assert entries[keys[1]].item.key in entries[keys[2]].item.needs
    assert entries[keys[1]].item.minutes == 60
    assert url_of(entries[keys[1]]) == "/assessments/midterm"


def test_the_month_looks_back_on_the_days_on_which_its_roadmap_does(library):
    month, names = "huggingface-30-days", ("mini-project-nlp", "midterm", "mini-project-vision-audio")
    assert days_of(library, month, *(f"review:{month}_{name}" for name in names)) == [6, 15, 23]


@pytest.mark.parametrize("phase", [0, 1, 2])
def test_a_phase_ends_with_its_project_then_its_map_then_its_assessment(library, phase):
    _, schedule = schedule_of(library, "zero-to-llm")
    bridge = f"bridge-to-phase-{phase + 1}"
    keys = [f"project:{bridge}", f"map:{bridge}", f"assessment:zero-to-llm-phase-{phase}"]
    ended = [piece.item.key for piece in schedule.pieces if piece.part == piece.parts]
    places = [ended.index(key) for key in keys]
    assert places == sorted(places)
    group = entries_of(library, "zero-to-llm")[keys[0]].item.group
    assert all(ended.index(one.item.key) < places[0] for one in schedule.pieces if one.item.group < group)


@pytest.mark.parametrize("path", PATHS)
def test_every_assessment_map_and_activity_that_a_path_asks_for_is_planned(library, path):
    entries = entries_of(library, path)
    for stage in library.path(path).content.stages:
        for milestone in () if stage.optional else stage.milestones:
            for placed in () if milestone.optional else library.criteria(milestone):
                if not placed.criterion.optional:
                    for kind, name in asked_by(placed.criterion):
                        assert f"{kind}:{name}" in entries


def asked_by(criterion):
    match criterion.kind:
        case "quiz":
            return [("assessment", slug) for slug in criterion.assessments]
        case "map":
            return [("map", criterion.map)]
        case "activity":
            return [("activity", criterion.activity)]
    return []


def test_an_assessment_takes_its_minutes_from_its_project(library):
    """Three hours on day 15: looking back, an hour of questions, and the model."""
    entries = entries_of(library, "huggingface-30-days")
    project = library.project("midterm-exam").content
    assert entries["project:midterm-exam"].item.minutes + 60 == project.hours * 60
