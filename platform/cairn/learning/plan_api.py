"""A learner's plan in the API."""

from typing import Any, get_args

from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cairn.accounts.models import User
from cairn.accounts.person import person
from cairn.learning import plan_pages, plan_queries
from cairn.learning.progress import ActivityKind


class PieceOut(serializers.Serializer[Any]):
    """Minutes of one thing on a day. ``practice`` stands for a topic's exercises that are being written.

    ``skipped`` is a review of a week that is over.
    """

    day = serializers.DateField()
    minutes = serializers.IntegerField()
    part = serializers.IntegerField()
    parts = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=[*get_args(ActivityKind), "practice"])
    slug = serializers.CharField()
    title = serializers.CharField()
    state = serializers.ChoiceField(choices=["done", "late", "open", "skipped"])
    written = serializers.BooleanField()
    url = serializers.CharField()


class PlanOut(serializers.Serializer[Any]):
    """A path over days. ``ends_on`` is null once nothing is left to plan; minutes are Monday first."""

    path = serializers.CharField()
    title = serializers.CharField()
    timezone = serializers.CharField()
    today = serializers.DateField()
    starts_on = serializers.DateField()
    ends_on = serializers.DateField(allow_null=True)
    late_minutes = serializers.IntegerField()
    moved_end = serializers.DateField(allow_null=True)
    faster_hours = serializers.IntegerField(allow_null=True)
    minutes = serializers.ListField(child=serializers.IntegerField(), min_length=7, max_length=7)
    days_off = serializers.ListField(child=serializers.DateField())
    pieces = PieceOut(many=True)


class PlanView(APIView):
    """The plan of the path opened last, or of ``?path=``."""

    @extend_schema(
        responses=PlanOut,
        operation_id="me_plan",
        parameters=[
            OpenApiParameter("path", str, description="A path's slug; by default the one opened last.")
        ],
    )
    def get(self, request: Request) -> Response:
        """What to do on which day, and how the learner stands to it."""
        user = person(request)
        return Response(PlanOut(_shown(user, request.query_params.get("path", ""))).data)


def _shown(user: User, slug: str) -> dict[str, Any]:
    mine = plan_queries.plan_of(user, slug)
    pace = plan_queries.pace_of(mine)
    return {
        "path": mine.path.slug,
        "title": mine.path.content.title,
        "timezone": str(mine.zone),
        "today": mine.today,
        "starts_on": mine.terms.starts_on,
        "ends_on": pace.ends_on,
        "late_minutes": pace.late_minutes,
        "moved_end": pace.moved_end,
        "faster_hours": pace.faster,
        "minutes": mine.terms.minutes,
        "days_off": sorted(mine.terms.days_off),
        "pieces": [_piece(plan_pages.row_of(mine, piece)) for piece in mine.schedule.pieces],
    }


def _piece(row: plan_pages.PieceRow) -> dict[str, Any]:
    piece, entry = row.piece, row.entry
    numbers = {"day": piece.day, "minutes": piece.minutes, "part": piece.part, "parts": piece.parts}
    words = {"kind": entry.kind, "slug": entry.slug, "title": entry.title, "written": entry.written}
    return {**numbers, **words, "state": row.state, "url": row.url}


urlpatterns = [path("me/plan", PlanView.as_view(), name="api-plan")]
