"""The quiz page: all questions on one page, each answered on its own and explained at once."""

from dataclasses import replace
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from cairn.accounts.models import User
from cairn.catalog.queries import library
from cairn.learning import queries
from cairn.learning.access import in_their_zone, learner
from cairn.learning.place import place_of
from cairn.learning.progress import Activity, topic_activities
from cairn.submissions import quizzes
from cairn.submissions.models import QuizAttempt
from cairn.submissions.quizzes import Asked, Sheet
from cairn.ui.errors import NotFound, Refusal


@require_http_methods(["GET", "HEAD", "POST"])
@in_their_zone
def quiz(request: HttpRequest, slug: str) -> HttpResponse:
    """GET shows the quiz with the latest attempt; POST answers one question. Guests may read it."""
    user = learner(request)
    if request.method != "POST":
        return render(request, "learning/quiz.html", _context(request, user, slug))
    if user is None:
        return _sign_in(request)
    question = str(request.POST.get("question", ""))
    try:
        respond(_attempt(request, user, slug), question, request)
    except NotFound:
        raise
    except Refusal as refusal:
        return _answered(request, user, slug, question, refusal)
    return _answered(request, user, slug, question)


@require_POST
@login_required
def quiz_attempt(request: HttpRequest, slug: str) -> HttpResponse:
    """Begin again, in a new order; an unfinished attempt is gone on with."""
    user = learner(request)
    assert user is not None  # noqa: S101 - login_required saw to it
    quizzes.start(user, slug)
    return redirect("learning:quiz", slug)


def respond(attempt: QuizAttempt, question: str, request: HttpRequest) -> None:
    """Answer a question as the form says, or take its hint."""
    if "hint" in request.POST:
        quizzes.take_hint(attempt, question)
    else:
        quizzes.answer(attempt, question, value_of(request))


def _sign_in(request: HttpRequest) -> HttpResponse:
    """To the sign-in page and back here. A script is told to go there, not handed that page."""
    address = f"{reverse('account_login')}?next={request.path}"
    return HttpResponseClientRedirect(address) if getattr(request, "htmx", False) else redirect(address)


def _attempt(request: HttpRequest, user: User, slug: str) -> QuizAttempt:
    """The attempt that the page showed; the first answer begins one."""
    shown = str(request.POST.get("attempt", ""))
    if not shown:
        return quizzes.start(user, slug)
    if not shown.isdecimal() or len(shown) > 18:
        raise NotFound("This page shows an attempt that there is not. Reload it and answer there.")
    attempt = quizzes.access_attempt(user, int(shown))
    if attempt.topic != slug:
        raise NotFound("This attempt belongs to another quiz. Reload the page and answer there.")
    return attempt


def value_of(request: HttpRequest) -> Any:
    """The answer as the form sends it: one value, a list of ticks, a place for each item, pairs or gaps."""
    if "order" in request.POST:
        places = {
            name.removeprefix("place-"): place for name, place in request.POST.items() if "place-" in name
        }
        return (
            sorted(places, key=lambda item: _place(places[item]))
            if _all_differ(places)
            else ["0"] * len(places)
        )
    for kind, field in (("match", "pair-"), ("fill", "gap-")):
        if kind in request.POST:
            count = _place(request.POST[kind])
            return [str(request.POST.get(f"{field}{place}", "")) for place in range(min(count, 8))]
    values = request.POST.getlist("value")
    return list(values) if "multiple" in request.POST else (values[0] if values else None)


def _place(text: Any) -> int:
    return int(text) if str(text).isdecimal() and len(str(text)) < 4 else 0


def _all_differ(places: dict[str, Any]) -> bool:
    return len({_place(place) for place in places.values()}) == len(places)


def _answered(
    request: HttpRequest, user: User, slug: str, question: str, refusal: Refusal | None = None
) -> HttpResponse:
    """The answered question for HTMX, the page again without it; what was typed stays with a refusal."""
    if not refusal and not getattr(request, "htmx", False):
        return redirect(f"{reverse('learning:quiz', args=[slug])}#q-{question}")
    context = _context(request, user, slug)
    said = {"refused": question, "refusal": refusal.message, "typed": typed(request)} if refusal else {}
    context |= said
    status = refusal.status if refusal else 200
    if getattr(request, "htmx", False):
        sheet: Sheet = context["sheet"]
        return render(
            request, "learning/_answered.html", context | {"asked": sheet.question(question)}, status=status
        )
    return render(request, "learning/quiz.html", context, status=status)


def typed(request: HttpRequest) -> list[str]:
    """What was typed, to stay in the field that refuses it."""
    return [str(value) for value in request.POST.getlist("value")]


def _context(request: HttpRequest, user: User | None, slug: str) -> dict[str, Any]:
    books = library()
    topic = books.topic(slug)
    sheet = quizzes.sheet_for(user, slug)
    done = sheet.score is not None
    if user and done:
        sheet = replace(sheet, earlier=tuple(quizzes.attempts_at(user, slug)))
    activities = topic_activities(topic, books, queries.record_of(user, decisions=False)) if done else ()
    return {
        "topic": topic,
        "here": reverse("learning:quiz", args=[slug]),
        "again": reverse("learning:quiz-attempt", args=[slug]),
        "sheet": sheet,
        "sections": dict(topic.outline),
        "place": place_of(request, slug, books),
        "following": _after_quiz(activities),
        "missed": [one for one in sheet.questions if one.answered and one.points != 1],
        "first_open": _first_open(sheet),
    }


def _first_open(sheet: Sheet) -> Asked | None:
    return next((one for one in sheet.questions if not one.answered), None)


def _after_quiz(activities: tuple[Activity, ...]) -> Activity | None:
    """What comes after the quiz: the first exercise that is not passed."""
    return next((one for one in activities if one.kind == "exercise" and not one.done), None)
