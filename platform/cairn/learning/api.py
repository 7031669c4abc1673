"""Progress and enrolments in the API."""

from typing import Any, get_args

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cairn.accounts.models import User
from cairn.accounts.person import person
from cairn.catalog.queries import Library, library
from cairn.learning import actions, pages, queries
from cairn.learning.models import Enrolment
from cairn.learning.pace import arrival
from cairn.learning.progress import (
    Activity,
    ActivityKind,
    MilestoneState,
    PathProgress,
    Record,
    milestone_activities,
    path_progress,
)


class StoneOut(serializers.Serializer[Any]):
    """A criterion. ``state`` is met, review, started or open; ``detail`` the number that matters.

    An ``optional`` one is not counted, and nothing waits for it.
    """

    id = serializers.CharField()
    title = serializers.CharField()
    kind = serializers.CharField()
    project = serializers.CharField(allow_null=True)
    state = serializers.ChoiceField(choices=["met", "review", "started", "open"])
    detail = serializers.CharField()
    optional = serializers.BooleanField()
    met_at = serializers.DateTimeField(allow_null=True)


class ActivityOut(serializers.Serializer[Any]):
    """Something to do. ``state`` is done, started or open; ``minutes`` what is left of it."""

    kind = serializers.ChoiceField(choices=get_args(ActivityKind))
    slug = serializers.CharField()
    title = serializers.CharField()
    state = serializers.ChoiceField(choices=["done", "started", "open"])
    minutes = serializers.IntegerField()
    why = serializers.CharField()
    url = serializers.CharField()


class MilestoneOut(serializers.Serializer[Any]):
    """A milestone with its stones, and the activities that are written towards it."""

    slug = serializers.CharField()
    number = serializers.CharField()
    title = serializers.CharField()
    written = serializers.BooleanField()
    complete = serializers.BooleanField()
    laid = serializers.IntegerField()
    stones = StoneOut(many=True)
    activities = ActivityOut(many=True)


class PathProgressOut(serializers.Serializer[Any]):
    """An enrolment with the progress on its path. ``next`` is null when everything written is done."""

    path = serializers.CharField()
    title = serializers.CharField()
    starts_on = serializers.DateField()
    hours_per_week = serializers.IntegerField()
    arrives_on = serializers.DateField()
    laid = serializers.IntegerField()
    total = serializers.IntegerField()
    next = ActivityOut(allow_null=True)
    milestones = MilestoneOut(many=True)


class ExerciseOut(serializers.Serializer[Any]):
    """What an exercise came to so far. ``outdated``: it changed in a way that matters since then."""

    slug = serializers.CharField()
    status = serializers.CharField()
    best_score = serializers.FloatField()
    passed_at = serializers.DateTimeField(allow_null=True)
    outdated = serializers.BooleanField()


class QuizOut(serializers.Serializer[Any]):
    """The best score on a topic's quiz, from 0 to 1."""

    topic = serializers.CharField()
    best_score = serializers.FloatField()
    finished_at = serializers.DateTimeField()
    outdated = serializers.BooleanField()


class ProgressOut(serializers.Serializer[Any]):
    """All paths that a learner walks, the one opened last first, and what counts on every path."""

    enrolments = PathProgressOut(many=True)
    exercises = ExerciseOut(many=True)
    quizzes = QuizOut(many=True)


class EnrolmentIn(serializers.Serializer[Any]):
    """A path, the day to start, and the hours a week that one can give."""

    path = serializers.SlugField(max_length=80)
    starts_on = serializers.DateField()
    hours_per_week = serializers.IntegerField()


class ProgressView(APIView):
    """How far the token's owner is on every path they walk. Computed from stored results, never stored."""

    @extend_schema(responses=ProgressOut, operation_id="me_progress")
    def get(self, request: Request) -> Response:
        """Enrolments, milestones with their stones, and what is next."""
        user, books = person(request), library()
        record = queries.record_of(user)
        walked = [one for one in queries.enrolments_of(user) if one.path in books.paths]
        shown = [_shown(user, enrolment, books, record) for enrolment in walked]
        return Response(ProgressOut({"enrolments": shown, **_results(record)}).data)


class EnrolmentsView(APIView):
    """Enrolling. Enrolling again in the same path changes its pace."""

    @extend_schema(request=EnrolmentIn, responses={201: PathProgressOut}, operation_id="me_enrolments_create")
    def post(self, request: Request) -> Response:
        """Walk a path from a day on, at so many hours a week."""
        given = EnrolmentIn(data=request.data)
        given.is_valid(raise_exception=True)
        user = person(request)
        enrolment = actions.enrol(user, **given.validated_data)
        shown = _shown(user, enrolment, library(), queries.record_of(user))
        return Response(PathProgressOut(shown).data, status=status.HTTP_201_CREATED)


def _shown(user: User, enrolment: Enrolment, books: Library, record: Record) -> dict[str, Any]:
    progress = path_progress(books.path(enrolment.path), books, record)
    today = queries.today_for(user)
    return {
        "path": enrolment.path,
        "title": progress.path.content.title,
        "starts_on": enrolment.starts_on,
        "hours_per_week": enrolment.hours_per_week,
        "arrives_on": arrival(progress, enrolment.starts_on, enrolment.hours_per_week, today),
        "laid": progress.laid,
        "total": progress.total,
        "next": _activity(progress.next) if progress.next else None,
        "milestones": _milestones(progress, books, record),
    }


def _results(record: Record) -> dict[str, list[dict[str, Any]]]:
    exercises, quizzes = record.results.exercises, record.results.quizzes
    return {
        "exercises": [{"slug": slug, **vars(outcome)} for slug, outcome in exercises.items()],
        "quizzes": [{"topic": topic, **vars(outcome)} for topic, outcome in quizzes.items()],
    }


def _milestones(progress: PathProgress, books: Library, record: Record) -> list[dict[str, Any]]:
    return [
        {
            "slug": placed.milestone.slug,
            "number": placed.milestone.number,
            "title": placed.milestone.title,
            "written": placed.is_open,
            "complete": placed.state.complete,
            "laid": placed.state.laid,
            "stones": _stones(placed.state),
            "activities": [
                _activity(one)
                for one in milestone_activities(placed.milestone, books, record, progress.path.slug)
            ],
        }
        for placed in progress.milestones
    ]


def _stones(state: MilestoneState) -> list[dict[str, Any]]:
    return [
        {
            "id": stone.criterion.id,
            "title": stone.criterion.title,
            "kind": stone.criterion.kind.value,
            "project": stone.project,
            "state": stone.state.value,
            "detail": stone.detail,
            "optional": stone.criterion.optional,
            "met_at": stone.met_at,
        }
        for stone in state.stones
    ]


def _activity(activity: Activity) -> dict[str, Any]:
    return {
        "kind": activity.kind,
        "slug": activity.slug,
        "title": activity.title,
        "state": activity.state,
        "minutes": activity.minutes,
        "why": activity.why,
        "url": pages.activity_url(activity),
    }


urlpatterns = [
    path("me/progress", ProgressView.as_view(), name="api-progress"),
    path("me/enrolments", EnrolmentsView.as_view(), name="api-enrolments"),
]
