"""Where a topic or project lies for this learner: the milestone that it leads to, on the path they walk."""

from dataclasses import dataclass

from django.http import HttpRequest

from cairn.catalog.content import ActivityCriterion, Criterion, MapCriterion, Milestone
from cairn.catalog.library import Library, PathEntry

SESSION_KEY = "path"


@dataclass(frozen=True)
class Place:
    """A milestone on a path. ``index`` of ``count``: which of the topics that lead there, from 1."""

    path: PathEntry
    milestone: Milestone
    index: int = 0
    count: int = 0


def remember_path(request: HttpRequest, slug: str) -> None:
    """Keep in the session which path was opened last, so that lessons need no query to know it."""
    if request.session.get(SESSION_KEY) != slug:
        request.session[SESSION_KEY] = slug


def place_of(request: HttpRequest, topic: str, library: Library) -> Place | None:
    """Where the topic lies on the path opened last, else on the first that has it; None if none has."""
    for path in _paths(request, library):
        for milestone in path.content.milestones:
            if topic in milestone.topics:
                return Place(path, milestone, milestone.topics.index(topic) + 1, len(milestone.topics))
    return None


def place_of_project(request: HttpRequest, project: str, library: Library) -> Place | None:
    """Where the project lies on the path opened last, else on the first that has it; None if none has."""
    for path in _paths(request, library):
        for milestone in path.content.milestones:
            if project in milestone.projects:
                return Place(path, milestone)
    return None


def places_of(kind: str, slug: str, library: Library) -> tuple[Place, ...]:
    """Every milestone with a criterion that asks for this skill map (kind map) or activity."""
    return tuple(
        Place(path, milestone)
        for path in library.paths.values()
        for milestone in path.content.milestones
        if any(_asks_for(placed.criterion, kind, slug) for placed in library.criteria(milestone))
    )


def _asks_for(criterion: Criterion, kind: str, slug: str) -> bool:
    match criterion:
        case MapCriterion(map=name):
            return (kind, slug) == ("map", name)
        case ActivityCriterion(activity=name):
            return (kind, slug) == ("activity", name)
        case _:
            return False


def _paths(request: HttpRequest, library: Library) -> list[PathEntry]:
    last = request.session.get(SESSION_KEY) if request.user.is_authenticated else None
    return sorted(library.paths.values(), key=lambda path: path.slug != last)
