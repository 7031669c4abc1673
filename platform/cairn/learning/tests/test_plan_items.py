"""The plans of the five real paths: every rule holds on what the authors wrote."""

from datetime import date
from pathlib import Path

import pytest

from cairn.catalog.loader import load
from cairn.learning.plan_items import entries_of, rhythm_of
from cairn.learning.planner import Terms, Work, plan, spread

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
    return items, plan(items, Terms(MONDAY, minutes, rhythm=rhythm), {})


def test_there_are_paths():
    assert len(PATHS) >= 5


@pytest.mark.parametrize("path", PATHS)
def test_a_path_is_planned_whole_and_in_order(library, path):
    items, schedule = schedule_of(library, path)
    assert sum(piece.minutes for piece in schedule.pieces) == sum(item.minutes for item in items)
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
        open_groups[piece.item.group] = place  # the last piece of each milestone
    for place, piece in enumerate(schedule.pieces):
        if piece.item.work == Work.PROJECT and piece.part == 1:
            before = [end for group, end in open_groups.items() if group < piece.item.group]
            assert all(end < place for end in before)


def test_the_eight_weeks_keep_their_rhythm(library):
    """Nearly all theory lies on Monday to Wednesday; the projects have the weekends."""
    _, schedule = schedule_of(library, "multimodal-8-weeks")
    assert 7 <= (schedule.ends_on - MONDAY).days / 7 <= 9
    minutes = {work: [0] * 7 for work in Work}
    for piece in schedule.pieces:
        minutes[piece.item.work][piece.day.weekday()] += piece.minutes
    theory, project = minutes[Work.THEORY], minutes[Work.PROJECT]
    assert sum(theory[:3]) > sum(theory[3:])
    assert sum(project[5:]) > sum(project[:5])


def test_the_thirty_days_go_three_hours_a_day(library):
    _, schedule = schedule_of(library, "huggingface-30-days")
    assert (schedule.ends_on - MONDAY).days < 30
    a_day = {}
    for piece in schedule.pieces:
        a_day[piece.day] = a_day.get(piece.day, 0) + piece.minutes
    assert max(a_day.values()) <= 180
    assert min(list(a_day.values())[:-1]) > 165  # fewer than 15 minutes start nothing new
