"""Practice: what was missed, one question at a time, about ten minutes a day."""

from functools import lru_cache
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from cairn.accounts.models import User
from cairn.catalog.models import Document
from cairn.catalog.queries import document, document_at, library
from cairn.learning import mastery_actions
from cairn.learning.access import in_their_zone
from cairn.learning.mastery_queries import QUESTION, Ahead, Card, Key, ahead_of, deck_shown
from cairn.learning.mastery_rules import MINUTES_A_DAY, SECONDS_A_QUESTION
from cairn.learning.quiz_views import retyped, value_of
from cairn.runs.views import person
from cairn.submissions import quizzes
from cairn.ui.errors import NotFound, Refusal


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@in_their_zone
def practice(request: HttpRequest) -> HttpResponse:
    """GET asks today's next question; POST answers one and explains it."""
    user = person(request)
    if request.method != "POST":
        return _page(request, user)
    topic, question = (str(request.POST.get(name, "")) for name in ("topic", "question"))
    shown = str(request.POST.get("content", ""))
    try:
        answered = mastery_actions.answer(user, topic, question, shown, value_of(request))
    except NotFound:
        raise
    except Refusal as refusal:
        refused = {"refused": question, "refusal": refusal.message}
        return _page(request, user, Key(QUESTION, topic, question), refused, refusal.status)
    return _answered(request, user, topic, answered)


def _page(
    request: HttpRequest,
    user: User,
    key: Key | None = None,
    refused: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    ahead = ahead_of(user)
    batch = ahead.batch(more=_more(request))
    card = deck_shown(user).card(key) if key else (batch[0] if batch else None)
    context = _surroundings(request, ahead) | (_question(card) if card else {}) | (refused or {})
    if refused and card:
        context["asked"] = retyped(context["asked"], request)
    return _rendered(request, context, status)


def _answered(
    request: HttpRequest, user: User, topic: str, answered: mastery_actions.Answered
) -> HttpResponse:
    quiz = document(Document.Kind.QUIZ, topic)
    context = _surroundings(request, ahead_of(user)) | {
        "asked": answered.asked,
        "styles": quiz.body["styles"],
        "topic": library().topic(topic),
        "memory": answered.memory,
        "counted": answered.counted,
    }
    return _rendered(request, context, 200)


def _rendered(request: HttpRequest, context: dict[str, Any], status: int) -> HttpResponse:
    """The question alone for HTMX, with the counts beside it; else the whole page."""
    fragment = getattr(request, "htmx", False) and "asked" in context
    page = "learning/practice_part.html" if fragment else "learning/practice.html"
    return render(request, page, context, status=status)


def _question(card: Card) -> dict[str, Any]:
    quiz = _quiz(card.topic, library().topic(card.topic).quiz_hash)
    return {
        "asked": quizzes.ask_alone(quiz, card.key.item, mastery_actions.seed_of(card)),
        "content": quiz.content_hash,
        "styles": quiz.body["styles"],
        "topic": library().topic(card.topic),
        "memory": card.memory,
    }


@lru_cache(maxsize=64)
def _quiz(topic: str, content_hash: str) -> Document:
    """The quiz of that content, to be read only. A hash names one content for ever, so a process keeps it."""
    return document_at(Document.Kind.QUIZ, topic, content_hash)


def _surroundings(request: HttpRequest, ahead: Ahead) -> dict[str, Any]:
    batch = ahead.batch(more=_more(request))
    return {
        "left": len(batch),
        "done": ahead.done,
        "minutes": -(-len(batch) * SECONDS_A_QUESTION // 60),
        "minutes_a_day": MINUTES_A_DAY,
        "waiting": len(ahead.due) - len(batch),
        "more": _more(request),
        "week": ahead.bars,
        "topics": ahead.topics,
        "exercises": [ahead.exercise] if ahead.exercise else [],
        "empty": ahead.next_on is None,
        "next_on": ahead.next_on,
    }


def _more(request: HttpRequest) -> bool:
    return request.GET.get("more") == "1"


@require_POST
@login_required
def practice_exercise(request: HttpRequest, slug: str) -> HttpResponse:
    """Put the starter into the editor and go there."""
    if mastery_actions.begin_again(person(request), slug):
        messages.success(request, "The starter is in the editor. What you handed in is kept under Attempts.")
    else:
        messages.warning(
            request,
            "Your draft was never handed in, so it was left as it is. "
            "Press Reset in the editor to begin from the starter.",
        )
    return redirect("learning:exercise", slug)


@require_POST
@login_required
def practice_check(request: HttpRequest, slug: str) -> HttpResponse:
    """Count an exercise solved again with code that was handed in before."""
    try:
        mastery_actions.check_again(person(request), slug)
    except mastery_actions.NothingNew as refusal:
        messages.warning(request, refusal.message)
    else:
        messages.success(request, "Solved again. It comes back later.")
    return redirect(reverse("learning:practice"))
