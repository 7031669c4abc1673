"""Pages of activities that this room marks itself: a skill map to draw, and something to do elsewhere."""

from hashlib import sha256
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST

from cairn.accounts.models import User
from cairn.accounts.person import person
from cairn.catalog.library import Library, SkillMapEntry
from cairn.catalog.queries import library
from cairn.learning import activity_actions, notices
from cairn.learning.access import in_their_zone, learner
from cairn.learning.models import ActivityResult
from cairn.learning.place import Place, places_of
from cairn.learning.skill_maps import MarkedMap, Pair, check
from cairn.ui.errors import NotFound, Refusal


@require_http_methods(["GET", "HEAD", "POST"])
@in_their_zone
def skill_map(request: HttpRequest, slug: str) -> HttpResponse:
    """The map with the learner's last drawing, marked; POST marks a new one. Guests may look."""
    books, user = library(), learner(request)
    entry = books.skill_map(slug)
    if request.method != "POST":
        last = activity_actions.latest_drawing(user, slug) if user else None
        return render(request, "learning/skill_map.html", _map_page(entry, books, last))
    return _draw(request, slug)


@login_required
def _draw(request: HttpRequest, slug: str) -> HttpResponse:
    user = person(request)
    books = library()
    pairs = _pairs(request)
    try:
        activity_actions.draw_map(user, slug, pairs)
    except NotFound:
        raise
    except Refusal as refusal:
        last = activity_actions.latest_drawing(user, slug)
        context = _map_page(books.skill_map(slug), books, last, pairs) | {"refusal": refusal.message}
        return render(request, "learning/skill_map.html", context, status=refusal.status)
    return redirect("learning:skill-map", slug)


def _pairs(request: HttpRequest) -> list[Pair]:
    parts = (str(value).partition(":") for value in request.POST.getlist("line")[:200])
    return [(idea, use) for idea, _, use in parts]


def _map_page(
    entry: SkillMapEntry, books: Library, last: ActivityResult | None, typed: list[Pair] | None = None
) -> dict[str, Any]:
    """What the page shows. A drawing of an older map is shown where it still fits, and not marked."""
    drawn = typed if typed is not None else [(idea, use) for idea, use in (last.lines if last else [])]
    is_marked = last is not None and typed is None and last.content_hash == entry.content_hash
    marked = check(entry.content, drawn) if is_marked else None
    return {
        "entry": entry,
        "map": entry.content,
        "places": places_of("map", entry.slug, books),
        "rows": _rows(entry, set(drawn), marked),
        "marked": marked,
        "passed": marked is not None and marked.score >= entry.content.pass_score - 1e-9,
        "outdated": last is not None and not is_marked and typed is None,
        "last": last,
    }


def _rows(entry: SkillMapEntry, drawn: set[Pair], marked: MarkedMap | None) -> list[dict[str, Any]]:
    """Each idea with a box for every use, ticked where there is a line, and its mark.

    Authors write ideas and uses in the order in which they belong together, so uses are shown in another one.
    """
    uses = sorted(entry.content.uses, key=lambda use: sha256(f"{entry.slug}/{use.id}".encode()).digest())
    verdicts = {(line.idea.id, line.use.id): line.verdict for line in marked.shown} if marked else {}
    return [
        {
            "idea": idea,
            "uses": [
                {
                    "use": use,
                    "drawn": (idea.id, use.id) in drawn,
                    "verdict": verdicts.get((idea.id, use.id), ""),
                }
                for use in uses
            ],
        }
        for idea in entry.content.ideas
    ]


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@in_their_zone
def activity(request: HttpRequest, slug: str) -> HttpResponse:
    """Something to do elsewhere. POST says that it is done, or takes that back."""
    user = person(request)
    if request.method != "POST":
        return render(request, "learning/activity.html", _activity_page(user, slug))
    if "take-back" in request.POST:
        library().activity(slug)
        activity_actions.take_back(user, slug)
        messages.success(request, "It counts as not done again. Your note is kept.")
        return redirect("learning:activity", slug)
    note = str(request.POST.get("note", ""))
    try:
        activity_actions.mark_done(user, slug, note)
    except activity_actions.BadNote as refusal:
        context = _activity_page(user, slug) | {"note": note, "refusal": refusal.message}
        return render(request, "learning/activity.html", context, status=refusal.status)
    messages.success(request, "Done. The stone is laid wherever this counts.")
    return redirect("learning:activity", slug)


def _activity_page(user: User, slug: str) -> dict[str, Any]:
    books = library()
    asked, said = books.activity(slug), activity_actions.said_of(user, slug)
    places: tuple[Place, ...] = places_of("activity", slug, books)
    return {
        "asked": asked,
        "places": places,
        "said": said,
        "done": bool(said and said.score),
        "note": said.note if said else "",
    }


@require_POST
@login_required
def put_away(request: HttpRequest, kind: str, slug: str) -> HttpResponse:
    """Put a notice away, and go back to the page it was on."""
    user = person(request)
    notices.put_away(user, kind, slug)
    back = str(request.POST.get("back", ""))
    allowed = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    return redirect(back if allowed else "/")
