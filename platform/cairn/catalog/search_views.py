"""The search: a page of results, and what the box in the top bar shows while somebody types."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from cairn.catalog.queries import library
from cairn.catalog.search import KINDS, BadSearch, Question, find_groups, suggest

A_FEW, ALL_OF_A_KIND = 6, 100


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """All that is found, by kind; ``kind`` shows more of one, beside how much there is of the others."""
    library()  # says so where nothing is published
    try:
        question = Question.of(request.GET.get("q", ""))
    except BadSearch as refusal:
        return render(request, "catalog/search.html", {"refusal": refusal.message}, status=refusal.status)
    kind = request.GET.get("kind", "")
    if kind not in KINDS:
        kind = ""
    groups = find_groups(question, ALL_OF_A_KIND if kind else A_FEW, kind)
    context = {
        "question": question,
        "kind": kind,
        "groups": groups,
        "count": sum(group.count for group in groups),
        "here": any(group.found for group in groups),
    }
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
