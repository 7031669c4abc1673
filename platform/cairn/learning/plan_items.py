"""What a path asks to be planned: its activities as items, and which of them are done. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, tzinfo
from functools import lru_cache
from itertools import pairwise

from cairn.catalog.content import (
    WEEK,
    ActivityCriterion,
    Criterion,
    MapCriterion,
    Milestone,
    Path,
    QuizCriterion,
)
from cairn.catalog.library import Library, TopicEntry
from cairn.learning.planner import DAILY, WEEK_KEY, Item, Rhythm, WeekReview, Work
from cairn.learning.progress import (
    Activity,
    Record,
    assessment_activity,
    assessment_minutes,
    has_review,
    looked_back_at,
    map_activity,
    project_activity,
    project_minutes,
    review_slug,
    topic_activities,
)

WORK = {"lesson": Work.THEORY, "quiz": Work.THEORY, "exercise": Work.PRACTICE, "practice": Work.PRACTICE}
REVIEW = "review"
WEEK_SLUG = WEEK_KEY.removeprefix(f"{REVIEW}:")


@dataclass(frozen=True)
class Entry:
    """An item with its words. ``kind`` is an activity's, or practice: exercises to be written.

    ``at_least`` is the score that a criterion asks of an assessment.
    """

    item: Item
    kind: str
    slug: str
    title: str
    written: bool = True
    at_least: float = 0

    @property
    def of_a_week(self) -> bool:
        """Whether it is the review of a week, which no milestone asks for."""
        return self.item.key.startswith(WEEK_KEY)


def rhythm_of(path: Path) -> Rhythm:
    """The week that the path lays out."""
    schedule = path.schedule
    if schedule is None:
        return DAILY
    review = schedule.review
    return Rhythm(
        tuple(None if day == "any" else Work(day) for day in schedule.week) or DAILY.prefers,
        schedule.shares or DAILY.weights,
        WeekReview(review.minutes, tuple(WEEK.index(day) for day in review.days)) if review else None,
    )


def key_of(kind: str, slug: str) -> str:
    """What an item is known by: stays the same when the curriculum around it changes."""
    return f"{kind}:{slug}"


def week_entry(item: Item) -> Entry:
    """The review of a week with its words."""
    monday = date.fromisoformat(item.key.removeprefix(WEEK_KEY))
    title = f"The week of {monday.day} {monday:%B}"
    return Entry(item, REVIEW, item.key.removeprefix(f"{REVIEW}:"), title)


def spans_of(path: Path) -> dict[int, int]:
    """The minutes of study from each milestone with a day to the next one with a day, by group."""
    minutes = path.schedule.day_minutes if path.schedule else 0
    days = [(group, milestone.day) for group, milestone in enumerate(_asked(path)) if milestone.day]
    return {group: (then - day) * minutes for (group, day), (_, then) in pairwise(days)}


@lru_cache(maxsize=16)
def entries_of(library: Library, path: str) -> Mapping[str, Entry]:
    """All that the path asks of everybody, by key, in walking order; nothing twice.

    A topic being written counts with its minutes. Raises NotFound for a path that is not in the library.
    """
    content, found = library.path(path).content, dict[str, Entry]()
    before: tuple[str, ...] = ()
    for group, milestone in enumerate(_asked(content)):
        own: list[str] = []
        for entry in _Asks(library, path, rhythm_of(content)).milestone(milestone, before):
            key = entry.item.key
            if key not in found:
                found[key] = replace(entry, item=replace(entry.item, group=group))
                own.append(key)
        before = tuple(own) or before
    return found


def _asked(path: Path) -> Iterator[Milestone]:
    stages = (stage for stage in path.stages if not stage.optional)
    return (one for stage in stages for one in stage.milestones if not one.optional)


@dataclass(frozen=True)
class _Asks:
    """What milestones ask of everybody, as entries with what they need."""

    library: Library
    path: str
    rhythm: Rhythm

    def milestone(self, milestone: Milestone, before: tuple[str, ...]) -> Iterator[Entry]:
        """Looking back, the topics, the projects with their assessments, then what else it asks for.

        ``before`` is all of the milestone before, which everything but the topics waits for.
        """
        so_far = list(before)
        for entry in self._parts(milestone, so_far):
            yield entry
            so_far.append(entry.item.key)

    def _parts(self, milestone: Milestone, so_far: list[str]) -> Iterator[Entry]:
        if milestone.review:
            slug, minutes = review_slug(self.path, milestone.slug), milestone.review.minutes
            written = has_review(milestone, self.library.path(self.path).content, self.library)
            yield self._entry(REVIEW, slug, milestone.review.title, minutes, Work.REVIEW, so_far, written)
        for slug in milestone.topics:
            if not self.library.topic(slug).content.optional:
                yield from self._topic(self.library.topic(slug))
        for slug in milestone.projects:
            for criterion in self.library.project(slug).content.criteria:
                yield from self._others(criterion, so_far)
            yield self._project(slug, so_far)
        for criterion in milestone.criteria:
            yield from self._others(criterion, so_far)

    def _entry(
        self,
        kind: str,
        slug: str,
        title: str,
        minutes: int,
        work: Work,
        needs: list[str] | tuple[str, ...],
        written: bool = True,
        at_least: float = 0,
    ) -> Entry:
        item = Item(key_of(kind, slug), minutes, work, needs=tuple(dict.fromkeys(needs)))
        return Entry(item, kind, slug, title, written, at_least)

    def _project(self, slug: str, so_far: list[str]) -> Entry:
        project, minutes = self.library.project(slug), project_minutes(slug, self.library)
        needs = [*so_far, *(key_of("lesson", topic) for topic in project.content.prerequisites)]
        return self._entry(
            "project", slug, project.content.title, minutes, Work.PROJECT, needs, project.written
        )

    def _others(self, criterion: Criterion, so_far: list[str]) -> Iterator[Entry]:
        """As ``progress.other_activities``, with what is being written."""
        if criterion.optional:
            return
        match criterion:
            case MapCriterion(map=slug):
                one = self.library.skill_map(slug).content
                yield self._entry("map", slug, one.title, one.minutes, Work.PRACTICE, so_far)
            case ActivityCriterion(activity=slug, title=title, minutes=minutes):
                yield self._entry("activity", slug, title, minutes, Work.PRACTICE, so_far)
            case QuizCriterion(assessments=slugs, at_least=at_least):
                for slug in slugs:
                    entry = self.library.assessment(slug)
                    title, minutes = entry.content.title, assessment_minutes(entry)
                    written = not self.library.unwritten(entry)
                    yield self._entry(
                        "assessment", slug, title, minutes, Work.PROJECT, so_far, written, at_least
                    )

    def _topic(self, topic: TopicEntry) -> Iterator[Entry]:
        """The lesson needs the lessons that the topic builds on; quiz and exercises need the lesson."""
        lesson = key_of("lesson", topic.slug)
        lessons = tuple(key_of("lesson", slug) for slug in topic.content.prerequisites)
        for kind, slug, title, minutes in self._of_topic(topic):
            needs = lessons if kind == "lesson" else (lesson,)
            yield self._entry(kind, slug, title, minutes, WORK[kind], needs, topic.written)

    def _of_topic(self, topic: TopicEntry) -> Iterator[tuple[str, str, str, int]]:
        """Kind, slug, title and minutes. A topic being written is parted as a week is: three days to two."""
        if topic.written:
            for one in topic_activities(topic, self.library, Record()):
                yield one.kind, one.slug, one.title, one.minutes
            return
        minutes, title = topic.content.minutes, topic.content.title
        practice = minutes * 2 // 5 if Work.PRACTICE in self.rhythm.prefers else 0
        yield "lesson", topic.slug, title, minutes - practice
        if practice:
            yield "practice", topic.slug, title, practice


# --- what is done


def done_on(
    entries: Mapping[str, Entry],
    library: Library,
    path: str,
    record: Record,
    read_at: Mapping[str, datetime],
    zone: tzinfo,
) -> dict[str, date]:
    """The day, where the learner is, on which each item was done. Those that are not done are left out."""
    finished = (one for one in _activities(entries, library, record) if one.done)
    found = {key_of(one.kind, one.slug): _done_at(one, record, read_at) for one in finished}
    found |= dict(_looked_back(entries, library, path, record))
    return {key: at.astimezone(zone).date() for key, at in found.items() if at}


def _activities(entries: Mapping[str, Entry], library: Library, record: Record) -> Iterator[Activity]:
    written = [entry for entry in entries.values() if entry.written]
    for entry in written:
        match entry.kind:
            case "lesson":
                yield from topic_activities(library.topic(entry.slug), library, record)
            case "project":
                yield project_activity(entry.slug, library, record)
            case "map":
                yield map_activity(entry.slug, library, record)
            case "assessment":
                yield assessment_activity(entry.slug, library, record, entry.at_least)
            case "activity" if entry.slug in record.activities:
                yield Activity("activity", entry.slug, entry.title, entry.item.minutes, "done")


def _done_at(activity: Activity, record: Record, read_at: Mapping[str, datetime]) -> datetime | None:
    results = record.results
    quiz = results.quizzes.get(activity.slug)
    match activity.kind:
        case "lesson":
            return read_at.get(activity.slug) or (quiz.finished_at if quiz else None)
        case "quiz":
            return quiz.finished_at if quiz else None
        case "assessment":
            return record.exams.get(activity.slug) or (quiz.finished_at if quiz else None)
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
            return record.activities.get(activity.slug)


def _looked_back(
    entries: Mapping[str, Entry], library: Library, path: str, record: Record
) -> Iterator[tuple[str, datetime | None]]:
    """The reviews: those that milestones ask for, and of every week on which the learner looked back."""
    for milestone in library.path(path).content.milestones:
        key = key_of(REVIEW, review_slug(path, milestone.slug))
        if key in entries:
            yield key, looked_back_at(milestone, path, library, record)
    for slug, at in record.activities.items():
        if slug.startswith(WEEK_SLUG):
            yield key_of(REVIEW, slug), at
