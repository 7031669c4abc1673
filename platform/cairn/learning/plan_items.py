"""What a path asks to be planned: its activities as items, and which of them are done. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from functools import lru_cache

from cairn.catalog.content import MapCriterion, Milestone, Path
from cairn.catalog.library import Library, TopicEntry
from cairn.learning.planner import DAILY, THEORY_PRACTICE_PROJECT, Item, Rhythm, Work
from cairn.learning.progress import (
    Activity,
    Record,
    map_activity,
    project_activity,
    topic_activities,
)

WORK = {"lesson": Work.THEORY, "quiz": Work.THEORY, "exercise": Work.PRACTICE, "practice": Work.PRACTICE}
RHYTHMS = {1: THEORY_PRACTICE_PROJECT}  # by roadmap; the others go on day by day


@dataclass(frozen=True)
class Entry:
    """An item with its words. ``kind`` is an activity's, or practice: exercises to be written."""

    item: Item
    kind: str
    slug: str
    title: str
    written: bool = True


def rhythm_of(path: Path) -> Rhythm:
    """The week that the path's roadmap lays out."""
    return RHYTHMS.get(path.roadmap, DAILY)


def key_of(kind: str, slug: str) -> str:
    """What an item is known by: stays the same when the curriculum around it changes."""
    return f"{kind}:{slug}"


@lru_cache(maxsize=16)
def entries_of(library: Library, path: str) -> Mapping[str, Entry]:
    """All that the path asks of everybody, by key, in walking order; nothing twice.

    A topic being written counts with its minutes. Raises NotFound for a path that is not in the library.
    """
    content, found = library.path(path).content, dict[str, Entry]()
    before: tuple[str, ...] = ()
    for group, milestone in enumerate(_asked(content)):
        own: list[str] = []
        for entry in _milestone(milestone, group, before, library, rhythm_of(content)):
            if entry.item.key not in found:
                found[entry.item.key] = entry
                own.append(entry.item.key)
        before = tuple(own) or before
    return found


def _asked(path: Path) -> Iterator[Milestone]:
    stages = (stage for stage in path.stages if not stage.optional)
    return (one for stage in stages for one in stage.milestones if not one.optional)


def _milestone(
    milestone: Milestone, group: int, before: tuple[str, ...], library: Library, rhythm: Rhythm
) -> Iterator[Entry]:
    """Its topics, then its projects and skill maps, which need its topics and all of the milestone before."""
    keys: list[str] = []
    for slug in milestone.topics:
        if not library.topic(slug).content.optional:
            for entry in _topic(library.topic(slug), group, library, rhythm):
                keys.append(entry.item.key)
                yield entry
    for slug in milestone.projects:
        project = library.project(slug)
        lessons = (key_of("lesson", topic) for topic in project.content.prerequisites)
        needs = tuple(dict.fromkeys((*before, *keys, *lessons)))
        minutes = round(project.content.hours * 60)
        item = Item(key_of("project", slug), minutes, Work.PROJECT, group, needs)
        yield Entry(item, "project", slug, project.content.title, project.written)
    for placed in library.criteria(milestone):
        if isinstance(placed.criterion, MapCriterion) and not placed.criterion.optional:
            skill_map = library.skill_map(placed.criterion.map)
            needs = tuple(dict.fromkeys((*before, *keys)))
            key = key_of("map", skill_map.slug)
            item = Item(key, skill_map.content.minutes, Work.PRACTICE, group, needs)
            yield Entry(item, "map", skill_map.slug, skill_map.content.title)


def _topic(topic: TopicEntry, group: int, library: Library, rhythm: Rhythm) -> Iterator[Entry]:
    """The lesson needs the lessons that the topic builds on; quiz and exercises need the lesson."""
    lesson = key_of("lesson", topic.slug)
    lessons = tuple(key_of("lesson", slug) for slug in topic.content.prerequisites)
    for kind, slug, title, minutes in _parts(topic, library, rhythm):
        needs = lessons if kind == "lesson" else (lesson,)
        item = Item(key_of(kind, slug), minutes, WORK[kind], group, needs)
        yield Entry(item, kind, slug, title, topic.written)


def _parts(topic: TopicEntry, library: Library, rhythm: Rhythm) -> Iterator[tuple[str, str, str, int]]:
    """Kind, slug, title and minutes. A topic being written is parted as the week is: three days to two."""
    if topic.written:
        for one in topic_activities(topic, library, Record()):
            yield one.kind, one.slug, one.title, one.minutes
        return
    minutes, title = topic.content.minutes, topic.content.title
    practice = minutes * 2 // 5 if rhythm is not DAILY else 0
    yield "lesson", topic.slug, title, minutes - practice
    if practice:
        yield "practice", topic.slug, title, practice


def done_on(
    entries: Mapping[str, Entry],
    library: Library,
    record: Record,
    read_at: Mapping[str, datetime],
    zone: tzinfo,
) -> dict[str, date]:
    """The day, where the learner is, on which each item was done. Those that are not done are left out."""
    done: dict[str, date] = {}
    for activity in _activities(entries, library, record):
        at = _done_at(activity, record, read_at)
        if activity.done and at:
            done[key_of(activity.kind, activity.slug)] = at.astimezone(zone).date()
    return done


def _activities(entries: Mapping[str, Entry], library: Library, record: Record) -> Iterator[Activity]:
    written = [entry for entry in entries.values() if entry.written]
    for entry in written:
        if entry.kind == "lesson":
            yield from topic_activities(library.topic(entry.slug), library, record)
        elif entry.kind == "project":
            yield project_activity(entry.slug, library, record)
        elif entry.kind == "map":
            yield map_activity(entry.slug, library, record)


def _done_at(activity: Activity, record: Record, read_at: Mapping[str, datetime]) -> datetime | None:
    results = record.results
    quiz = results.quizzes.get(activity.slug)
    match activity.kind:
        case "lesson":
            return read_at.get(activity.slug) or (quiz.finished_at if quiz else None)
        case "quiz":
            return quiz.finished_at if quiz else None
        case "exercise":
            outcome = results.exercises.get(activity.slug)
            return outcome.passed_at if outcome else None
        case "project":
            project = results.projects.get(activity.slug)
            return project.at if project else None
        case "map":
            drawn = record.maps.get(activity.slug)
            return drawn.at if drawn else None
        case _:
            return None
