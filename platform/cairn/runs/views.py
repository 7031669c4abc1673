"""A run's page, its results as a fragment, and its cancellation."""

import uuid
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from cairn.accounts.person import SignedOut, person
from cairn.runs import actions, queries, training_views
from cairn.runs.models import Run
from cairn.runs.view_model import RunView, progress

__all__ = ["SignedOut", "person", "view_of"]


def view_of(run: Run) -> RunView:
    """The run as a page shows it now. One query, and another while it waits."""
    place = queries.position(run)
    return progress(run, queries.told(run), place, queries.expected_wait(run, place))


def _context(request: HttpRequest, run_id: uuid.UUID) -> dict[str, Any]:
    run = queries.access_run(request.user, run_id)
    return {"run": run, "view": view_of(run), "is_owner": run.owner_id == request.user.pk}


@login_required
@require_GET
def page(request: HttpRequest, run_id: uuid.UUID) -> HttpResponse:
    """The page of one run: state, tests, output; of a training run its curves and what it made."""
    context = _context(request, run_id)
    if not context["run"].trains:
        return render(request, "runs/page.html", context)
    more = training_views.context_of(context["run"])
    return render(request, "runs/training.html", context | more)


@require_GET
def results(request: HttpRequest, run_id: uuid.UUID) -> HttpResponse:
    """The results alone, which live pages fetch at every news. Raises SignedOut: a script cannot sign in."""
    person(request)
    return render(request, "runs/_results.html", _context(request, run_id))


@login_required
@require_POST
def cancellation(request: HttpRequest, run_id: uuid.UUID) -> HttpResponse:
    """Stop a run of one's own."""
    actions.cancel(queries.access_run(request.user, run_id), person(request))
    if getattr(request, "htmx", False):
        return render(request, "runs/_results.html", _context(request, run_id))
    return redirect("runs:page", run_id)
