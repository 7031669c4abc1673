"""The search: a page of results, and what the box in the top bar shows while somebody types."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from cairn.catalog.models import SearchEntry
from cairn.catalog.queries import library
from cairn.catalog.search import KINDS, BadSearch, Question, find, find_groups, suggest

ALL_OF_A_KIND = 100


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """All that is found, by kind; ``kind`` shows more of one."""
    library()  # says so where nothing is published
    try:
        question = Question.of(request.GET.get("q", ""))
    except BadSearch as refusal:
        return render(request, "catalog/search.html", {"refusal": refusal.message}, status=refusal.status)
    kind = request.GET.get("kind", "")
    context: dict[str, Any] = {"question": question}
    if kind in KINDS:
        context["kind"] = kind
        context["found"] = find(question, ALL_OF_A_KIND, kind)
        context["kind_name"] = KINDS[SearchEntry.Kind(kind)]
    else:
        context["groups"] = find_groups(question)
    return render(request, "catalog/search.html", context)


@require_safe
@cache_control(max_age=30)
def suggestions(request: HttpRequest) -> HttpResponse:
    """The options of the search box: a fragment, empty where nothing was typed."""
    try:
        question = Question.of(request.GET.get("q", ""))
    except BadSearch as refusal:
        context = {"refusal": refusal.message}
        return render(request, "catalog/_suggestions.html", context, status=refusal.status)
    found = suggest(question)
    return render(request, "catalog/_suggestions.html", {"question": question, "found": found})
