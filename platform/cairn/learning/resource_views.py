"""Pages of what the roadmaps recommend: a list to tick off, and the dates of conferences and communities."""

from datetime import datetime
from itertools import groupby

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST, require_safe

from cairn.accounts.models import User
from cairn.catalog.queries import library
from cairn.learning import gatherings, resources
from cairn.learning.access import in_their_zone, learner
from cairn.learning.queries import today_for
from cairn.runs.views import person


@require_safe
@in_their_zone
def resource_list(request: HttpRequest) -> HttpResponse:
    """Everything that the roadmaps recommend; a learner's ticks beside it. Guests may read."""
    books, user = library(), learner(request)
    path = request.GET.get("path", "")
    path = path if path in books.paths else ""
    kind = request.GET.get("kind", "") if request.GET.get("kind", "") in resources.DONE else ""
    found = resources.listed(books, path)
    marks = resources.marks_of(user) if user else {}
    rows = [(one, marks.get(key)) for key, one in found.items() if kind in ("", one.resource.kind)]
    context = {
        "groups": _by_kind(rows),
        "count": len(rows),
        "done": sum(at is not None for _, at in rows),
        "paths": [(slug, entry.content.title) for slug, entry in books.paths.items()],
        "kinds": sorted({one.resource.kind for one in found.values()}),
        "path": path,
        "kind": kind,
        "place": request.get_full_path(),
    }
    return render(request, "learning/resources.html", context)


Rows = list[tuple[resources.Listed, datetime | None]]


def _by_kind(rows: Rows) -> list[tuple[str, Rows]]:
    order = list(resources.DONE)
    ordered = sorted(rows, key=lambda row: order.index(row[0].resource.kind))
    return [(kind, list(group)) for kind, group in groupby(ordered, key=lambda row: row[0].resource.kind)]


@require_POST
@login_required
@in_their_zone
def resource_mark(request: HttpRequest, key: str) -> HttpResponse:
    """Tick a resource off, or take the tick back; back to the page it came from."""
    done = request.POST.get("done") == "yes"
    one = resources.mark(person(request), key, done)
    if request.headers.get("HX-Request"):
        at = timezone.now() if done else None
        return render(request, "learning/_resource_tick.html", {"one": one, "at": at})
    back = str(request.POST.get("place", ""))
    is_ours = url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()})
    return redirect(back if is_ours else "learning:resources")


@require_safe
@in_their_zone
def gathering_list(request: HttpRequest) -> HttpResponse:
    """The next date of every conference and community that has dates."""
    context = {
        "rows": _coming(learner(request)),
        "feed": request.build_absolute_uri(reverse("learning:gathering-feed")),
    }
    return render(request, "learning/gatherings.html", context)


def _coming(user: User | None) -> list[gatherings.Gathering]:
    recommended = resources.listed(library()).values()
    return gatherings.coming((one.resource for one in recommended), today_for(user))


@require_safe
@cache_control(public=True, max_age=3600)
def gathering_feed(request: HttpRequest) -> HttpResponse:
    """The same as a calendar that programs subscribe to. It holds nothing of anybody."""
    host = request.get_host().partition(":")[0]
    body = gatherings.calendar_of(_coming(None), host, timezone.now())
    answer = HttpResponse(body, content_type="text/calendar; charset=utf-8")
    answer["Content-Disposition"] = 'inline; filename="gatherings.ics"'
    return answer
