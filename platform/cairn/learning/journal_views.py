"""The journal: notes found, read, written, illustrated, shared and deleted."""

from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cairn.accounts.models import User
from cairn.catalog.queries import library
from cairn.learning import journal_actions, journal_queries
from cairn.learning.access import in_their_zone
from cairn.learning.journal_rules import KEPT, TEMPLATES, BadNote, NoteTooLarge, about, rendered
from cairn.learning.models import Note
from cairn.runs.views import person
from cairn.ui.errors import NotFound, Refusal


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@in_their_zone
def journal(request: HttpRequest) -> HttpResponse:
    """GET lists and finds the person's notes; POST begins one."""
    user = person(request)
    if request.method != "POST":
        return _list(request, user)
    template, subject = (str(request.POST.get(name, "")) for name in ("template", "about"))
    try:
        note = journal_actions.begin_note(user, template, subject)
    except BadNote as refusal:
        return _list(request, user, refusal)
    return redirect("learning:journal-edit", note.pk)


def _list(request: HttpRequest, user: User, refusal: Refusal | None = None) -> HttpResponse:
    books = library()
    words, subject = request.GET.get("q", "")[:200].replace("\x00", ""), request.GET.get("about", "")
    subject = subject if about(subject, books) else ""
    notes = journal_queries.notes_of(user, words, subject)[: journal_queries.SHOWN]
    context = {
        "rows": [(note, about(note.about, books)) for note in notes],
        "q": words,
        "subject": subject,
        "subject_about": about(subject, books),
        "templates": [(name, title) for name, (title, _) in TEMPLATES.items()],
        "choices": journal_queries.choices(user, subject),
        "refusal": refusal.message if refusal else "",
        "shown": journal_queries.SHOWN,
    }
    return render(request, "learning/journal.html", context, status=refusal.status if refusal else 200)


@require_safe
@login_required
@in_their_zone
def shared(request: HttpRequest) -> HttpResponse:
    """What a mentor's learners share."""
    notes = journal_queries.shared_with(person(request))[: journal_queries.SHOWN]
    rows = [(note, about(note.about, library())) for note in notes]
    return render(request, "learning/journal_shared.html", {"rows": rows})


@never_cache
@require_safe
@login_required
@in_their_zone
def note(request: HttpRequest, note_id: UUID) -> HttpResponse:
    """One note, as its writer and those it is shared with read it."""
    found = journal_queries.access_note(person(request), note_id)
    context = {
        "note": found,
        "page": rendered(found.text),
        "about": about(found.about, library()),
        "mine": found.user_id == request.user.pk,
    }
    return render(request, "learning/journal_note.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@in_their_zone
def edit(request: HttpRequest, note_id: UUID) -> HttpResponse:
    """GET opens a note for writing; POST saves it with what else the form says."""
    user = person(request)
    own = journal_queries.own_note(user, note_id)
    if request.method != "POST":
        return _editor(request, own, own.text)
    text = str(request.POST.get("text", ""))
    try:
        saved = journal_actions.save_text(
            user, note_id, text, _number(request.POST.get("version")), str(request.POST.get("page", ""))
        )
        journal_actions.share(saved, "shared" in request.POST)
        if picture := request.FILES.get("picture"):
            journal_actions.add_image(saved, picture)
    except journal_actions.NoteConflict as conflict:
        return _editor(request, conflict.note, text, conflict, conflict.note.text)
    except NotFound:
        raise
    except Refusal as refusal:
        return _editor(request, journal_queries.own_note(user, note_id), text, refusal)
    if picture:
        messages.success(request, "The picture stands at the end of the note. Say there what it shows.")
        return redirect("learning:journal-edit", note_id)
    return redirect("learning:journal-note", note_id)


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 10 else -1


def _editor(
    request: HttpRequest, note: Note, text: str, refusal: Refusal | None = None, newer: str = ""
) -> HttpResponse:
    context = {
        "note": note,
        "text": text,
        "page_id": uuid4().hex,
        "about": about(note.about, library()),
        "refusal": refusal.message if refusal else "",
        "newer": newer,
    }
    return render(request, "learning/journal_edit.html", context, status=refusal.status if refusal else 200)


class TextIn(BaseModel):
    """What an open page saves: the text, and the version that it read."""

    model_config = ConfigDict(extra="forbid", strict=True)

    files: dict[str, str] = Field(min_length=1, max_length=1)
    version: int = Field(ge=0, lt=2**31)


@never_cache
@require_http_methods(["PUT"])
def autosave(request: HttpRequest, note_id: UUID, page: str) -> HttpResponse:
    """Save while somebody writes. A conflict answers with the newer text."""
    try:
        given = _text_in(request)
        saved = journal_actions.save_text(person(request), note_id, given.files["text"], given.version, page)
    except journal_actions.NoteConflict as conflict:
        return _problem(conflict, version=conflict.note.version, files={"text": conflict.note.text})
    except Refusal as refusal:
        return _problem(refusal)
    return JsonResponse({"version": saved.version, "updated_at": saved.updated_at})


def _text_in(request: HttpRequest) -> TextIn:
    try:
        given = TextIn.model_validate_json(request.body)
    except RequestDataTooBig:
        raise NoteTooLarge(f"This is more than a note can hold. It was not saved. {KEPT}") from None
    except ValidationError:
        raise BadNote('A note is {"files": {"text": text}, "version": number}. Nothing changed.') from None
    if "text" not in given.files:
        raise BadNote(f"A note has one text, named text. {KEPT}")
    return given


def _problem(refusal: Refusal, **more: Any) -> JsonResponse:
    body = {"type": f"urn:cairn:{refusal.code}", "status": refusal.status, "detail": refusal.message, **more}
    return JsonResponse(body, status=refusal.status, content_type="application/problem+json")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@in_their_zone
def deletion(request: HttpRequest, note_id: UUID) -> HttpResponse:
    """Ask, then delete."""
    user = person(request)
    own = journal_queries.own_note(user, note_id)
    if request.method != "POST":
        return render(
            request, "learning/journal_deletion.html", {"note": own, "pictures": own.images.count()}
        )
    journal_actions.delete_note(user, note_id)
    messages.success(request, f"“{own.title}” is deleted.")
    return redirect("learning:journal")


@require_safe
@login_required
def image(request: HttpRequest, note_id: UUID, image_id: UUID) -> HttpResponse:
    """A picture's bytes, to be shown as a picture and as nothing else."""
    found = journal_queries.access_image(person(request), note_id, image_id)
    ending = found.media_type.removeprefix("image/")
    return HttpResponse(
        bytes(found.data),
        content_type=found.media_type,
        headers={
            "X-Content-Type-Options": "nosniff",
            "Content-Disposition": f'attachment; filename="{found.pk}.{ending}"',
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Cache-Control": "private, max-age=300",
        },
    )
