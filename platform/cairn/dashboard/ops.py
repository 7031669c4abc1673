"""Operations: what an admin sees of queues, nodes, runs and failures, and what they can do about it."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from cairn.accounts.models import User
from cairn.runs import actions, operations
from cairn.runs.queries import access_run
from cairn.runs.views import person
from cairn.ui.errors import Forbidden, Refusal
from grader.about import code_version

View = Callable[..., HttpResponse]


class UnknownWish(Refusal):
    """A form that asks for what the page does not offer."""

    code = "unknown-wish"

    def __init__(self) -> None:
        super().__init__("This page cannot do that. Nothing was changed. Reload it and try again.")


def _admins_only(view: View) -> View:
    """Raises Forbidden for everybody but admins."""

    @never_cache
    @wraps(view)
    def guarded(request: HttpRequest, **places: Any) -> HttpResponse:
        if not person(request).is_staff:
            raise Forbidden("Only admins can open the operations page.")
        return view(request, **places)

    return guarded


@login_required
@require_GET
@_admins_only
def page(request: HttpRequest) -> HttpResponse:
    """The whole page. It works without script; with it, its tables are fetched again every few seconds."""
    return render(request, "dashboard/ops.html", _state())


@require_GET
@_admins_only
def live(request: HttpRequest) -> HttpResponse:
    """The tables alone. Raises SignedOut: a script cannot sign in."""
    return render(request, "dashboard/_ops.html", _state())


def _state() -> dict[str, Any]:
    return {
        "queues": operations.queue_states(),
        "nodes": operations.node_reports(),
        "running": operations.running_now(),
        "ended": operations.ended_lately(),
        "troubles": operations.troubles_lately(),
        "code": code_version(),
    }


WISHES: dict[str, Callable[[str, User], None]] = {
    "pause": operations.pause,
    "resume": lambda name, by: operations.resume(name),
    "drain": lambda name, by: operations.drain(name, on=True),
    "work": lambda name, by: operations.drain(name, on=False),
}


@login_required
@require_POST
@_admins_only
def wish(request: HttpRequest) -> HttpResponse:
    """Pause or resume the queue, drain the node or let it work again, that ``name`` names."""
    verb = WISHES.get(request.POST.get("wish", ""))
    if verb is None:
        raise UnknownWish
    verb(request.POST.get("name", ""), person(request))
    return _back(request)


@login_required
@require_POST
@_admins_only
def cancellation(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Stop somebody's run."""
    actions.cancel(access_run(request.user, run_id), person(request))
    return _back(request)


def _back(request: HttpRequest) -> HttpResponse:
    """The tables as they are after what was just done; without script, the page."""
    if getattr(request, "htmx", False):
        return render(request, "dashboard/_ops.html", _state())
    return redirect("dashboard:ops")
