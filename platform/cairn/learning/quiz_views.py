"""The quiz page: all questions on one page, each answered on its own and explained at once."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from cairn.accounts.models import User
from cairn.accounts.person import person
from cairn.catalog.queries import library
from cairn.learning import queries
from cairn.learning.access import in_their_zone, learner
from cairn.learning.notices import quiz_notice
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
        return sign_in(request)
    question = str(request.POST.get("question", ""))
    refusal = respond(lambda: _attempt(request, user, slug), question, request)
    return answered(request, _context(request, user, slug), "learning/quiz.html", question, refusal)


@require_POST
@login_required
def quiz_attempt(request: HttpRequest, slug: str) -> HttpResponse:
    """Begin again, in a new order; an unfinished attempt is gone on with."""
    user = person(request)
    quizzes.start(user, slug)
    return redirect("learning:quiz", slug)


def respond(attempt: Callable[[], QuizAttempt], question: str, request: HttpRequest) -> Refusal | None:
    """Answer a question as the form says, or take its hint; what was refused. Raises NotFound."""
    try:
        if "hint" in request.POST:
            quizzes.take_hint(attempt(), question)
        else:
            quizzes.answer(attempt(), question, value_of(request))
    except NotFound:
        raise
    except Refusal as refusal:
        return refusal
    return None


def sign_in(request: HttpRequest) -> HttpResponse:
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


def answered(
    request: HttpRequest, context: dict[str, Any], page: str, question: str, refusal: Refusal | None
) -> HttpResponse:
    """The answered question for HTMX, the page again without it; what was typed stays with a refusal."""
    scripted = getattr(request, "htmx", False)
    if not refusal and not scripted:
        return redirect(f"{context['here']}#q-{question}")
    if refusal:
        context |= {"refused": question, "refusal": refusal.message}
        context["sheet"] = _retyped_in(context["sheet"], question, request)
    if scripted:
        sheet: Sheet = context["sheet"]
        page, context = "learning/_answered.html", context | {"asked": sheet.question(question)}
    return render(request, page, context, status=refusal.status if refusal else 200)


def _retyped_in(sheet: Sheet, question: str, request: HttpRequest) -> Sheet:
    asked = (retyped(one, request) if one.id == question else one for one in sheet.questions)
    return replace(sheet, questions=tuple(asked))


def retyped(asked: Asked, request: HttpRequest) -> Asked:
    """An open question whose answer was refused, with all that was typed and chosen still in its form."""
    if asked.answered:
        return asked
    sent = request.POST
    values = [str(value) for value in sent.getlist("value")]
    field = "pair-" if asked.type == "match" else "gap-"
    return replace(
        asked,
        answer=values[0] if values else "",
        options=tuple(
            replace(one, chosen=str(one.value) in values, place=_place(sent.get(f"place-{one.value}")))
            for one in asked.options
        ),
        parts=tuple(
            replace(part, given=str(sent.get(f"{field}{k}", ""))) for k, part in enumerate(asked.parts)
        ),
    )


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
        "notices": quiz_notice(user, slug, books) if user and sheet.attempt is None else [],
        **standing(sheet),
    }


def standing(sheet: Sheet) -> dict[str, Any]:
    """What the end of a quiz says: which questions to reread, which one is next."""
    return {
        "missed": [one for one in sheet.questions if one.answered and one.points != 1],
        "first_open": _first_open(sheet),
    }


def _first_open(sheet: Sheet) -> Asked | None:
    return next((one for one in sheet.questions if not one.answered), None)


def _after_quiz(activities: tuple[Activity, ...]) -> Activity | None:
    """What comes after the quiz: the first exercise that is not passed."""
    return next((one for one in activities if one.kind == "exercise" and not one.done), None)
