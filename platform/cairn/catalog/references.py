"""Checks that what the curriculum's files say about each other is true."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING

from cairn.catalog import content
from cairn.catalog.documents import handed_in
from cairn.catalog.yaml_file import Location

if TYPE_CHECKING:
    from cairn.catalog.loader import Parts

MOST_OF_TWO_NAMES = 79  # of the 80 characters that a result's slug has, with a sign between them


def check(parts: "Parts") -> None:
    """Note every reference that leads nowhere, and tell each topic its paths."""
    _topics(parts)
    _quizzes(parts)
    _no_cycle(parts)
    for slug, skill_map in parts.maps.items():
        for side, nodes in (("ideas", skill_map.content.ideas), ("uses", skill_map.content.uses)):
            for i, node in enumerate(nodes):
                _exist(parts, "map", slug, (side, i), [node.topic or ""], {"": None, **parts.topics}, "topic")
    for slug, project in parts.projects.items():
        needs = project.content.prerequisites
        _exist(parts, "project", slug, ("prerequisites",), needs, parts.topics, "topic")
        _criteria(parts, "project", slug, (), project.content.criteria, [slug])
        _documents(parts, slug)
    _assessments(parts)
    for path in parts.paths.values():
        _path(parts, path.slug, path.content)
    _tell_topics_their_paths(parts)


def _exist(
    parts: "Parts",
    kind: str,
    slug: str,
    at: Location,
    names: Iterable[str],
    known: Mapping[str, object],
    what: str,
) -> None:
    """Each of ``names``, a list at ``at`` of an entry's file, is known, or has told its own errors."""
    for i, name in enumerate(names):
        if name not in known and name not in parts.broken:
            file = parts.files[kind, slug]
            remedy = "Write it, or correct its name."
            parts.source.complain_at(file, (*at, i), f"There is no {what} `{name}`.", remedy)


def _topics(parts: "Parts") -> None:
    for slug, topic in parts.topics.items():
        own = {name: entry for name, entry in parts.exercises.items() if entry.topic == slug}
        _exist(parts, "topic", slug, ("prerequisites",), topic.content.prerequisites, parts.topics, "topic")
        _exist(parts, "topic", slug, ("exercises",), topic.content.exercises, own, "exercise folder")
        for name in sorted(set(own) - set(topic.content.exercises)):
            remedy = f"Add `{name}` to `exercises` in topic.yaml, where it comes in the teaching order."
            parts.source.complain(parts.files["exercise", name], 0, "No topic lists this exercise.", remedy)


def _quizzes(parts: "Parts") -> None:
    for slug, quiz in parts.quizzes.items():
        anchors = parts.anchors.get(slug)
        for i, question in enumerate(quiz.questions):
            if question.section and anchors is not None and question.section not in anchors:
                parts.source.complain_at(
                    parts.files["quiz", slug],
                    ("questions", i, "section"),
                    f"The lesson has no section `{question.section}`.",
                    f"Its sections are {', '.join(sorted(anchors))}.",
                )


def _assessments(parts: "Parts") -> None:
    for slug, entry in parts.assessments.items():
        file, model = parts.files["assessment", slug], entry.content
        _exist(parts, "assessment", slug, ("topics",), model.topics, parts.topics, "topic")
        if slug in parts.topics:
            remedy = "Rename the file: their results are kept by name."
            parts.source.complain(file, 0, f"There is a topic `{slug}`, too.", remedy)
        count = entry.bank_count + sum(
            parts.topics[name].question_count for name in model.topics if name in parts.topics
        )
        being_written = any(name not in parts.quizzes for name in model.topics)
        if count < model.draw and not being_written:
            message = f"{model.draw} questions are to be drawn, and there are {count}."
            parts.source.complain_at(file, ("draw",), message, "Write more, or draw fewer.")


def _no_cycle(parts: "Parts") -> None:
    graph = {slug: topic.content.prerequisites for slug, topic in parts.topics.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        cycle = list(reversed(error.args[1]))  # each one needs the next
        file = parts.files["topic", cycle[0]]
        message = f"These topics need each other: {' needs '.join(cycle)}."
        parts.source.complain_at(file, ("prerequisites",), message, "Take one of these prerequisites away.")


def _criteria(
    parts: "Parts",
    kind: str,
    slug: str,
    at: Location,
    criteria: Iterable[content.Criterion],
    projects: list[str],
) -> None:
    """The criteria at ``at`` of a file name things that exist; ``projects`` are those they may mean."""
    file = parts.files[kind, slug]
    for i, criterion in enumerate(criteria):
        here: Location = (*at, "criteria", i)
        if isinstance(criterion, content.ExerciseCriterion):
            _exist(parts, kind, slug, (*here, "exercises"), criterion.exercises, parts.exercises, "exercise")
            for test in _unknown_tests(parts, criterion.tests, projects):
                parts.source.complain_at(file, (*here, "tests"), f"No evaluate.py has a test `{test}`.")
        elif isinstance(criterion, content.QuizCriterion):
            _exist(parts, kind, slug, (*here, "topics"), criterion.topics, parts.topics, "topic")
            named, known = criterion.assessments, parts.assessments
            _exist(parts, kind, slug, (*here, "assessments"), named, known, "assessment")
        elif isinstance(criterion, content.MapCriterion):
            _exist(parts, kind, slug, here, [criterion.map], parts.maps, "skill map")
        elif isinstance(criterion, content.ActivityCriterion):
            _same_everywhere(parts, file, here, criterion)
        elif isinstance(criterion, content.RubricCriterion | content.ReviewCriterion) and kind == "path":
            message = "A mentor judges a submission, and a milestone has none of its own."
            parts.source.complain_at(file, here, message, "Move this criterion to the project.")
        elif isinstance(criterion, content.MetricCriterion):
            _measured(parts, file, here, criterion.metric, projects)


def _same_everywhere(parts: "Parts", file: Path, at: Location, criterion: content.ActivityCriterion) -> None:
    """Done once is done everywhere, so an activity asks for the same wherever it is named."""
    asked = (criterion.do, criterion.asks, criterion.min_words)
    if parts.activities.setdefault(criterion.activity, asked) != asked:
        message = f"The activity `{criterion.activity}` asks for something else in another place."
        remedy = "Give both the same `do`, `asks` and `min_words`, or rename one."
        parts.source.complain_at(file, (*at, "activity"), message, remedy)


def _unknown_tests(parts: "Parts", tests: Iterable[str], projects: list[str]) -> list[str]:
    written = [parts.evaluations[slug].names for slug in projects if slug in parts.evaluations]
    if not written and projects:
        return []  # a project that is being written may name the tests it is going to have
    return [test for test in tests if not any(test in names for names in written)]


def _measured(parts: "Parts", file: Path, at: Location, metric: str, projects: list[str]) -> None:
    measured = [parts.evaluations[slug].metrics for slug in projects if slug in parts.evaluations]
    being_written = projects and not measured
    if not being_written and not any(names is None or metric in names for names in measured):
        message, remedy = (
            f"No evaluate.py records a metric `{metric}`.",
            'Record it: `metric("name", value)`.',
        )
        parts.source.complain_at(file, (*at, "metric"), message, remedy)


def _documents(parts: "Parts", slug: str) -> None:
    project = parts.projects[slug]
    names = {file.name for file in handed_in(project.content)}
    for i, criterion in enumerate(project.content.criteria):
        if (
            isinstance(criterion, content.DocumentCriterion)
            and project.written
            and criterion.file not in names
        ):
            message = f"`{criterion.file}` is not among the files to hand in."
            file = parts.files["project", slug]
            parts.source.complain_at(file, ("criteria", i, "file"), message, "Add it to `files`.")


def _path(parts: "Parts", slug: str, path: content.Path) -> None:
    file = parts.files["path", slug]
    seen: set[str] = set()
    for at, milestone in _placed_milestones(path):
        if milestone.slug in seen:
            message = f"The milestone `{milestone.slug}` is on this path twice."
            parts.source.complain_at(file, (*at, "slug"), message, "Give one of them another slug.")
        seen.add(milestone.slug)
        _exist(parts, "path", slug, (*at, "topics"), milestone.topics, parts.topics, "topic")
        _exist(parts, "path", slug, (*at, "projects"), milestone.projects, parts.projects, "project")
        _criteria(parts, "path", slug, at, milestone.criteria, list(milestone.projects))
        _stones_are_distinct(parts, slug, at, milestone)
        _review_has_a_name(parts, slug, at, milestone)
    _days_follow_each_other(parts, slug, path)


def _review_has_a_name(parts: "Parts", slug: str, at: Location, milestone: content.Milestone) -> None:
    """What is said of a milestone's review is stored by the names of the path and the milestone."""
    if milestone.review and len(slug) + len(milestone.slug) > MOST_OF_TWO_NAMES:
        message = f"The names of this path and of `{milestone.slug}` are too long together for a review."
        remedy = f"Shorten the milestone's slug: both may have {MOST_OF_TWO_NAMES} characters."
        parts.source.complain_at(parts.files["path", slug], (*at, "slug"), message, remedy)


def _days_follow_each_other(parts: "Parts", slug: str, path: content.Path) -> None:
    """Days never run backwards, and a path that has days says how long one is."""
    file, before = parts.files["path", slug], 0
    for at, milestone in _placed_milestones(path):
        if milestone.day and not (path.schedule and path.schedule.day_minutes):
            message = f"`{milestone.slug}` has a day, and the path does not say how long its days are."
            remedy = "Add `day_minutes` to `schedule`, or take the day away."
            parts.source.complain_at(file, (*at, "day"), message, remedy)
            return
        if milestone.day and milestone.day < before:
            message = f"`{milestone.slug}` begins on day {milestone.day}, after a milestone of day {before}."
            remedy = "Milestones stand in the order in which they are walked: correct the day or move it."
            parts.source.complain_at(file, (*at, "day"), message, remedy)
        before = max(before, milestone.day)


def _placed_milestones(path: content.Path) -> Iterator[tuple[Location, content.Milestone]]:
    for i, stage in enumerate(path.stages):
        for j, milestone in enumerate(stage.milestones):
            yield ("stages", i, "milestones", j), milestone


def _stones_are_distinct(parts: "Parts", slug: str, at: Location, milestone: content.Milestone) -> None:
    of_projects = [p.content.criteria for name in milestone.projects if (p := parts.projects.get(name))]
    ids = [criterion.id for criteria in (*of_projects, milestone.criteria) for criterion in criteria]
    for twice in sorted({name for name in ids if ids.count(name) > 1}):
        message = f"Two criteria of the milestone `{milestone.slug}` have the id `{twice}`."
        remedy = "Rename one; a stone is known by its id."
        parts.source.complain_at(parts.files["path", slug], at, message, remedy)


def _tell_topics_their_paths(parts: "Parts") -> None:
    for slug, topic in parts.topics.items():
        on = [
            path.slug
            for path in parts.paths.values()
            if any(slug in milestone.topics for milestone in path.content.milestones)
        ]
        parts.topics[slug] = replace(topic, paths=tuple(on))
