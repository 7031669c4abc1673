"""Exams: one timed go, each answer saved at once, marked and shown when the results are released.

A sitting has the server's time. Once that is up, the next look or the sweeper ends it; either way it counts
as handed in at its end. Time that is given afterwards opens it again, unless its learner handed in or results
are out. The rules of the clock are in ``exam_rules``.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from cairn.accounts.models import Cohort, Membership, User
from cairn.accounts.queries import may_read_work_of
from cairn.catalog.library import AssessmentEntry
from cairn.catalog.models import Document
from cairn.catalog.queries import documents_at, library
from cairn.submissions import quizzes
from cairn.submissions.exam_rules import (
    GRACE,
    MOST_MINUTES,
    MOST_PERCENT,
    Extra,
    Late,
    Opening,
    Release,
    Standing,
    ends_at,
    in_time,
    new_end,
)
from cairn.submissions.marking import OPEN, Answer, mark, read_answer
from cairn.submissions.models import ExamWindow, ExtraTime, QuizAttempt, Sitting
from cairn.submissions.sheets import BETWEEN, authored, question_of
from cairn.ui.errors import Forbidden, NotFound, Refusal

LEARNER, MENTOR = Membership.Role.LEARNER, Membership.Role.MENTOR


class ExamClosed(Refusal):
    """The exam can't be started now."""

    status, code = 409, "exam-closed"


class TimeIsUp(Refusal):
    """The sitting took its last answer."""

    status, code = 409, "time-is-up"


class NewerAnswer(Refusal):
    """Another page saved this answer since this one read it."""

    status, code = 409, "newer-answer"

    def __init__(self, version: int) -> None:
        super().__init__(
            "A newer answer to this question was saved in another window or on another device. "
            "It is kept; nothing was overwritten."
        )
        self.version = version


class BadWindow(Refusal):
    """The times, or the extra time, cannot be."""

    code = "bad-window"


class StillWriting(Refusal):
    """Results can't be released while somebody sits the exam."""

    status, code = 409, "still-writing"


@dataclass(frozen=True)
class Writer:
    """Which page saves, and how many times it saved this answer before. A form without script has no name.

    A page's own saves never conflict, and one that arrives twice or too late changes nothing.
    """

    page: str = ""
    count: int = 0


# --- what a learner does


def begin(user: User, slug: str) -> Sitting:
    """Start the clock; again, it gives the sitting that there is.

    Raises NotFound for what is no exam, ExamClosed outside the window, BeingWritten.
    """
    entry, now = access_exam(slug), timezone.now()
    exam = entry.content.exam
    assert exam is not None  # noqa: S101 - access_exam saw to it
    with transaction.atomic():
        User.objects.select_for_update().only("pk").get(pk=user.pk)  # two tabs must not begin two sittings
        if existing := Sitting.objects.filter(user=user, assessment=slug).select_related("attempt").first():
            return existing
        window = window_for(user, slug)
        _check_open(opening_of(window), now)
        closes_at = window.closes_at if window else None
        end = ends_at(now, exam.minutes, extra_of(user, slug), closes_at, Late(exam.late))
        return Sitting.objects.create(
            attempt=quizzes.new_drawn(user, entry, quizzes.first_seed(user, slug)),
            user=user,
            assessment=slug,
            window=window,
            minutes=exam.minutes,
            late=exam.late,
            release=exam.release,
            started_at=now,
            ends_at=end,
        )


def save(sitting: Sitting, question_id: str, value: Any, version: int, writer: Writer) -> int:
    """Keep an answer, or that there is none (None, empty); the number of its saves.

    ``version`` is the one the page read. Raises BadAnswer, NotFound, TimeIsUp, and NewerAnswer if another
    page saved since.
    """
    quiz, own_id = quizzes.place_of(sitting.attempt, question_id)
    seed = sitting.attempt.seed
    question = question_of(quiz, own_id, seed)
    given = None if _empty(value) else read_answer(question, authored(quiz, own_id, seed, value), whole=False)
    with transaction.atomic():
        sitting = Sitting.objects.select_for_update().get(pk=sitting.pk)
        attempt = QuizAttempt.objects.select_for_update().get(pk=sitting.attempt_id)
        now = timezone.now()
        _check_running(sitting, now)
        last = sitting.versions.get(question_id, {"n": 0, "page": "", "count": 0})
        if writer.page and last["page"] == writer.page and writer.count <= last["count"]:
            return int(last["n"])
        if attempt.answers.get(question_id) == given and last["n"]:
            return int(last["n"])
        if last["n"] != version and not (writer.page and last["page"] == writer.page):
            raise NewerAnswer(last["n"])
        _keep(sitting, attempt, question_id, given, writer, now)
        return int(sitting.versions[question_id]["n"])


def _keep(
    sitting: Sitting, attempt: QuizAttempt, key: str, given: Answer | None, writer: Writer, now: datetime
) -> None:
    number = sitting.versions.get(key, {"n": 0})["n"] + 1
    sitting.versions[key] = {"n": number, "page": writer.page, "count": writer.count}
    sitting.saved_at = now
    if given is None:
        attempt.answers.pop(key, None)
    else:
        attempt.answers[key] = given
    sitting.save(update_fields=["versions", "saved_at"])
    attempt.save(update_fields=["answers"])


def _empty(value: Any) -> bool:
    """Whether an answer was taken back: nothing typed, ticked, matched or filled."""
    if isinstance(value, list | tuple):
        return all(one in ("", None, OPEN) for one in value)
    return value is None or (isinstance(value, str) and not value.strip())


def hand_in(sitting: Sitting) -> Sitting:
    """End the sitting now. Again is harmless."""
    now = timezone.now()
    with transaction.atomic():
        locked = Sitting.objects.select_for_update().get(pk=sitting.pk)
        _end(locked, now, Sitting.HandedInBy.LEARNER)
    return settled(locked)


def _check_open(opening: Opening, now: datetime) -> None:
    if opening.is_early(now):
        raise ExamClosed("This exam is not open yet. Its page says when it opens.")
    if opening.is_over(now):
        raise ExamClosed(
            "This exam is closed, so it can't be started. Ask your mentor if you have to sit it later."
        )


def _check_running(sitting: Sitting, now: datetime) -> None:
    if sitting.handed_in_at or not in_time(now, sitting.ends_at):
        raise TimeIsUp("This exam was handed in or its time is up. What was saved before counts.")


# --- the end, and the results


def settled(sitting: Sitting) -> Sitting:
    """The sitting as it is now: handed in if its time is up, its results released if that is due."""
    now = timezone.now()
    with transaction.atomic():
        locked = Sitting.objects.select_for_update().get(pk=sitting.pk)
        if not locked.handed_in_at and not in_time(now, locked.ends_at):
            _end(locked, now, Sitting.HandedInBy.CLOCK)
        if locked.handed_in_at and not locked.released_at and _is_due(locked, now):
            _release(locked, now)
    return Sitting.objects.select_related("attempt", "window").get(pk=sitting.pk)


def settle_all() -> int:
    """Do for every sitting what is due; how many were looked at. Safe to run anywhere, any time."""
    now = timezone.now()
    over = Q(handed_in_at__isnull=True, ends_at__lt=now - GRACE)
    waiting = Q(handed_in_at__isnull=False, release=Release.AT_CLOSE, window__closes_at__lte=now)
    due = list(Sitting.objects.filter(over | waiting, released_at__isnull=True).order_by("ends_at"))
    for sitting in due:
        settled(sitting)
    return len(due)


def _end(sitting: Sitting, now: datetime, by: Sitting.HandedInBy) -> None:
    if sitting.handed_in_at:
        return
    late = now > sitting.ends_at
    sitting.handed_in_at = sitting.ends_at if late else now
    sitting.handed_in_by = Sitting.HandedInBy.CLOCK if late else by
    sitting.save(update_fields=["handed_in_at", "handed_in_by"])


def _is_due(sitting: Sitting, now: datetime) -> bool:
    """Whether a sitting's results may be shown. Who has no window waits for nobody."""
    window = sitting.window
    if window is None or sitting.release == Release.AT_HAND_IN or window.released_at:
        return True
    return sitting.release == Release.AT_CLOSE and window.closes_at <= now and not _writing(window, now)


def _writing(window: ExamWindow, now: datetime) -> int:
    """How many still sit the exam."""
    return window.sittings.filter(handed_in_at__isnull=True, ends_at__gte=now - GRACE).count()


def _release(sitting: Sitting, now: datetime) -> None:
    """Mark the answers and seal the score. What was not answered earns nothing."""
    attempt = QuizAttempt.objects.select_for_update().get(pk=sitting.attempt_id)
    attempt.results = marks_of(attempt)
    attempt.score = sum(attempt.results.values()) / len(attempt.results)
    attempt.finished_at = sitting.handed_in_at
    attempt.save(update_fields=["results", "score", "finished_at"])
    sitting.released_at = now
    sitting.save(update_fields=["released_at"])


def marks_of(attempt: QuizAttempt) -> dict[str, float]:
    """The points of every drawn question, from the answers, the seed and the pinned content alone."""
    hashes = {slug: content_hash for slug, content_hash, _ in attempt.drawn}
    found = documents_at(Document.Kind.QUIZ, hashes)
    marks = {}
    for slug, _, own_id in attempt.drawn:
        key, question = f"{slug}{BETWEEN}{own_id}", question_of(found[slug], own_id, attempt.seed)
        marks[key] = mark(question, attempt.answers[key]) if key in attempt.answers else 0.0
    return marks


# --- what a mentor does


def set_window(by: User, cohort: Cohort, slug: str, opens_at: datetime, closes_at: datetime) -> ExamWindow:
    """When this cohort may start. Who sits it, or whose time was up, gets what the author's rule now gives.

    Raises Forbidden, BadWindow, NotFound.
    """
    access_exam(slug)
    require_invigilator(by, cohort)
    if opens_at >= closes_at:
        raise BadWindow("An exam opens before it closes. The times are as they were.")
    with transaction.atomic():
        window, _ = ExamWindow.objects.update_or_create(
            cohort=cohort,
            assessment=slug,
            defaults={"opens_at": opens_at, "closes_at": closes_at, "set_by": by},
        )
        _clock_again(window.sittings.all())
    return window


def grant(by: User, learner: User, slug: str, percent: int, minutes: int) -> ExtraTime:
    """Give one learner more time in this exam, also while they sit it and after their time was up.

    Raises Forbidden, BadWindow, NotFound.
    """
    access_exam(slug)
    if by.pk == learner.pk or not may_read_work_of(by, learner):
        raise Forbidden("Extra time is given by the learner's own mentor or an admin. Nothing changed.")
    if not (0 <= percent <= MOST_PERCENT and 0 <= minutes <= MOST_MINUTES):
        raise BadWindow(
            f"Extra time is 0 to {MOST_PERCENT} % and 0 to {MOST_MINUTES} minutes. Nothing changed."
        )
    with transaction.atomic():
        granted, _ = ExtraTime.objects.update_or_create(
            user=learner,
            assessment=slug,
            defaults={"percent": percent, "minutes": minutes, "granted_by": by},
        )
        _clock_again(Sitting.objects.filter(user=learner, assessment=slug))
    return granted


def release(by: User, window: ExamWindow) -> int:
    """Show a cohort its results now; how many. Who hands in later sees theirs at once.

    Raises Forbidden, and StillWriting while somebody sits the exam.
    """
    require_invigilator(by, window.cohort)
    now = timezone.now()
    if writing := _writing(window, now):
        people = "1 person is" if writing == 1 else f"{writing} people are"
        raise StillWriting(f"{people} still writing. Results can be released once everybody is done.")
    if window.released_at is None:
        window.released_at = now
        window.save(update_fields=["released_at"])
    waiting = list(window.sittings.filter(released_at__isnull=True))
    for sitting in waiting:
        settled(sitting)
    return len(waiting)


def _clock_again(sittings: QuerySet[Sitting]) -> None:
    """Compute when sittings end from what holds now; what the clock took goes on where its rules say so."""
    now = timezone.now()
    for one in Sitting.objects.select_for_update().filter(pk__in=sittings.values("pk")):
        standing = _standing(one, now)
        if (end := new_end(now, standing, _end_of(one))) is None:
            continue
        if standing.time_up:
            one.handed_in_at, one.handed_in_by, one.resumed_at = None, "", now
        one.ends_at = end
        one.save(update_fields=["ends_at", "handed_in_at", "handed_in_by", "resumed_at"])


def _end_of(sitting: Sitting) -> datetime:
    """When its time is up, by the window and the extra time that hold now."""
    closes_at = sitting.window.closes_at if sitting.window else None
    extra = extra_of(sitting.user, sitting.assessment)
    return ends_at(sitting.started_at, sitting.minutes, extra, closes_at, Late(sitting.late))


def _standing(sitting: Sitting, now: datetime) -> Standing:
    window = sitting.window
    return Standing(
        time_up=sitting.handed_in_at is not None or not in_time(now, sitting.ends_at),
        handed_in=sitting.handed_in_by == Sitting.HandedInBy.LEARNER,
        results_out=window is None or window.sittings.filter(released_at__isnull=False).exists(),
    )


# --- reads


def access_exam(slug: str) -> AssessmentEntry:
    """The exam of that slug. Raises NotFound, also for an assessment that is none."""
    entry = library().assessment(slug)
    if entry.content.exam is None:
        raise NotFound
    return entry


def access_sitting(user: User, slug: str) -> Sitting:
    """The person's own sitting. Raises NotFound."""
    if (found := sitting_of(user, slug)) is None:
        raise NotFound("You have not started this exam.")
    return found


def sitting_of(user: User, slug: str) -> Sitting | None:
    """The person's sitting of an exam, if they started it, with its attempt. One query."""
    mine = Sitting.objects.filter(user=user, assessment=slug)
    return mine.select_related("attempt", "window").first()


def window_for(user: User, slug: str) -> ExamWindow | None:
    """The window that holds for a learner: of their cohorts' the one open now, else the next, else the last.

    None: no mentor set one, and the exam is open always. One query.
    """
    theirs = {"cohort__memberships__user": user, "cohort__memberships__role": LEARNER}
    windows = list(ExamWindow.objects.filter(assessment=slug, **theirs).order_by("opens_at"))
    now = timezone.now()
    for fits in (lambda one: opening_of(one).is_open(now), lambda one: opening_of(one).is_early(now)):
        if found := next(filter(fits, windows), None):
            return found
    return windows[-1] if windows else None


def opening_of(window: ExamWindow | None) -> Opening:
    """A window as the clock's rules take it."""
    return Opening(window.opens_at, window.closes_at) if window else Opening()


def extra_of(user: User, slug: str) -> Extra:
    """The learner's extra time in an exam. One query."""
    granted = ExtraTime.objects.filter(user=user, assessment=slug).first()
    return Extra(granted.percent, granted.minutes) if granted else Extra()


def require_invigilator(user: User, cohort: Cohort) -> None:
    """Raise Forbidden unless this person mentors the cohort or is an admin."""
    if not (user.is_staff or cohort.memberships.filter(user=user, role=MENTOR).exists()):
        raise Forbidden("Only a mentor of this cohort or an admin can do that. Nothing changed.")


def cohorts_of(user: User) -> list[Cohort]:
    """The cohorts whose exams this person looks after. Raises Forbidden for who looks after none."""
    every = Cohort.objects.order_by("title")
    found = list(every if user.is_staff else every.filter(memberships__user=user, memberships__role=MENTOR))
    if not found and not user.is_staff:
        raise Forbidden("Only mentors can open this page. Your own exams are on their own pages.")
    return found


@dataclass(frozen=True)
class Seat:
    """One learner of a cohort and how their exam goes."""

    learner: User
    sitting: Sitting | None
    extra: Extra
    now: datetime

    @property
    def state(self) -> str:
        """``open``, ``writing``, ``time-up``, ``handed-in`` or ``released``."""
        if self.sitting is None:
            return "open"
        if self.sitting.released_at:
            return "released"
        if self.sitting.handed_in_by == Sitting.HandedInBy.LEARNER:
            return "handed-in"
        over = self.sitting.handed_in_at or not in_time(self.now, self.sitting.ends_at)
        return "time-up" if over else "writing"

    @property
    def minutes_left(self) -> int:
        """Whole minutes until the time is up, begun ones counted."""
        if self.sitting is None:
            return 0
        return max(0, -int((self.now - self.sitting.ends_at).total_seconds() // 60))

    @property
    def saved(self) -> int:
        """How many answers there are."""
        return len(self.sitting.attempt.answers) if self.sitting else 0


def seats(cohort: Cohort, slug: str) -> list[Seat]:
    """Every learner of a cohort in an exam, by name. Three queries."""
    people = list(
        User.objects.filter(memberships__cohort=cohort, memberships__role=LEARNER).order_by(
            "first_name", "last_name", "username"
        )
    )
    sat = Sitting.objects.filter(assessment=slug, user__in=people).select_related("attempt")
    sittings = {sitting.user_id: sitting for sitting in sat}
    granted = {one.user_id: one for one in ExtraTime.objects.filter(assessment=slug, user__in=people)}
    now = timezone.now()
    extras = {pk: Extra(one.percent, one.minutes) for pk, one in granted.items()}
    return [Seat(one, sittings.get(one.pk), extras.get(one.pk, Extra()), now) for one in people]
