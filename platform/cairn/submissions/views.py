"""Drafts, tries and submissions as pages use them."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cairn.runs.models import Run
from cairn.runs.views import SignedOut, person
from cairn.submissions import actions, limits, queries, training
from cairn.submissions.delivery import KEPT, BadFiles, Files, TooLarge, task, uploaded
from cairn.submissions.models import Draft
from cairn.ui.errors import Refusal

FILE_FIELD = "file:"  # a form names each text `file:<name>`
View = Callable[..., HttpResponse]


def _signed_in(view: View) -> View:
    """A page sends the person to sign in and back; a script is told."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.user.is_authenticated:
            return view(request, *args, **kwargs)
        if getattr(request, "htmx", False):
            raise SignedOut
        return redirect_to_login(request.META.get("HTTP_REFERER", "/home"))

    return answer


# --- drafts, in JSON


class DraftIn(BaseModel):
    """What a page saves: all files, and the version that it read (0: none)."""

    model_config = ConfigDict(extra="forbid", strict=True)

    files: dict[str, str] = Field(max_length=16)
    version: int = Field(ge=0)


def _shown(draft: Draft | None) -> dict[str, Any]:
    if draft is None:
        return {"files": {}, "version": 0, "updated_at": None}
    return {"files": draft.files, "version": draft.version, "updated_at": draft.updated_at}


def _in_json(view: View) -> View:
    """Refusals become problem documents; a conflict carries the newer draft."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except actions.DraftConflict as conflict:
            return _problem(conflict, **_shown(conflict.draft))
        except Refusal as refusal:
            return _problem(refusal)

    return answer


def _problem(refusal: Refusal, **more: Any) -> JsonResponse:
    body = {"type": f"urn:cairn:{refusal.code}", "status": refusal.status, "detail": refusal.message, **more}
    return JsonResponse(body, status=refusal.status, content_type="application/problem+json")


@never_cache
@require_http_methods(["GET", "PUT"])
@_in_json
def draft(request: HttpRequest, work: str, slug: str) -> HttpResponse:
    """The learner's draft: read it, or save it over the version that was read."""
    user = person(request)
    task(work, slug)
    if request.method == "GET":
        return JsonResponse(_shown(queries.draft_for(user, work, slug)))
    given = _draft_in(request)
    saved = actions.save_draft(user, work, slug, given.files, given.version)
    return JsonResponse({"version": saved.version, "updated_at": saved.updated_at})


def _draft_in(request: HttpRequest) -> DraftIn:
    try:
        return DraftIn.model_validate_json(request.body)
    except RequestDataTooBig:
        raise TooLarge(
            "This is more than a draft can hold. It was not saved; the last saved one is kept."
        ) from None
    except ValidationError:
        raise BadFiles('A draft is {"files": {name: text}, "version": number}. Nothing changed.') from None


# --- trying and submitting


def _files(request: HttpRequest) -> Files:
    """The form's texts, or uploaded files where there are any."""
    if request.FILES:
        return uploaded(file for _, files in request.FILES.lists() for file in files)
    fields = ((name, value) for name, value in request.POST.items() if name.startswith(FILE_FIELD))
    files = {name.removeprefix(FILE_FIELD): str(value) for name, value in fields}
    if not files:
        raise BadFiles(f"No file came with this form. Choose one, or write in the editor. {KEPT}")
    return files


@require_POST
@_signed_in
def try_out(request: HttpRequest, slug: str) -> HttpResponse:
    """Run the file against the visible examples."""
    limits.check_try(request)
    return _answer(request, "exercise", slug, actions.try_out(person(request), slug, _files(request)))


@require_POST
@_signed_in
def submit(request: HttpRequest, work: str, slug: str) -> HttpResponse:
    """Hand in for grading."""
    limits.check_submit(request)
    return _answer(request, work, slug, training.hand_in(person(request), work, slug, _files(request)).run)


def _answer(request: HttpRequest, work: str, slug: str, run: Run) -> HttpResponse:
    """The live results for a page that asked by script, else back to the work's page."""
    if getattr(request, "htmx", False):
        return render(request, "runs/_live.html", {"run": run})
    return redirect(f"/{work}s/{slug}?run={run.pk}")
