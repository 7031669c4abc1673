"""What a learner does with their plan: move an item, take days off, say when they study, move it all."""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, time, timedelta

from django.db import transaction

from cairn.accounts.models import User
from cairn.learning.models import DayOff, Enrolment, MovedItem, Plan
from cairn.learning.plan_items import Entry
from cairn.learning.plan_queries import LearnerPlan, faster_hours, hours_in, plan_of
from cairn.learning.planner import MAX_DAY, week_key, week_of
from cairn.learning.versions import changed
from cairn.ui.errors import NotFound, Refusal

AHEAD = timedelta(days=366)
HOLIDAY = 62  # days that can be marked off at once


class BadPlan(Refusal):
    """What was asked makes no plan. Nothing was changed."""

    code = "bad-plan"


@transaction.atomic
def move_item(user: User, path: str, key: str, day: date) -> LearnerPlan:
    """Put an item on a day; what follows it makes room. Answers with the new plan.

    Raises BadPlan for a day on which it can't begin, NotFound for an item that the plan doesn't hold.
    """
    mine = plan_of(user, path)
    _refuse_a_bad_day(mine, key, day)
    others = {one: on for one, on in mine.terms.moved.items() if one != key}
    moved = dict(sorted({**others, key: day}.items(), key=lambda pair: (pair[1], pair[0])))
    schedule = mine.under(replace(mine.terms, moved=moved))
    begins = min((piece.day for piece in schedule.pieces if piece.item.key == key), default=None)
    if begins != day:
        raise BadPlan(_why_not(replace(mine, schedule=schedule), key, day))
    MovedItem.objects.update_or_create(enrolment=mine.enrolment, item=key, defaults={"day": day})
    return replace(mine, terms=replace(mine.terms, moved=moved), schedule=schedule)


def entry_in(mine: LearnerPlan, key: str) -> Entry:
    """What the plan holds by that key. Raises NotFound."""
    found = next((piece.item for piece in mine.schedule.pieces if piece.item.key == key), None)
    if found is None:
        raise NotFound
    return mine.entry(found)


def _refuse_a_bad_day(mine: LearnerPlan, key: str, day: date) -> None:
    entry = entry_in(mine, key)
    if key in mine.done:
        raise BadPlan("This is done already, so it stays on the day on which you did it.")
    if day < mine.today:
        raise BadPlan("That day is over. Choose today or a later day.")
    if day < mine.terms.starts_on:
        raise BadPlan(f"Your plan begins on {_said(mine.terms.starts_on)}. Choose that day or a later one.")
    if day > mine.today + AHEAD:
        raise BadPlan("That day is more than a year ahead. Choose an earlier one.")
    if not mine.terms.minutes_on(day):
        raise BadPlan(f"You have no time on {_said(day)}. Choose another day, or give that day some minutes.")
    if entry.of_a_week and week_key(week_of(day)) != key:
        raise BadPlan("A review looks back on its own week. Choose a day of that week.")


def _why_not(then: LearnerPlan, key: str, day: date) -> str:
    """Why the item doesn't begin on the day on which the learner put it."""
    for need in then.entries[key].item.needs if key in then.entries else ():
        needed = then.schedule.day_of(need) if need in then.entries and need not in then.done else None
        if needed and needed >= day:
            title = then.entries[need].title
            when = f"“{title}” comes first, and is planned for {_said(needed)}."
            return f"{when} Move that one, or choose a later day."
    return f"{_said(day)} is full with what you put there before. Choose another day."


def _said(day: date) -> str:
    return f"{day:%A} {day.day} {day:%B}"


def put_back(user: User, path: str, key: str) -> None:
    """Let the plan choose the item's day again."""
    MovedItem.objects.filter(enrolment__user=user, enrolment__path=path, item=key).delete()


def take_off(user: User, first: date, last: date) -> None:
    """Mark days as free of study, on all paths. Raises BadPlan for a span that is none."""
    count = (last - first).days + 1
    if count < 1:
        raise BadPlan("The last day off lies before the first. Swap the two.")
    if count > HOLIDAY:
        raise BadPlan(f"Mark at most {HOLIDAY} days off at once.")
    days = (first + timedelta(days=n) for n in range(count))
    with transaction.atomic():
        DayOff.objects.bulk_create([DayOff(user=user, day=day) for day in days], ignore_conflicts=True)
        changed(user.pk)


def work_on(user: User, first: date, last: date) -> None:
    """Study on these days after all."""
    DayOff.objects.filter(user=user, day__gte=first, day__lte=last).delete()


@transaction.atomic
def set_week(user: User, path: str, minutes: Sequence[int], study_at: time) -> None:
    """Say how many minutes each weekday has, Monday first, and when study begins. Changes the hours a week.

    Raises BadPlan, and NotFound for who doesn't walk the path.
    """
    if len(minutes) != 7 or any(not 0 <= one <= MAX_DAY for one in minutes):
        raise BadPlan(f"A day has between 0 and {MAX_DAY} minutes for study.")
    if not 30 <= sum(minutes) <= 60 * 60:
        raise BadPlan("Give the week between 30 minutes and 60 hours.")
    stored = _stored(user, path)
    stored.minutes, stored.study_at = list(minutes), study_at
    stored.save(update_fields=["minutes", "study_at"])
    _set_hours(stored.enrolment, hours_in(tuple(minutes)))


@transaction.atomic
def move_plan(user: User, path: str) -> None:
    """Count the plan from today: what is not done moves, in the same order."""
    mine, stored = plan_of(user, path), _stored(user, path)
    stored.moved_to = mine.from_today.starts_on
    stored.save(update_fields=["moved_to"])
    MovedItem.objects.filter(enrolment=stored.enrolment, day__lt=stored.moved_to).delete()


@transaction.atomic
def raise_hours(user: User, path: str) -> int:
    """Count the plan from today with as many hours a week as keep its end; answers with them.

    Raises BadPlan when no number of hours would.
    """
    hours = faster_hours(plan_of(user, path))
    if hours is None:
        raise BadPlan("No number of hours a week keeps that end. Move the plan instead.")
    move_plan(user, path)
    _set_hours(_enrolment(user, path), hours)
    return hours


@transaction.atomic
def new_address(user: User, path: str) -> str:
    """A new secret for the calendar's address; the earlier one stops working."""
    stored = _stored(user, path)
    stored.token = secrets.token_urlsafe(32)
    stored.save(update_fields=["token"])
    return stored.token


@transaction.atomic
def close_address(user: User, path: str) -> None:
    """Take the calendar's address away."""
    stored = _stored(user, path)
    stored.token = None
    stored.save(update_fields=["token"])


def _enrolment(user: User, path: str) -> Enrolment:
    enrolment = Enrolment.objects.filter(user=user, path=path).first()
    if enrolment is None:
        raise NotFound
    return enrolment


def _stored(user: User, path: str) -> Plan:
    stored, _ = Plan.objects.select_for_update().get_or_create(enrolment=_enrolment(user, path))
    return stored


def _set_hours(enrolment: Enrolment, hours: int) -> None:
    # Not save(): that would also say that the path was opened now.
    Enrolment.objects.filter(pk=enrolment.pk).update(hours_per_week=hours)
    changed(enrolment.user_id)
