"""Assessments: drawn quizzes, exams with a clock, and the page of those who look after an exam."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import wraps
from math import ceil
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from cairn.accounts.models import Cohort, User
from cairn.accounts.person import person
from cairn.catalog.queries import AssessmentEntry, library
from cairn.learning.access import in_their_zone, learner
from cairn.learning.quiz_views import answered, respond, sign_in, standing, value_of
from cairn.submissions import exams, quizzes
from cairn.submissions.exam_rules import MOST_MINUTES, MOST_PERCENT, Extra, Late, ends_at, left
from cairn.submissions.exams import Writer
from cairn.submissions.models import ExamWindow, QuizAttempt, Sitting
from cairn.ui.errors import NotFound, Refusal

View = Callable[..., HttpResponse]


# --- drawn quizzes, and the door of exams


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@in_their_zone
def assessment(request: HttpRequest, slug: str) -> HttpResponse:
    """What an assessment asks and how; its questions once begun. POST answers one. Guests see its door."""
    entry, user = library().assessment(slug), learner(request)
    if request.method == "POST":
        return _answer_drawn(request, user, entry) if user else sign_in(request)
    if entry.content.exam:
        return _exam(request, user, entry)
    sheet = quizzes.drawn_for(user, entry) if user else None
    if user is None or sheet is None:
        return render(request, "learning/assessment.html", _door(entry))
    return render(request, "learning/assessment_quiz.html", _drawn(user, entry, sheet))


@require_POST
@login_required
def assessment_attempt(request: HttpRequest, slug: str) -> HttpResponse:
    """Draw questions and begin, or begin again with others; an unfinished attempt is gone on with."""
    quizzes.start_drawn(person(request), library().assessment(slug))
    return redirect("learning:assessment", slug)


def _answer_drawn(request: HttpRequest, user: User, entry: AssessmentEntry) -> HttpResponse:
    attempt_id = str(request.POST.get("attempt", ""))
    if entry.content.exam or not attempt_id.isdecimal() or len(attempt_id) > 18:
        raise NotFound("This page shows an attempt that there is not. Reload it and answer there.")
    attempt = quizzes.access_attempt(user, int(attempt_id))
    if attempt.topic != entry.slug:
        raise NotFound("This attempt belongs to another quiz. Reload the page and answer there.")
    question = str(request.POST.get("question", ""))
    refusal = respond(lambda: attempt, question, request)
    sheet = quizzes.sheet_of(QuizAttempt.objects.get(pk=attempt.pk), entry)
    page = "learning/assessment_quiz.html"
    return answered(request, _drawn(user, entry, sheet), page, question, refusal)


def _door(entry: AssessmentEntry) -> dict[str, Any]:
    return {"entry": entry, "unwritten": library().unwritten(entry)}


def _drawn(user: User, entry: AssessmentEntry, sheet: quizzes.Sheet) -> dict[str, Any]:
    if sheet.score is not None:
        sheet = replace(sheet, earlier=tuple(quizzes.attempts_at(user, entry.slug)))
    return {
        "entry": entry,
        "sheet": sheet,
        "here": reverse("learning:assessment", args=[entry.slug]),
        "again": reverse("learning:assessment-attempt", args=[entry.slug]),
        "retry": "Try again with other questions",
        **standing(sheet),
    }


# --- sitting an exam


def _exam(request: HttpRequest, user: User | None, entry: AssessmentEntry) -> HttpResponse:
    """The exam's door, its questions while the clock runs, or what came of it."""
    sitting = exams.sitting_of(user, entry.slug) if user else None
    if user is None or sitting is None:
        return render(request, "learning/exam_door.html", _exam_door(user, entry))
    sitting = exams.settled(sitting)
    page = "exam_over.html" if sitting.handed_in_at else "exam.html"
    return render(request, f"learning/{page}", _sat(entry, sitting))


def _exam_door(user: User | None, entry: AssessmentEntry) -> dict[str, Any]:
    exam, now = entry.content.exam, timezone.now()
    assert exam is not None  # noqa: S101 - only exams come here
    window = exams.window_for(user, entry.slug) if user else None
    extra = exams.extra_of(user, entry.slug) if user else Extra()
    opening = exams.opening_of(window)
    end = ends_at(now, exam.minutes, extra, window.closes_at if window else None, Late(exam.late))
    whole = exam.minutes + round(extra.time(exam.minutes).total_seconds() / 60)
    return _door(entry) | {
        "exam": exam,
        "window": window,
        "is_open": opening.is_open(now),
        "is_early": opening.is_early(now),
        "minutes": whole,
        "extra_minutes": whole - exam.minutes,
        "would_end": end,
        "cut_short": round((end - now).total_seconds() / 60) < whole,
    }


def _sat(entry: AssessmentEntry, sitting: Sitting) -> dict[str, Any]:
    sheet = quizzes.sheet_of(sitting.attempt, entry)
    versions = {key: saved["n"] for key, saved in sitting.versions.items()}
    return {
        "entry": entry,
        "exam": entry.content.exam,
        "sitting": sitting,
        "sheet": sheet,
        "here": reverse("learning:assessment", args=[entry.slug]),
        "rows": [(one, versions.get(one.id, 0)) for one in sheet.questions],
        "open_ones": [one for one in sheet.questions if not one.saved],
        "seconds_left": _seconds_left(sitting),
        **standing(sheet),
    }


def _seconds_left(sitting: Sitting) -> int:
    """Rounded up: a page never ends an exam before this site does."""
    return ceil(left(timezone.now(), sitting.ends_at).total_seconds())


@require_POST
@login_required
def exam_begin(request: HttpRequest, slug: str) -> HttpResponse:
    """Start the clock."""
    exams.begin(person(request), slug)
    return redirect("learning:assessment", slug)


def _told(view: View) -> View:
    """A script is answered in JSON, also who is signed out and what is refused; a form as any page."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.headers.get("Accept") != "application/json":
            return login_required(view)(request, *args, **kwargs)
        if not request.user.is_authenticated:
            return JsonResponse({"code": "signed-out", "detail": "You are signed out."}, status=401)
        try:
            return view(request, *args, **kwargs)
        except Refusal as refusal:
            body = {"code": refusal.code, "detail": refusal.message}
            if isinstance(refusal, exams.NewerAnswer):
                body["version"] = str(refusal.version)
            return JsonResponse(body, status=refusal.status)

    return answer


@never_cache
@require_POST
@_told
def exam_answer(request: HttpRequest, slug: str, question: str) -> HttpResponse:
    """Keep one answer. A script sends its page's name and a count, so that a resent one does no harm."""
    sitting = exams.access_sitting(person(request), slug)
    writer = Writer(str(request.POST.get("page", ""))[:40], _whole(request.POST.get("count")))
    number = exams.save(sitting, question, value_of(request), _whole(request.POST.get("version")), writer)
    if request.headers.get("Accept") != "application/json":
        return redirect(f"{reverse('learning:assessment', args=[slug])}#q-{question}")
    return JsonResponse({"version": number, "seconds_left": _seconds_left(sitting)})


def _whole(text: Any) -> int:
    return int(text) if str(text).isdecimal() and len(str(text)) < 9 else 0


@never_cache
@require_safe
@_told
def exam_clock(request: HttpRequest, slug: str) -> HttpResponse:
    """How long there is: extra time may have been given. Only scripts ask.

    The page that waits for results (HTMX) is told to load again once the exam goes on or they are there.
    """
    sitting = exams.settled(exams.access_sitting(person(request), slug))
    if getattr(request, "htmx", False):
        waits = sitting.handed_in_at and not sitting.released_at
        return HttpResponse(status=204) if waits else HttpResponseClientRefresh()
    return JsonResponse(
        {"seconds_left": _seconds_left(sitting), "handed_in": sitting.handed_in_at is not None}
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@in_their_zone
def exam_hand_in(request: HttpRequest, slug: str) -> HttpResponse:
    """Look over what is answered, then end the exam."""
    entry, sitting = exams.access_exam(slug), exams.access_sitting(person(request), slug)
    if request.method == "POST":
        exams.hand_in(sitting)
        return redirect("learning:assessment", slug)
    sitting = exams.settled(sitting)
    if sitting.handed_in_at:
        return redirect("learning:assessment", slug)
    return render(request, "learning/exam_hand_in.html", _sat(entry, sitting))


# --- looking after an exam


class WindowForm(forms.Form):
    """When a cohort may start, in the mentor's own time zone."""

    opens_at = forms.DateTimeField(
        label="Opens", widget=forms.DateTimeInput(attrs={"type": "datetime-local", "class": "field"})
    )
    closes_at = forms.DateTimeField(
        label="Closes", widget=forms.DateTimeInput(attrs={"type": "datetime-local", "class": "field"})
    )


class ExtraForm(forms.Form):
    """Time on top for one learner."""

    learner = forms.IntegerField(min_value=1)
    percent = forms.IntegerField(min_value=0, max_value=MOST_PERCENT)
    minutes = forms.IntegerField(min_value=0, max_value=MOST_MINUTES)


@require_safe
@login_required
@in_their_zone
def exam_list(request: HttpRequest) -> HttpResponse:
    """Every exam of the curriculum in each of the mentor's cohorts."""
    cohorts = exams.cohorts_of(person(request))
    entries = [entry for entry in library().assessments.values() if entry.content.exam]
    windows = {(one.cohort_id, one.assessment): one for one in ExamWindow.objects.filter(cohort__in=cohorts)}
    rows = [(cohort, entry, windows.get((cohort.pk, entry.slug))) for cohort in cohorts for entry in entries]
    return render(request, "learning/exam_list.html", {"rows": rows, "now": timezone.now()})


def _cohort(request: HttpRequest, slug: str) -> Cohort:
    """The cohort, for those who look after it; for others there is none. Raises NotFound, Forbidden."""
    mine = exams.cohorts_of(person(request))
    found = next((cohort for cohort in mine if cohort.slug == slug), None)
    if found is None:
        raise NotFound
    return found


@never_cache
@require_safe
@login_required
@in_their_zone
def exam_room(request: HttpRequest, cohort: str, slug: str) -> HttpResponse:
    """Who sits an exam, how long they have, and what a mentor can do about it."""
    return _room(request, _cohort(request, cohort), exams.access_exam(slug))


def _room(
    request: HttpRequest, cohort: Cohort, entry: AssessmentEntry, problem: str = "", status: int = 200
) -> HttpResponse:
    window = ExamWindow.objects.filter(cohort=cohort, assessment=entry.slug).first()
    seats = exams.seats(cohort, entry.slug)
    now = timezone.now()
    context = {
        "cohort": cohort,
        "entry": entry,
        "exam": entry.content.exam,
        "window": window,
        "is_open": exams.opening_of(window).is_open(now),
        "seats": seats,
        "writing": sum(seat.state == "writing" for seat in seats),
        "waiting": sum(seat.state in ("handed-in", "time-up") for seat in seats),
        "zone": timezone.get_current_timezone_name(),
        "problem": problem,
    }
    return render(request, "learning/exam_room.html", context, status=status)


@require_POST
@login_required
@in_their_zone
def exam_room_act(request: HttpRequest, cohort: str, slug: str) -> HttpResponse:
    """Set the window, give extra time or release the results, as the form says."""
    room, entry = _cohort(request, cohort), exams.access_exam(slug)
    act = {"window": _set_window, "extra": _grant, "release": _release}.get(str(request.POST.get("do")))
    if act is None:
        raise NotFound
    try:
        messages.success(request, act(request, room, entry.slug))
    except NotFound:
        raise
    except Refusal as refusal:
        return _room(request, room, entry, refusal.message, refusal.status)
    return redirect("learning:exam-room", cohort, slug)


def _set_window(request: HttpRequest, cohort: Cohort, slug: str) -> str:
    form = WindowForm(request.POST)
    if not form.is_valid():
        raise exams.BadWindow("Give a date and a time for both. The times are as they were.")
    opens_at: datetime = form.cleaned_data["opens_at"]
    exams.set_window(person(request), cohort, slug, opens_at, form.cleaned_data["closes_at"])
    return "The window is set."


def _grant(request: HttpRequest, cohort: Cohort, slug: str) -> str:
    form = ExtraForm(request.POST)
    if not form.is_valid():
        raise exams.BadWindow(
            f"Extra time is 0 to {MOST_PERCENT} % and 0 to {MOST_MINUTES} whole minutes. Nothing changed."
        )
    given = form.cleaned_data
    sitter = get_object_or_404(User, pk=given["learner"], memberships__cohort=cohort)
    exams.grant(person(request), sitter, slug, given["percent"], given["minutes"])
    what = f"Extra time of {sitter.display_name}: {given['percent']}\u202f% and {given['minutes']} minutes."
    return f"{what} {_after_grant(exams.sitting_of(sitter, slug))}".strip()


def _after_grant(sitting: Sitting | None) -> str:
    """What extra time means for the sitting, which may be over."""
    if sitting is None:
        return ""
    if sitting.released_at:
        return "This exam's results are out, so it does not go on."
    if sitting.handed_in_by == Sitting.HandedInBy.LEARNER:
        return "They handed in, so the exam does not go on."
    until = f"{timezone.localtime(sitting.ends_at):%H:%M}"
    if sitting.handed_in_at:
        return (
            f"Their time was up at {until} and stays so: with this it had ended by now, or results are out."
        )
    return f"They write until {until}."


def _release(request: HttpRequest, cohort: Cohort, slug: str) -> str:
    window = get_object_or_404(ExamWindow, cohort=cohort, assessment=slug)
    count = exams.release(person(request), window)
    return f"Results are released: {count} of this cohort can read theirs now."
