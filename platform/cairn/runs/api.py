"""Runs by API: state, report and events, for their owner and those who may read their work."""

import uuid
from typing import Any

from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cairn.runs import queries
from cairn.runs.models import Run

PAGE = 500  # events in one answer


class RunOut(serializers.ModelSerializer[Run]):
    """A run. ``report`` is null until it has ended.

    While it waits, ``position`` is its place in the queue, and ``expected_seconds`` says when it starts at
    the latest, if runs take as long as the last ones did; null where nothing tells.
    """

    position = serializers.SerializerMethodField()
    expected_seconds = serializers.SerializerMethodField()

    class Meta:
        model = Run
        fields = (
            *(
                "id",
                "title",
                "kind",
                "queue",
                "state",
                "position",
                "expected_seconds",
                "tries",
                "cancel_asked",
                "last_seq",
            ),
            *("verdict", "score", "tests_passed", "tests_total", "report", "content_hash"),
            *("created_at", "started_at", "finished_at"),
        )
        read_only_fields = fields

    def get_position(self, run: Run) -> int | None:
        """Place in the queue, 1 for the next."""
        return queries.position(run)

    def get_expected_seconds(self, run: Run) -> float | None:
        """Seconds until it starts."""
        return queries.expected_wait(run, queries.position(run))


class EventOut(serializers.Serializer[Any]):
    """One event; ``data`` has a ``kind`` of phase, output, test or metric."""

    seq = serializers.IntegerField()
    data = serializers.JSONField()  # type: ignore[assignment]


class EventsOut(serializers.Serializer[Any]):
    """Events in order, with the run's state before they were read. ``more`` asks for another page."""

    state = serializers.CharField()
    verdict = serializers.CharField()
    events = EventOut(many=True)
    more = serializers.BooleanField()


class RunView(APIView):
    """One run."""

    @extend_schema(responses=RunOut, operation_id="run")
    def get(self, request: Request, run_id: uuid.UUID) -> Response:
        """State, verdict and report."""
        return Response(RunOut(queries.access_run(request.user, run_id)).data)


class EventsView(APIView):
    """The events of one run."""

    @extend_schema(
        responses=EventsOut, operation_id="run_events", parameters=[OpenApiParameter("after", int, default=0)]
    )
    def get(self, request: Request, run_id: uuid.UUID) -> Response:
        """What happened after event ``after``, 500 at most."""
        run = queries.access_run(request.user, run_id)
        after = serializers.IntegerField(min_value=0, max_value=2**31 - 1).run_validation(
            request.query_params.get("after", 0)
        )
        events = queries.events_after(run.pk, after, limit=PAGE + 1)
        answer = {
            "state": run.state,
            "verdict": run.verdict,
            "events": events[:PAGE],
            "more": len(events) > PAGE,
        }
        return Response(answer)


urlpatterns = [
    path("runs/<uuid:run_id>", RunView.as_view(), name="api-run"),
    path("runs/<uuid:run_id>/events", EventsView.as_view(), name="api-run-events"),
]
