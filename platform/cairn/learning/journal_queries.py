"""Who may read which note, and how notes are found."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q, QuerySet

from cairn.accounts.models import User
from cairn.accounts.queries import learners_of, may_read_work_of
from cairn.catalog.queries import library
from cairn.learning.journal_rules import About, about
from cairn.learning.models import Note, NoteImage
from cairn.learning.queries import enrolments_of
from cairn.runs.models import Run
from cairn.ui.errors import NotFound

SHOWN = 50
RUNS_OFFERED = 10


def access_note(user: User, note_id: UUID) -> Note:
    """The note, for who wrote it; if it is shared, also for who may read their work. Raises NotFound."""
    note = Note.objects.select_related("user").filter(pk=note_id).first()
    if note is None or not (note.user_id == user.pk or (note.shared and may_read_work_of(user, note.user))):
        raise NotFound("There is no such note, or it is not yours to read.")
    return note


def own_note(user: User, note_id: UUID) -> Note:
    """The person's own note, to write in. Raises NotFound."""
    note = Note.objects.filter(pk=note_id, user=user).first()
    if note is None:
        raise NotFound("There is no such note of yours.")
    return note


def access_image(user: User, note_id: UUID, image_id: UUID) -> NoteImage:
    """A picture, for who may read its note. Raises NotFound."""
    image = NoteImage.objects.filter(pk=image_id, note=access_note(user, note_id)).first()
    if image is None:
        raise NotFound("There is no such picture, or it is not yours to see.")
    return image


def notes_of(user: User, words: str = "", about: str = "") -> QuerySet[Note]:
    """The person's notes that hold every one of the ``words``, newest first."""
    wanted = Q()
    for word in words.split()[:8]:
        wanted &= Q(text__icontains=word)
    notes = Note.objects.filter(wanted, user=user).defer("text")
    return notes.filter(about=about) if about else notes


def shared_with(mentor: User) -> QuerySet[Note]:
    """Notes that the learners of the mentor's cohorts share, newest first."""
    shared = Note.objects.filter(shared=True, user__in=learners_of(mentor)).exclude(user=mentor)
    return shared.select_related("user").defer("text")


@dataclass(frozen=True)
class Choice:
    """Something that a note can be about. ``value`` is what is stored."""

    value: str
    about: About


def choices(user: User, also: str = "") -> list[Choice]:
    """What a new note can be about: topics that are written, milestones of the paths walked, latest runs."""
    books = library()
    runs = Run.objects.filter(owner=user).order_by("-created_at").values_list("pk", "title")[:RUNS_OFFERED]
    values = [also] if also else []
    values += [f"topic:{slug}" for slug, topic in books.topics.items() if topic.written]
    walked = [books.paths[one.path] for one in enrolments_of(user) if one.path in books.paths]
    values += [f"milestone:{path.slug}/{one.slug}" for path in walked for one in path.content.milestones]
    found = [(value, about(value, books)) for value in dict.fromkeys(values)]
    named = [Choice(value, what) for value, what in found if what]
    for pk, title in runs:
        if (what := about(f"run:{pk}", books)) and f"run:{pk}" not in values:
            named.append(Choice(f"run:{pk}", About("run", f"{title}, {what.title.lower()}", what.url)))
    return named
