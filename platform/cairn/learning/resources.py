"""What the roadmaps recommend to read, watch and join: listed by path, ticked off by the learner."""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

from django.urls import reverse

from cairn.accounts.models import User
from cairn.catalog.content import Resource
from cairn.catalog.library import Library
from cairn.catalog.queries import library
from cairn.learning.models import ResourceMark
from cairn.ui.errors import NotFound

DONE = {  # how a person says that they are done with it
    "book": "Read",
    "paper": "Read",
    "article": "Read",
    "documentation": "Read",
    "code": "Read",
    "course": "Taken",
    "video": "Watched",
    "community": "Joined",
    "conference": "Followed",
}

TITLES = {"documentation": "Documentation", "code": "Code", "community": "Communities"}  # others take an s


@dataclass(frozen=True)
class Listed:
    """A resource and where it is recommended: (title, address) of topics, projects and paths."""

    resource: Resource
    places: tuple[tuple[str, str], ...]

    @property
    def done_word(self) -> str:
        """What its tick says."""
        return DONE[self.resource.kind]


@lru_cache(maxsize=32)
def listed(books: Library, path: str = "") -> dict[str, Listed]:
    """Every resource by key: of one path in walking order, or of the whole library. Raises NotFound."""
    found: dict[str, Listed] = {}
    for entry in [books.path(path)] if path else books.paths.values():
        for resource, by in books.resources(entry):
            one = found.setdefault(resource.key, Listed(resource, ()))
            place = (by.title, reverse(f"learning:{by.kind}", args=[by.slug]))
            if place not in one.places:
                found[resource.key] = replace(one, places=(*one.places, place))
    return found


def marks_of(user: User) -> dict[str, datetime]:
    """What the learner ticked off, and when. One query."""
    return dict(ResourceMark.objects.filter(user=user).values_list("key", "at"))


def mark(user: User, key: str, done: bool) -> Listed:
    """Tick a resource off, or take the tick back. Raises NotFound for one that nothing recommends."""
    one = listed(library()).get(key)
    if one is None:
        raise NotFound
    if done:
        ResourceMark.objects.get_or_create(user=user, key=key)
    else:
        ResourceMark.objects.filter(user=user, key=key).delete()
    return one
