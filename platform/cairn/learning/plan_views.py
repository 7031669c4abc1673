"""The plan's page, what its forms do, and the calendar that programs subscribe to."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.dates import WEEKDAYS
from django.views.decorators.http import require_POST, require_safe

from cairn.accounts.models import User
from cairn.accounts.person import person
from cairn.learning import plan_actions, plan_pages, plan_queries
from cairn.learning.access import in_their_zone
from cairn.learning.drawn import drawn
from cairn.learning.plan_actions import BadPlan
from cairn.learning.plan_feed import calendar_of
from cairn.learning.plan_queries import LearnerPlan, Pace, pace_of
from cairn.learning.planner import MAX_DAY, week_of
from cairn.learning.versions import Version, kept, version_of
from cairn.learning.wording import duration
from cairn.ui.errors import NotFound

VIEWS = ("week", "list")
Verb = Callable[[User, str, Mapping[str, str]], str]


class WeekForm(forms.Form):
    """Minutes a weekday, Monday first, and when study begins."""

    study_at = forms.TimeField(
        label="Begin at",
        error_messages={"required": "Say at what time you begin.", "invalid": "Write a time like 18:30."},
        widget=forms.TimeInput(attrs={"type": "time", "class": "field"}, format="%H:%M"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for day, name in WEEKDAYS.items():
            self.fields[f"day_{day}"] = forms.IntegerField(
                label=name,
                min_value=0,
                max_value=MAX_DAY,
                error_messages={
                    "required": "Write 0 for a day without study.",
                    "invalid": "That is not a whole number of minutes.",
                    "min_value": "Write 0 for a day without study.",
                    "max_value": f"A day has at most {MAX_DAY} minutes for study.",
                },
                widget=forms.NumberInput(attrs={"class": "field", "step": 5, "inputmode": "numeric"}),
            )

    @property
    def minutes(self) -> list[int]:
        """The week that was typed."""
        return [self.cleaned_data[f"day_{day}"] for day in range(7)]

    @property
    def days(self) -> list[forms.BoundField]:
        """The fields of the weekdays."""
        return [self[f"day_{day}"] for day in range(7)]


# --- the page


@require_safe
@login_required
@in_their_zone
def plan(request: HttpRequest) -> HttpResponse:
    """The learner's plan as a week or as a list."""
    user = person(request)
    try:
        return _page(request, user, request.GET)
    except NotFound:
        if request.GET.get("path"):
            raise
        return render(request, "learning/plan_none.html")  # they walk no path yet


def _page(
    request: HttpRequest,
    user: User,
    asked: Mapping[str, str],
    problem: str = "",
    form: WeekForm | None = None,
) -> HttpResponse:
    version = version_of(user)  # before what is read under it
    mine = plan_queries.plan_of(user, asked.get("path", ""))
    view = asked.get("view") if asked.get("view") in VIEWS else "week"
    on = _date(asked["on"]) if asked.get("on") else mine.today
    count = 1 if view == "week" else plan_pages.LISTED_WEEKS
    monday, late = week_of(on), mine.late
    place = {"plan": mine, "view": view, "on": monday}
    also = (mine.path.slug, mine.today, view, monday)
    context = {
        **place,
        "board": drawn(
            request,
            version,
            "learning/_plan_board.html",
            lambda: {**place, "weeks": plan_pages.weeks_from(mine, on, count)},
            *also,
        ),
        "waiting": drawn(
            request,
            version,
            "learning/_plan_waiting.html",
            lambda: {
                **place,
                "late": [plan_pages.row_of(mine, one) for one in late[: plan_pages.LATE_SHOWN]],
            },
            *also,
        ),
        "earlier": monday - count * plan_pages.WEEK,
        "later": monday + count * plan_pages.WEEK,
        "this_week": week_of(mine.today),
        "pace": _standing(user, version, mine),
        "late_count": len(late),
        "late_more": max(0, len(late) - plan_pages.LATE_SHOWN),
        "form": form or _week_form(mine),
        "holidays": [day for day in sorted(mine.terms.days_off) if day >= mine.today],
        "feed": _feed_address(request, mine.stored.token),
        "problem": problem,
    }
    return render(request, "learning/plan.html", context, status=400 if problem or form else 200)


def _standing(user: User, version: Version, mine: LearnerPlan) -> Pace:
    """Lays out several plans to compare them, so it is kept until something changes."""
    return kept(user, version, "pace", lambda: pace_of(mine), mine.path.slug, mine.today)


def _week_form(mine: LearnerPlan) -> WeekForm:
    days = {f"day_{day}": minutes for day, minutes in enumerate(mine.terms.minutes)}
    return WeekForm(initial={"study_at": mine.stored.study_at, **days})


def _feed_address(request: HttpRequest, token: str | None) -> str:
    return request.build_absolute_uri(reverse("learning:plan-feed", args=[token])) if token else ""


def _date(text: str) -> date:
    """The date typed, within the years that a calendar needs. Raises BadPlan."""
    try:
        found = parse_date(text.strip())
    except ValueError:
        found = None
    if found is None or not 2000 <= found.year <= 2200:
        raise BadPlan("That is not a date. Write it like 2026-11-19.")
    return found


# --- its forms


def _form(verb: Verb) -> Callable[[HttpRequest], HttpResponse]:
    """A POST that does one thing to the plan, says so, and goes back to the week it came from."""

    @require_POST
    @login_required
    @in_their_zone
    def changed(request: HttpRequest) -> HttpResponse:
        user = person(request)
        try:
            said = verb(user, request.POST.get("path", ""), request.POST)
        except BadPlan as refusal:
            return _page(request, user, _place(request.POST), refusal.message)
        messages.success(request, said)
        return redirect(f"{reverse('learning:plan')}?{urlencode(_place(request.POST))}")

    return changed


def _place(said: Mapping[str, str]) -> dict[str, str]:
    """Which week of which plan was shown; a date that is none is left out, so that the page can be shown."""
    place = {name: said[name] for name in ("path", "view", "on") if said.get(name)}
    try:
        _date(place.get("on", "2000-01-01"))
    except BadPlan:
        del place["on"]
    return place


def _move(user: User, path: str, said: Mapping[str, str]) -> str:
    key = said.get("item", "")
    if not said.get("day"):
        plan_actions.put_back(user, path, key)
        return "The plan chooses its day again."
    day = _date(said["day"])
    mine = plan_actions.move_item(user, path, key, day)
    return f"“{plan_actions.entry_in(mine, key).title}” is on {_day(day)} now. What follows it made room."


def _days_off(user: User, path: str, said: Mapping[str, str]) -> str:
    first = _date(said.get("first", ""))
    last = _date(said["last"]) if said.get("last") else first
    days = _day(first) if first == last else f"{_day(first)} to {_day(last)}"
    if said.get("choice") == "work":
        plan_actions.work_on(user, first, last)
        return f"You study again: {days}."
    plan_actions.take_off(user, first, last)
    return f"Marked as free: {days}. The plan goes round it."


def _pace(user: User, path: str, said: Mapping[str, str]) -> str:
    match said.get("choice"):
        case "move":
            plan_actions.move_plan(user, path)
            ends_on = plan_queries.plan_of(user, path).schedule.ends_on
            return (
                f"The plan counts from today. It ends on {_day(ends_on)}."
                if ends_on
                else "Nothing is left to plan."
            )
        case "raise":
            hours = plan_actions.raise_hours(user, path)
            return f"{hours} hours a week from today. The end stays where it was."
        case _:
            raise BadPlan("Choose whether to move the plan or to raise the hours.")


def _address(user: User, path: str, said: Mapping[str, str]) -> str:
    if said.get("choice") == "close":
        plan_actions.close_address(user, path)
        return "The calendar's address is gone. Programs that used it get nothing any more."
    plan_actions.new_address(user, path)
    return "The calendar has a new address. An earlier one no longer works."


def _day(day: date) -> str:
    return f"{day:%A} {day.day} {day:%B %Y}"


plan_move, plan_days_off, plan_pace, plan_address = map(_form, (_move, _days_off, _pace, _address))


@require_POST
@login_required
@in_their_zone
def plan_week(request: HttpRequest) -> HttpResponse:
    """Minutes a weekday. What was typed wrongly is shown again beside what is wrong."""
    user, form = person(request), WeekForm(request.POST)
    if form.is_valid():
        try:
            path = request.POST.get("path", "")
            plan_actions.set_week(user, path, form.minutes, form.cleaned_data["study_at"])
        except BadPlan as refusal:
            form.add_error(None, refusal.message)
    if form.errors:
        return _page(request, user, _place(request.POST), form=form)
    messages.success(request, f"Your week has {duration(sum(form.minutes))} now. The plan follows it.")
    return redirect(f"{reverse('learning:plan')}?{urlencode(_place(request.POST))}")


# --- the calendar


@require_safe
def plan_feed(request: HttpRequest, token: str) -> HttpResponse:
    """The plan behind a secret address, for programs that can't sign in."""
    _, mine = plan_queries.plan_at(token)
    body = calendar_of(
        mine, lambda entry: request.build_absolute_uri(plan_pages.url_of(entry)), timezone.now()
    )
    answer = HttpResponse(body, content_type="text/calendar; charset=utf-8")
    answer["Content-Disposition"] = 'inline; filename="cairn.ics"'
    answer["Cache-Control"] = f"private, max-age={int(timedelta(minutes=5).total_seconds())}"
    answer["X-Robots-Tag"] = "noindex"
    return answer
