"""The verbs of the journal: begin a note, save it, put a picture in, share it, delete it."""

from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from cairn.accounts.models import User
from cairn.catalog.queries import library
from cairn.learning.journal_pictures import made_anew
from cairn.learning.journal_queries import own_note
from cairn.learning.journal_rules import (
    KEPT,
    MAX_IMAGE_BYTES,
    MAX_IMAGES,
    MAX_NOTES,
    TEMPLATES,
    BadImage,
    BadNote,
    about,
    clean,
    title_of,
)
from cairn.learning.models import Note, NoteImage
from cairn.learning.versions import changed
from cairn.runs.queries import access_run
from cairn.ui.errors import Refusal


class NoteConflict(Refusal):
    """The note was saved elsewhere since this page read it. ``note`` is the newer one."""

    status, code = 409, "note-conflict"

    def __init__(self, note: Note) -> None:
        super().__init__(
            "This note was saved on another page or device since you opened it. Nothing was overwritten: "
            "compare the two and keep the one you want."
        )
        self.note = note


def begin_note(user: User, template: str, about_value: str = "") -> Note:
    """A new note from a template, about something or nothing.

    Raises BadNote for a template or a subject that there is not, NotFound for a run of somebody else.
    """
    if template not in TEMPLATES:
        raise BadNote("There is no such template. Nothing was made.")
    _check_about(user, about_value)
    if Note.objects.filter(user=user).count() >= MAX_NOTES:
        raise BadNote(f"A journal holds {MAX_NOTES:,} notes. Delete one that you no longer need.")
    text = TEMPLATES[template][1]
    return Note.objects.create(user=user, title=title_of(text), text=text, about=about_value)


def _check_about(user: User, value: str) -> None:
    if value and (len(value) > 240 or about(value, library()) is None):
        raise BadNote("What this note should be about is no longer there. Choose something else.")
    if value.startswith("run:"):
        access_run(user, UUID(value.removeprefix("run:")))


def save_text(user: User, note_id: UUID, text: str, version: int, page: str = "") -> Note:
    """Save over version ``version``, or over whatever the same open ``page`` saved since.

    Saving the same text again changes nothing. Raises NoteConflict with the newer note, BadNote,
    NoteTooLarge, NotFound.
    """
    text, page = clean(text), page[:32]
    with transaction.atomic():
        note = Note.objects.select_for_update().get(pk=own_note(user, note_id).pk)
        if note.text == text:
            return note
        if note.version != version and not (page and note.saved_by == page):
            raise NoteConflict(note)
        note.text, note.title, note.saved_by = text, title_of(text), page
        note.version, note.updated_at = note.version + 1, timezone.now()
        note.save(update_fields=["text", "title", "saved_by", "version", "updated_at"])
    return note


def share(note: Note, shared: bool) -> None:
    """Let the writer's mentors read the note, or no longer."""
    Note.objects.filter(pk=note.pk).update(shared=shared)


@transaction.atomic
def add_image(note: Note, file: UploadedFile[Any]) -> NoteImage:
    """Keep a picture, and put it at the end of the note. Raises BadImage."""
    note = Note.objects.select_for_update().get(pk=note.pk)
    if (file.size or 0) > MAX_IMAGE_BYTES:
        size = f"{(file.size or 0) / 2**20:.1f} MB"
        raise BadImage(f"The picture has {size}; at most 2 MB are taken. {KEPT} Make it smaller.")
    if note.images.count() >= MAX_IMAGES:
        raise BadImage(f"A note holds {MAX_IMAGES} pictures. {KEPT} Begin a second note.")
    kind, data = made_anew(bytes(file.read()))
    image = NoteImage.objects.create(note=note, media_type=kind, data=data)
    line = f"![Describe this picture](/journal/{note.pk}/images/{image.pk})"
    Note.objects.filter(pk=note.pk).update(
        text=clean(f"{note.text.rstrip()}\n\n{line}\n"), version=F("version") + 1, updated_at=timezone.now()
    )
    changed(note.user_id)
    return image


def delete_note(user: User, note_id: UUID) -> None:
    """Delete a note with its pictures, for good. Raises NotFound."""
    own_note(user, note_id).delete()
