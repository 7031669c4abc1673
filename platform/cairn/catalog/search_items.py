"""What of a library a search may find, thing by thing. Pure: a library in, items out.

Everything with a page is here, and of each only what that page shows to whoever opens it: never an answer, a
hidden test, a hint or an exam's questions.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cairn.catalog import content
from cairn.catalog.library import (
    AssessmentEntry,
    DatasetEntry,
    ExerciseEntry,
    Library,
    PathEntry,
    ProjectEntry,
    SkillMapEntry,
    TopicEntry,
)
from cairn.catalog.models import SearchEntry

Kind = SearchEntry.Kind
GATHERED = {"community": Kind.COMMUNITY, "conference": Kind.CONFERENCE}  # other resources are read


@dataclass(frozen=True)
class Item:
    """An entry before its document is read. ``said`` are texts of the structure, the rest is in ``body``."""

    kind: str
    slug: str
    title: str
    path: str = ""
    context: str = ""
    summary: str = ""
    said: tuple[str, ...] = ()
    body: str = ""  # content hash of the document of that kind and slug
    written: bool = True


def items_of(library: Library) -> Iterator[Item]:
    """Everything there is to find."""
    for path in library.paths.values():
        yield _path(path)
        yield from (_milestone(path, one, library) for one in path.content.milestones)
    for topic in library.topics.values():
        yield _topic(topic)
        if topic.quiz_hash:
            yield _quiz(topic)
    yield from (_exercise(one, library) for one in library.exercises.values())
    yield from map(_project, library.projects.values())
    yield from (_assessment(one, library) for one in library.assessments.values())
    yield from map(_skill_map, library.maps.values())
    yield from map(_activity, library.activities.values())
    yield from map(_dataset, library.datasets.values())
    yield from map(_resource, recommended(library).values())


def recommended(library: Library) -> dict[str, content.Resource]:
    """What the page of resources lists, by key: all that a path, its topics and its projects recommend."""
    found: dict[str, content.Resource] = {}
    for path in library.paths.values():
        for one, _ in library.resources(path):
            found.setdefault(one.key, one)
    return found


def _path(entry: PathEntry) -> Item:
    path = entry.content
    stages = [text for stage in path.stages for text in (stage.label, stage.title, stage.summary)]
    said = (*path.needs, path.pattern, *stages, *_named(path.resources))
    return Item(Kind.PATH, entry.slug, path.title, context=path.duration, summary=path.summary, said=said)


def _milestone(path: PathEntry, one: content.Milestone, library: Library) -> Item:
    asked = [
        text
        for placed in library.criteria(one)
        for text in (placed.criterion.title, placed.criterion.quote)
        if text
    ]
    return Item(
        Kind.MILESTONE,
        one.slug,
        one.title,
        path=path.slug,
        context=" · ".join(filter(None, (path.content.title, one.number))),
        summary=one.summary,
        said=tuple(asked),
        written=library.is_open(one),
    )


def _topic(entry: TopicEntry) -> Item:
    topic = entry.content
    return Item(
        Kind.TOPIC,
        entry.slug,
        topic.title,
        context=entry.area_name,
        summary=topic.summary,
        said=_named(topic.resources),
        body=entry.lesson_hash,
        written=entry.written,
    )


def _quiz(entry: TopicEntry) -> Item:
    return Item(Kind.QUIZ, entry.slug, entry.content.title, context="Quiz", body=entry.quiz_hash)


def _exercise(entry: ExerciseEntry, library: Library) -> Item:
    topic = library.topics.get(entry.topic)
    context = topic.content.title if topic else ""
    return Item(Kind.EXERCISE, entry.slug, entry.content.title, context=context, body=entry.content_hash)


def _project(entry: ProjectEntry) -> Item:
    project = entry.content
    asked = [text for one in project.criteria for text in (one.title, one.quote) if text]
    return Item(
        Kind.PROJECT,
        entry.slug,
        project.title,
        context=f"{project.hours:g}\N{NO-BREAK SPACE}h",
        summary=project.summary,
        said=(*project.skills, project.data, *asked, *_named(project.resources)),
        body=entry.content_hash,
        written=entry.written,
    )


def _assessment(entry: AssessmentEntry, library: Library) -> Item:
    """What its door says. The questions are drawn behind it."""
    assessment, exam = entry.content, entry.content.exam
    topics = tuple(library.topics[slug].content.title for slug in assessment.topics)
    return Item(
        Kind.ASSESSMENT,
        entry.slug,
        assessment.title,
        context=f"Exam of {exam.minutes}\N{NO-BREAK SPACE}minutes" if exam else "Drawn quiz",
        summary=assessment.summary,
        said=(*topics, *(exam.rules if exam else ())),
        written=not library.unwritten(entry),
    )


def _skill_map(entry: SkillMapEntry) -> Item:
    """Its ideas and uses. Which belong together is what the learner finds out."""
    asked = entry.content
    said = tuple(node.text for node in (*asked.ideas, *asked.uses))
    return Item(
        Kind.MAP, entry.slug, asked.title, context=_minutes(asked.minutes), summary=asked.summary, said=said
    )


def _activity(asked: content.ActivityCriterion) -> Item:
    return Item(
        Kind.ACTIVITY,
        asked.activity,
        asked.title,
        context=_minutes(asked.minutes),
        summary=asked.do,
        said=tuple(filter(None, (asked.quote, asked.asks))),
    )


def _minutes(minutes: int) -> str:
    return f"{minutes}\N{NO-BREAK SPACE}min"


def _dataset(entry: DatasetEntry) -> Item:
    one = entry.content
    return Item(
        Kind.DATASET,
        entry.slug,
        one.title,
        context=one.holds.capitalize(),
        summary=one.summary,
        said=(one.licence, one.citation),
        body=entry.content_hash,
    )


def _resource(one: content.Resource) -> Item:
    """A book, a course, a community: it has no page of its own, but its place in the list."""
    kind = GATHERED.get(one.kind, Kind.RESOURCE)
    what = one.kind.capitalize() if kind == Kind.RESOURCE else ""
    return Item(kind, one.key, one.title, context=" · ".join(filter(None, (what, one.by))), summary=one.note)


def _named(resources: Iterable[content.Resource]) -> tuple[str, ...]:
    return tuple(" ".join(filter(None, (one.title, one.by))) for one in resources)
